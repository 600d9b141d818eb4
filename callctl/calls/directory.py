"""Which number belongs to whom and where its scheme leads; which plans ask which prices."""

from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.scheme import Scheme
from rating.profile import Tariffs


@dataclass(frozen=True, slots=True)
class Number:
    e164: str
    account_id: str
    scheme: Scheme
    scheme_version: int = 0


class Directory:
    def __init__(self, tariffs: Tariffs) -> None:
        self.tariffs = tariffs
        self._numbers: dict[str, Number] = {}

    def add(self, number: Number) -> None:
        self._numbers[number.e164] = number

    def number(self, e164: str) -> Number | None:
        return self._numbers.get(e164)

    def numbers(self) -> Iterator[Number]:
        return iter(self._numbers.values())
