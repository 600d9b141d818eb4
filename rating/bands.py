"""Hours and days with a price of their own.

Rule 1: the band of the moment of answer holds for the whole connection (S-6); bands change at whole minutes.
"""

from dataclasses import dataclass
from enum import Enum

from rating.calendar import DaysOff, day_of, minute_of_day
from rating.money import Money, share


class Days(Enum):
    ALL = "all"
    WORKING = "working"
    OFF = "off"  # weekends and holidays
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK = (
    Days.MONDAY,
    Days.TUESDAY,
    Days.WEDNESDAY,
    Days.THURSDAY,
    Days.FRIDAY,
    Days.SATURDAY,
    Days.SUNDAY,
)


@dataclass(frozen=True, slots=True)
class Band:
    """`until` before `begin` goes over midnight; the day is that of the moment itself."""

    name: str
    begin_minute: int
    until_minute: int
    days: frozenset[Days]
    percent: int  # of the deck's price, half up to a kopeck
    rule: str

    def fits(self, at_ms: int, days_off: DaysOff) -> bool:
        minute = minute_of_day(at_ms)
        if self.begin_minute < self.until_minute:
            is_hour = self.begin_minute <= minute < self.until_minute
        else:
            is_hour = minute >= self.begin_minute or minute < self.until_minute
        return is_hour and self._fits_day(at_ms, days_off)

    def price(self, price: Money) -> Money:
        return share(price, self.percent, 100)

    def _fits_day(self, at_ms: int, days_off: DaysOff) -> bool:
        if Days.ALL in self.days:
            return True
        day = day_of(at_ms)
        kind = Days.OFF if days_off.is_off(day) else Days.WORKING
        return kind in self.days or _WEEK[day.weekday()] in self.days
