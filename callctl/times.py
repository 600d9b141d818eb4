"""Times and months as people and programs write them; anything else is a ValueError that says how."""

import re
from datetime import datetime

from rating.calendar import MOSCOW

YEARS = range(2000, 2200)
TIME_SUCH_AS = f"give a time such as 2026-11-05T14:30:00+03:00, of the years {YEARS[0]} to {YEARS[-1]}"

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise ValueError("give a month such as 2026-11")
    return text


def read_moment(text: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(TIME_SUCH_AS)
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"{error}: {TIME_SUCH_AS}") from None
    if at.year not in YEARS:
        raise ValueError(TIME_SUCH_AS)
    return at


def clock_time(stamp: str | None, parts: str = "seconds") -> str:
    """`12:34:56` in Moscow of an RFC 3339 time."""
    return datetime.fromisoformat(stamp).astimezone(MOSCOW).time().isoformat(parts) if stamp else ""


def date_time(stamp: str | None) -> str:
    """`2026-03-01 12:34:56` in Moscow."""
    if stamp is None:
        return ""
    return datetime.fromisoformat(stamp).astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
