"""Choose by the day and the hour where the subscriber is.

Rule 1: the first rule that fits has the way; a rule fits when all that it names does.
Rule 2: holidays and moved working days are Russia's (`dialplan/days/russia.py`).
"""

from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from dialplan.days.russia import is_holiday, is_off
from dialplan.days.writing import Dates, Days, Hours, read_dates, read_days, read_hours
from dialplan.days.zones import ZoneName, local_time
from dialplan.facts import Facts
from dialplan.node import Crossing, Exit, given
from dialplan.several import ONE_OR_SEVERAL, few
from dialplan.targets import Part

RULES_MAX = 100
LIST_MAX = 100


class Kind(Enum):
    WORKING = "working"
    OFF = "off"  # weekends and holidays
    HOLIDAY = "holiday"

    def is_kind_of(self, day: date) -> bool:
        if self is Kind.HOLIDAY:
            return is_holiday(day)
        return is_off(day) is (self is Kind.OFF)


OneHours = Annotated[Hours, PlainValidator(read_hours)]
OneDates = Annotated[Dates, PlainValidator(read_dates)]
OneDays = Annotated[Days, PlainValidator(read_days)]


class TimeRule(Part):
    days: Annotated[tuple[OneDays, ...], Field(max_length=7), ONE_OR_SEVERAL] = ()
    dates: Annotated[tuple[OneDates, ...], Field(max_length=LIST_MAX), ONE_OR_SEVERAL] = ()
    calendar: Kind | None = None
    hours: Annotated[tuple[OneHours, ...], Field(max_length=LIST_MAX), ONE_OR_SEVERAL] = ()
    go: str

    @model_validator(mode="after")
    def _asks_something(self) -> "TimeRule":
        if not (self.days or self.dates or self.calendar or self.hours):
            raise ValueError("give `days`, `dates`, `calendar`, `hours` or several")
        return self

    def __str__(self) -> str:
        calendar = f"{self.calendar.value} days" if self.calendar else ""
        parts = [few(map(str, part)) for part in (self.days, self.dates, self.hours)]
        return " ".join(part for part in (*parts[:2], calendar, parts[2]) if part)

    def fits(self, day: date, minute: int) -> bool:
        if not self.hours:
            return self._fits_day(day)
        begun = (hours.begun_on(day, minute) for hours in self.hours)
        return any(of is not None and self._fits_day(of) for of in begun)

    def _fits_day(self, day: date) -> bool:
        return (
            (not self.days or any(days.hold(day) for days in self.days))
            and (not self.dates or any(dates.hold(day) for dates in self.dates))
            and (self.calendar is None or self.calendar.is_kind_of(day))
        )


class Schedule(Crossing):
    kind: Literal["schedule"]
    zone: ZoneName = "Europe/Moscow"
    rules: Annotated[list[TimeRule], Field(min_length=1, max_length=RULES_MAX)]
    otherwise: str

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("rules", index, "go"), rule.go) for index, rule in enumerate(self.rules))
        yield from given({"otherwise": self.otherwise})

    def summary(self) -> str:
        return self.zone.rpartition("/")[2]

    def label(self, exit: Exit) -> str:
        match exit.field:
            case ("rules", int(place), _):
                return str(self.rules[place])
        return super().label(exit)

    def way(self, facts: Facts) -> str:
        day, minute = local_time(facts.at_ms, self.zone)
        return next((rule.go for rule in self.rules if rule.fits(day, minute)), self.otherwise)
