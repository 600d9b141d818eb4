"""What a secret must be that a person chose (MANGO-22.1); those that we make are better, and asked nothing.

Rule 1: a complaint never has the secret in it.
"""

import re
from collections.abc import Iterable, Iterator
from string import punctuation
from typing import Final

LENGTH_MIN: Final = 10
LENGTH_MAX: Final = 64
TOLD_MIN: Final = 4  # signs; what is shorter stands in many secrets by chance
# Words and rows of keys that are tried first; whole dictionaries of the world are not here.
_COMMON: Final = re.compile(
    "passwor[dt]|passw0rd|p@ssw0rd|parol|secret|admin|welcome|letmein|master|monkey|dragon|qwert|asdfgh|zxcvbn|"
    "1q2w3e|12345|54321|11111|00000|abcdef|iloveyou|football|asterisk|callctl|telefon|telephone|privet|moskva|"
    "moscow|rossiya|russia|korova|lyubov|solnce"
)


def faults_of(secret: str, personal: Iterable[str]) -> Iterator[str]:
    """`personal`: names and numbers of whoever has it."""
    if not LENGTH_MIN <= len(secret) <= LENGTH_MAX:
        yield f"it must have {LENGTH_MIN} to {LENGTH_MAX} signs"
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        yield "it must be of Latin letters, digits and punctuation, without spaces"
    if secret == secret.upper() or secret == secret.lower():
        yield "it must have capital and small letters"
    if not any(sign in "0123456789" for sign in secret):
        yield "it must have a digit"
    if not any(sign in punctuation for sign in secret):
        yield "it must have a sign such as - or !"
    plain = secret.lower()
    if _COMMON.search(plain):
        yield "it has a word in it, or a row of keys, that is tried first"
    if any(part in plain for text in personal for part in _parts(text.lower())):
        yield "it has a name or number of its owner in it"


def _parts(text: str) -> Iterator[str]:
    """The whole, and each word of it; of a number also the end that is the same wherever it is dialled."""
    words = [text, *"".join(sign if sign.isalnum() else " " for sign in text).split()]
    words += [text[-7:]] if text.isdigit() else []
    yield from (word for word in words if len(word) >= TOLD_MIN)
