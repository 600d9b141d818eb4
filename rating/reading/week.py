"""Which band holds when, over all minutes of all kinds of days.

Rule 1: any day of the week may be worked or off: the table of days off may say so at any time.
"""

from collections.abc import Sequence
from typing import Final

from rating.bands import Band, Days

MINUTES: Final = 24 * 60
DayKind = tuple[int, bool]  # day of the week from Monday = 0, and whether it is off
DAY_KINDS: Final[tuple[DayKind, ...]] = tuple((day, is_off) for day in range(7) for is_off in (False, True))
# From Monday on, as Python counts.
_WEEK: Final = (
    *(Days.MONDAY, Days.TUESDAY, Days.WEDNESDAY, Days.THURSDAY, Days.FRIDAY),
    *(Days.SATURDAY, Days.SUNDAY),
)


def bands_of(bands: Sequence[Band], kind: DayKind) -> list[Band | None]:
    """Of each minute of such a day: the first band that fits."""
    found: list[Band | None] = [None] * MINUTES
    for band in reversed(bands):
        if _is_day(band, kind):
            for minute in _minutes(band):
                found[minute] = band
    return found


def bands_never(bands: Sequence[Band]) -> list[int]:
    """The places of those that others hide at all times."""
    if not bands:
        return []
    seen = {id(band) for kind in DAY_KINDS for band in bands_of(bands, kind)}
    return [place for place, band in enumerate(bands) if id(band) not in seen]


def percents(bands: Sequence[Band], kind: DayKind) -> list[int]:
    """Of each minute of such a day."""
    return [band.percent if band else 100 for band in bands_of(bands, kind)]


def _is_day(band: Band, kind: DayKind) -> bool:
    day, is_off = kind
    return bool(band.days & {Days.ALL, Days.OFF if is_off else Days.WORKING, _WEEK[day]})


def _minutes(band: Band) -> list[int]:
    if band.begin_minute < band.until_minute:
        return list(range(band.begin_minute, band.until_minute))
    return [*range(band.until_minute), *range(band.begin_minute, MINUTES)]
