"""Guards as people write them: in a profile, and of an account's own.

Rule 1: hours are of a clock, `22:00`; a zone is its distance from Greenwich, `+07:00`.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from rating.guards import Guards
from rating.reading.fault import show
from rating.watch import NEW_CALLS_MAX

ZONES: Final = range(-12 * 60, 14 * 60 + 1)
ALWAYS_NIGHT: Final = "the night begins and ends at the same time: for the whole day write 00:00 and 24:00"


def minutes_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def clock_of(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def zone_minutes(text: str) -> int:
    """Raises ValueError when it is none."""
    sign, clock = text[:1], text[1:]
    hours, _, minutes = clock.partition(":")
    if sign in ("+", "-") and len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal():
        distance = minutes_of(clock) * (-1 if sign == "-" else 1)
        if int(minutes) < 60 and distance in ZONES:
            return distance
    raise ValueError(f"{show(text)} is no zone: write +03:00 for Moscow")


def zone_of(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{clock_of(abs(minutes))}"


def _zone(text: str) -> str:
    zone_minutes(text)
    return text


CallsAtOnce = Annotated[int, Field(ge=0, le=100_000)]
CallsAMinute = Annotated[int, Field(ge=0, le=100_000)]
NewCalls = Annotated[int, Field(ge=0, le=NEW_CALLS_MAX)]
NewAfterDays = Annotated[int, Field(ge=1, le=365)]
Zone = Annotated[str, AfterValidator(_zone)]

# How a word of people is called among Guards, when it is another, and how it is written.
FIELDS: Final = {
    "calls_at_once": "calls_at_once",
    "calls_a_minute": "calls_a_minute",
    "money_an_hour_kopecks": "money_an_hour",
    "night_price_kopecks": "night_price",
    "night_begin": "night_begin",
    "night_until": "night_until",
    "zone": "zone",
    "new_after_days": "new_after_days",
    "new_price_kopecks": "new_price",
    "new_calls_a_day": "new_calls_a_day",
    "new_money_a_day_kopecks": "new_money_a_day",
}
_READ: Final[Mapping[str, Callable[[str], int]]] = {
    "night_begin": minutes_of,
    "night_until": minutes_of,
    "zone": zone_minutes,
}
_SHOW: Final[Mapping[str, Callable[[int], str]]] = {
    "night_begin": clock_of,
    "night_until": clock_of,
    "zone": zone_of,
}


def guards_of(said: Mapping[str, int | str]) -> Guards:
    return Guards().over({FIELDS[word]: value_of(word, told) for word, told in said.items()})


def value_of(word: str, written: int | str) -> int:
    return _READ[word](written) if isinstance(written, str) else written


def written(guards: Guards) -> dict[str, int | str | None]:
    """None: off."""
    values = {word: getattr(guards, field) for word, field in FIELDS.items()}
    return {word: show_value(word, value) for word, value in values.items()}


def show_value(word: str, value: int | None) -> int | str | None:
    return _SHOW[word](value) if value is not None and word in _SHOW else value
