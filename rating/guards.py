"""What an account may do at most in a short time, so that a stolen secret cannot spend all its money.

Rule 1: a guard refuses only what costs money and goes outside: never an emergency call, never a free one,
    never the way in to a number of the subscriber's own.
Rule 2: None: that guard is off. What a talk costs that has begun is refused to nobody.
Rule 3: nights are those of the account's own zone; new destinations go by Moscow's days (S-2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from rating.calendar import DAY_MS, MINUTE_MS
from rating.money import ZERO, Money

MOSCOW_MINUTES: Final = 180


@dataclass(frozen=True, slots=True)
class Guards:
    calls_at_once: int | None = None
    calls_a_minute: int | None = None
    money_an_hour: Money | None = None  # with what running calls hold
    night_price: Money | None = None  # a minute; what is dearer is not sold at night
    night_begin: int = 22 * 60  # minutes of the day
    night_until: int = 7 * 60
    zone: int = MOSCOW_MINUTES  # east of Greenwich; Russia knows no summer time
    new_after_days: int = 90  # a destination that nobody talked to for so long is new again
    new_price: Money = ZERO  # a minute; cheaper destinations are never new
    new_calls_a_day: int | None = None  # to all new destinations together
    new_money_a_day: Money | None = None

    def over(self, own: Mapping[str, int | None]) -> "Guards":
        """These, but for what an account has of its own."""
        return replace(self, **own) if own else self  # type: ignore[arg-type]

    def is_night(self, at_ms: int) -> bool:
        minute = (at_ms + self.zone * MINUTE_MS) % DAY_MS // MINUTE_MS
        if self.night_begin < self.night_until:
            return self.night_begin <= minute < self.night_until
        return minute >= self.night_begin or minute < self.night_until

    @property
    def watches_new(self) -> bool:
        return self.new_calls_a_day is not None or self.new_money_a_day is not None


NO_GUARDS: Final = Guards()
FIELDS: Final = frozenset(field.name for field in fields(Guards))
# Those that can be off.
LIMITS: Final = frozenset(name for name in FIELDS if getattr(NO_GUARDS, name) is None)


def known_guards(own: Mapping[str, int | None]) -> Mapping[str, int | None]:
    """Raises ValueError when these are none."""
    for name, value in own.items():
        if name not in FIELDS or (value is None and name not in LIMITS):
            raise ValueError(f"there is no guard {name!r} that is {value}")
    return own
