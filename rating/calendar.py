"""Moscow's days and months, and the days on which Russia does not work.

Rule 1: days, months and "the first of the month" are Moscow's, which knows no summer time (S-2).
Rule 2: working days are a table of data, never computed (S-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

MOSCOW: Final = timezone(timedelta(hours=3), "MSK")
DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
_MOSCOW_LATER_MS: Final = 3 * 3_600_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
SATURDAY: Final = 5


def day_of(at_ms: int) -> date:
    return date.fromordinal(_EPOCH + (at_ms + _MOSCOW_LATER_MS) // DAY_MS)


def month_of(at_ms: int) -> str:
    """`2026-11`."""
    return _month((at_ms + _MOSCOW_LATER_MS) // DAY_MS)


@lru_cache(maxsize=1_000)
def _month(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()[:7]


def minute_of_day(at_ms: int) -> int:
    return (at_ms + _MOSCOW_LATER_MS) % DAY_MS // MINUTE_MS


def begin_of(day: date) -> int:
    """Milliseconds of its midnight."""
    return (day.toordinal() - _EPOCH) * DAY_MS - _MOSCOW_LATER_MS


def bounds_of(month: str) -> tuple[int, int]:
    """When the month begins, and when the next one does."""
    first = date.fromisoformat(f"{month}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return begin_of(first), begin_of(after)


def moment_of(at: datetime | date) -> int:
    """A date is its midnight; a time without a zone is Moscow's."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time(), MOSCOW)
    since = at.replace(tzinfo=at.tzinfo or MOSCOW) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1)


def earliest_effect(published: date, full_days: int) -> date:
    """The first day that may differ when so many full days must lie between (S-12)."""
    return published + timedelta(days=full_days + 1)


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Which days are not worked: weekends and the exceptions of a table."""

    exceptions: Mapping[date, bool]  # True: a day off; False: a weekend's day that is worked

    def before(self, end: date) -> "DaysOff":
        return DaysOff({day: off for day, off in self.exceptions.items() if day < end})

    def is_off(self, day: date) -> bool:
        off = self.exceptions.get(day)
        return day.weekday() >= SATURDAY if off is None else off
