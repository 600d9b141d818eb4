"""Numbers in Russian: which words, in which form.

Rule 1: one and two agree with what is counted (один рубль, одна минута); so do the thousands' own.
Rule 2: what is counted stands in the form of 1 (21, 101 рубль), of 2 to 4 (23 рубля) or of the rest
    (5, 11, 112 рублей).
"""

from enum import Enum
from typing import Final


class Gender(Enum):
    """The words for one and two."""

    MASCULINE = ("digits/1", "digits/2")
    FEMININE = ("digits/1f", "digits/2f")
    NEUTER = ("digits/1n", "digits/2")


FORMS: Final = ("one", "few", "many")
GENDERS: Final = {
    "roubles": Gender.MASCULINE,
    "kopecks": Gender.FEMININE,
    "minutes": Gender.FEMININE,
    "thousands": Gender.FEMININE,
    "millions": Gender.MASCULINE,
    "billions": Gender.MASCULINE,
}
_SCALES: Final = ((10**9, "billions"), (10**6, "millions"), (10**3, "thousands"))


def plural_form(number: int) -> int:
    """Index of the form: 0 for 1, 21, 101; 1 for 2, 23; 2 for 5, 11, 12, 111."""
    if number % 100 // 10 == 1:
        return 2
    return (2, 0, 1, 1, 1, 2, 2, 2, 2, 2)[number % 10]


def number(value: int, gender: Gender = Gender.MASCULINE) -> list[str]:
    words = []
    rest = value
    for scale, noun in _SCALES:
        many, rest = divmod(rest, scale)
        if many:
            words += counted(many, noun)
    return [*words, *_below_thousand(rest, gender)] if rest or not words else words


def counted(value: int, noun: str) -> list[str]:
    return [*number(value, GENDERS[noun]), f"{noun}/{FORMS[plural_form(value)]}"]


def _below_thousand(value: int, gender: Gender) -> list[str]:
    hundreds, rest = divmod(value, 100)
    words = [f"digits/{hundreds}00"] if hundreds else []
    if rest >= 20:
        words.append(f"digits/{rest // 10}0")
        rest %= 10
    if rest in (1, 2):
        words.append(gender.value[rest - 1])
    elif rest or not value:
        words.append(f"digits/{rest}")
    return words
