"""Which number belongs to whom and where its scheme leads; which plan asks which price."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialplan.scheme import Scheme
from rating.ledger import Account
from rating.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Number:
    e164: str
    account_id: str
    scheme: Scheme


class Directory:
    def __init__(self, profiles: Mapping[str, Mapping[str, Tariff]]) -> None:
        self._profiles = profiles
        self._numbers: dict[str, Number] = {}

    def add(self, number: Number) -> None:
        self._numbers[number.e164] = number

    def number(self, e164: str) -> Number | None:
        return self._numbers.get(e164)

    def numbers(self) -> Iterator[Number]:
        return iter(self._numbers.values())

    def tariff(self, account: Account) -> Tariff | None:
        return self._profiles.get(account.profile, {}).get(account.plan)

    @property
    def profiles(self) -> Mapping[str, Mapping[str, Tariff]]:
        return self._profiles
