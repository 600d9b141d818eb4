"""Telephone numbers as digits of E.164, the way Moscow writes them.

Rule 1: inside the system a number is digits with its country code; `8` and `8-10` are habits of the keyboard.
"""

import re

# S-13: always routed, never authorised, never charged. 01-04 are the old names of 101-104.
EMERGENCY = frozenset({"112", "101", "102", "103", "104", "01", "02", "03", "04"})

_PUNCTUATION = re.compile(r"[\s()\-.]")
_E164 = re.compile(r"[1-9]\d{6,14}")
_RUSSIAN_DIGITS = 11


def normal_number(text: str) -> str | None:
    """`+7 (916) 111-00-02`, `8 916 1110002`, `8 10 49 30 …` as digits; None when it is no number."""
    bare = _PUNCTUATION.sub("", text)
    if bare in EMERGENCY:
        return bare
    international = bare.startswith("+")
    digits = bare.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if not international:
        if digits.startswith("810"):
            digits = digits[3:]
        elif digits.startswith("8") and len(digits) == _RUSSIAN_DIGITS:
            digits = "7" + digits[1:]
    return digits if _E164.fullmatch(digits) else None
