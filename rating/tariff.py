"""What a plan asks for a connection: rates by longest prefix of the dialled number.

Rule 1: the longest prefix wins, whatever the order the rates came in.
Rule 2: a number without a rate is not sold; it is not free.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rating.money import Money


@dataclass(frozen=True, slots=True)
class Rate:
    """The terms of one connection, as they are held, charged and stored with the bill."""

    tariff: str  # profile/plan@version: says whose price this is
    destination: str
    prefix: str
    unit_s: int
    unit_price: Money
    setup_fee: Money
    threshold_s: int  # a connection shorter than this costs nothing (S-4)

    @property
    def unit_ms(self) -> int:
        return self.unit_s * 1000

    @property
    def first_price(self) -> Money:
        """What must be secured before the leg is placed."""
        return Money(self.setup_fee + self.unit_price)


class Tariff:
    """The rates of one plan in one version."""

    def __init__(self, name: str, rates: Iterable[Rate]) -> None:
        self.name = name
        self._by_prefix = {rate.prefix: rate for rate in rates}
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def rate_for(self, number: str) -> Rate | None:
        for length in self._lengths:
            if rate := self._by_prefix.get(number[:length]):
                return rate
        return None
