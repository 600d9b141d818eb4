"""What a check may know of the subscriber whose scheme it is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Sale(Enum):
    """What the subscriber's plan says of a number outside."""

    SOLD = "sold"
    PREMIUM = "premium"  # sold, and dear
    UNPRICED = "unpriced"
    NOT_SOLD = "not_sold"
    BARRED = "barred"  # by the subscriber


def always_sold(number: str) -> Sale:
    return Sale.SOLD


# Paid services (8-809, +979), satellite telephones (+870, +881), international networks (+882, +883).
PREMIUM = ("7809", "979", "870", "881", "882", "883")


@dataclass(frozen=True, slots=True)
class Known:
    """None: it is not known, so nothing is said of it."""

    number: str | None = None  # the one the scheme is for
    numbers: frozenset[str] = frozenset()  # all of the subscriber's own
    seats: frozenset[str] | None = None
    sounds: frozenset[str] | None = None  # the names of the prompts
    sale: Callable[[str], Sale] = always_sold
    premium: tuple[str, ...] = PREMIUM  # what numbers that are dear begin with
