"""Hours, weekdays and dates as a scheme writes them.

Rule 1: hours begin with their first minute and end before their last: 09:00-18:00 is over at 18:00:00.
Rule 2: hours that go over midnight are of the day on which they begin: Friday's 22:00-06:00 ends on Saturday.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dialplan.days.zones import DAY_MINUTES

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_HOURS = re.compile(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)")
# A leap year, so that 29 February is a date of every year.
_SOME_YEAR = "2024-"
_DATE = re.compile(r"(?:\d{4}-)?\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Hours:
    begin_minute: int
    until_minute: int

    def __str__(self) -> str:
        return "-".join(f"{m // 60:02}:{m % 60:02}" for m in (self.begin_minute, self.until_minute))

    def begun_on(self, day: date, minute: int) -> date | None:
        """The day to which this minute's hours belong; None outside them."""
        if self.begin_minute < self.until_minute:
            return day if self.begin_minute <= minute < self.until_minute else None
        if minute >= self.begin_minute:
            return day
        return day - _DAY if minute < self.until_minute else None


@dataclass(frozen=True, slots=True)
class Days:
    """Of the week, Monday is 0: from the first to the last, both counted."""

    first: int
    last: int

    def __str__(self) -> str:
        ends = WEEKDAYS[self.first], WEEKDAYS[self.last]
        return "-".join(ends) if self.first != self.last else ends[0]

    def hold(self, day: date) -> bool:
        return (day.weekday() - self.first) % 7 <= (self.last - self.first) % 7


@dataclass(frozen=True, slots=True)
class Dates:
    """From the first to the last, both counted: with a year, or (shorter) of every year."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first}..{self.last}" if self.first != self.last else self.first

    def hold(self, day: date) -> bool:
        text = day.isoformat()[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= text <= self.last
        return text >= self.first or text <= self.last


def read_hours(text: object) -> Hours:
    match = _HOURS.fullmatch(str(text).replace(" ", ""))
    if match is None:
        raise ValueError("not hours like 09:00-18:00")
    begin, until = (_minute(int(match[i]), int(match[i + 1])) for i in (1, 3))
    if begin == until:
        raise ValueError("begin and end are the same; without `hours` it is the whole day")
    if begin == DAY_MINUTES:
        raise ValueError("hours begin at 24:00: write 00:00")
    return Hours(begin, until)


def _minute(hour: int, minute: int) -> int:
    in_day = hour * 60 + minute
    if minute > 59 or in_day > DAY_MINUTES:
        raise ValueError(f"there is no {hour:02}:{minute:02}")
    return in_day


def read_days(text: object) -> Days:
    """`fri` or `mon-fri`; `sat-mon` goes over the week's end."""
    names = str(text).replace(" ", "").split("-")
    if len(names) > 2 or not all(name in WEEKDAYS for name in names):
        raise ValueError(f"not a day or a span of days like mon-fri ({', '.join(WEEKDAYS)})")
    return Days(WEEKDAYS.index(names[0]), WEEKDAYS.index(names[-1]))


def read_dates(text: object) -> Dates:
    """`2026-12-31`, `12-31` of every year, or a span of either with `..` between."""
    ends = str(text).replace(" ", "").split("..")
    if len(ends) > 2 or len({len(end) for end in ends}) > 1:
        raise ValueError("not dates like 2026-12-31, 12-31 or 2026-12-31..2027-01-08")
    for end in ends:
        _assert_date(end)
    first, last = ends[0], ends[-1]
    if first > last and len(first) == len("2026-12-31"):
        raise ValueError(f"{last} is before {first}")
    return Dates(first, last)


def _assert_date(text: str) -> None:
    if not _DATE.fullmatch(text):
        raise ValueError("not a date like 2026-12-31 or 12-31")
    try:
        date.fromisoformat(text if len(text) > 5 else _SOME_YEAR + text)
    except ValueError:
        raise ValueError(f"there is no {text}") from None
