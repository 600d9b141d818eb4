"""Numbers in English: which words.

Rule 1: British: `and` before the last tens and units (one thousand and five).
"""

from typing import Final

_SCALES: Final = ((10**9, "billions"), (10**6, "millions"), (10**3, "thousands"), (100, "hundreds"))


def number(value: int) -> list[str]:
    words: list[str] = []
    rest = value
    for scale, noun in _SCALES:
        many, rest = divmod(rest, scale)
        if many:
            words += [*number(many), f"{noun}/one"]
    if not words:
        return _below_hundred(rest)
    return [*words, "and", *_below_hundred(rest)] if rest else words


def counted(value: int, noun: str) -> list[str]:
    return [*number(value), f"{noun}/{'one' if value == 1 else 'many'}"]


def _below_hundred(value: int) -> list[str]:
    tens, units = divmod(value, 10)
    if value < 20:
        return [f"digits/{value}"]
    return [f"digits/{tens}0", f"digits/{units}"] if units else [f"digits/{tens}0"]
