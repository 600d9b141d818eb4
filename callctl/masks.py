"""Telephone numbers that are nobody's business, made unreadable.

Rule 1: the beginning tells the country and region, the end tells two of them apart; the rest is gone.
Rule 2: ids stay whole: Asterisk's are seconds, a dot and a count.
"""

import re

# As long as a number that somebody can be reached at, and no longer than any is; also in an address of HTTP.
_NUMBER = re.compile(r"(?:(?<![\w.])|(?<=%2[BF]))\+?\d{7,15}(?![\w.]*\d)")
BEGINNING, END = 4, 2
# What a number looks like then.
MASKED = re.compile(r"\d{4}\*+\d\d\b")


def masked(text: str) -> str:
    return _NUMBER.sub(lambda found: _hidden(found[0]), text)


def _hidden(number: str) -> str:
    beginning = BEGINNING + number.startswith("+")
    return number[:beginning] + "*" * (len(number) - beginning - END) + number[-END:]
