"""Which days Russia works.

Rule 1: the law names the holidays (Labour Code, article 112). Days off are moved by the Government, year by
    year, and by the law when a holiday is on a weekend: both are the table, nothing is computed.
Rule 2: a year that is not in the table has the law's holidays and no moved days.
"""

from datetime import date
from typing import Final

SATURDAY: Final = 5

# Month and day.
HOLIDAYS: Final = frozenset(
    {
        *((1, day) for day in range(1, 9)),  # New Year, Christmas
        (2, 23),
        (3, 8),
        (5, 1),
        (5, 9),
        (6, 12),
        (11, 4),
    }
)

# A day off, and the day that is off for it. A Saturday that is no holiday is worked then.
MOVED: Final = {
    date(2025, 1, 4): date(2025, 5, 2),
    date(2025, 1, 5): date(2025, 12, 31),
    date(2025, 2, 23): date(2025, 5, 8),
    date(2025, 3, 8): date(2025, 6, 13),
    date(2025, 11, 1): date(2025, 11, 3),
    date(2026, 1, 3): date(2026, 1, 9),
    date(2026, 1, 4): date(2026, 12, 31),
    date(2026, 3, 8): date(2026, 3, 9),
    date(2026, 5, 9): date(2026, 5, 11),
    date(2027, 1, 2): date(2027, 11, 5),
    date(2027, 1, 3): date(2027, 12, 31),
    date(2027, 2, 20): date(2027, 2, 22),
    date(2027, 5, 1): date(2027, 5, 3),
    date(2027, 5, 9): date(2027, 5, 10),
    date(2027, 6, 12): date(2027, 6, 14),
}

_OFF_FOR_ANOTHER: Final = frozenset(MOVED.values())


def is_holiday(day: date) -> bool:
    """A holiday of the law, or a weekday that is off for another day."""
    return (day.month, day.day) in HOLIDAYS or day in _OFF_FOR_ANOTHER


def is_off(day: date) -> bool:
    """A holiday, or a weekend's day that is not worked."""
    return is_holiday(day) or (day.weekday() >= SATURDAY and day not in MOVED)
