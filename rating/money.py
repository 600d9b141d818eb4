"""Money is whole kopecks in an integer; roubles exist only in what people type and read.

Rule 1: there is no float here; a share is rounded half up to a kopeck, once (S-1).
"""

import re
from typing import NewType

Money = NewType("Money", int)

ZERO = Money(0)

# A thousand million roubles: no prepaid account is near it, a slip of the keyboard is.
MONEY_MAX = Money(100_000_000_000)

_ROUBLES = re.compile(r"(?P<roubles>[0-9]{1,12})(?:[.,](?P<kopecks>[0-9]{2}))?")


def parse_roubles(text: str) -> Money | None:
    """`12`, `12.34` or `12,34`; None when it is anything else, so that nobody loses a digit."""
    match = _ROUBLES.fullmatch(text.strip())
    if match is None:
        return None
    amount = Money(int(match["roubles"]) * 100 + int(match["kopecks"] or 0))
    return amount if amount <= MONEY_MAX else None


def show_roubles(amount: int) -> str:
    """`-1234.05` for -123405 kopecks."""
    roubles, kopecks = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{roubles}.{kopecks:02}"


def share(amount: int, parts: int, whole: int) -> Money:
    """`parts` of `whole` of an amount that is not negative, half up."""
    assert amount >= 0 and parts >= 0 and whole > 0, (amount, parts, whole)
    return Money((2 * amount * parts + whole) // (2 * whole))
