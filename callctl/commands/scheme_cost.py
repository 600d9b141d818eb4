"""What the connections of a scheme that is tried out would cost, by the code of `callctl tariff quote`.

Rule 1: without a plan nothing is known of money, and only the state of the account forbids.
Rule 2: the caller's way in is paid from the first word that he hears, when the called side pays for it.
"""

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass

from callctl.calls.money.estimate import Asked, NoPrice
from callctl.commands.scheme_check import profile_of
from callctl.commands.tariff_quote import estimate
from dialplan.facts import Standing
from dialplan.numbers import EMERGENCY
from dialplan.steps import Ask, Hears, Play, Queue, TakeMessage
from dialplan.targets import Outside, Target
from dialplan.trial import Stepped, Talked
from rating.deck import Unsold
from rating.money import Money
from rating.profile import Profile
from rating.refusal import Refusal
from rating.tariff import Rate, Side


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one connection; `refused` says why it has no price."""

    to: str
    at_ms: int
    seconds: int
    kopecks: int = 0
    destination: str = ""
    tariff: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    profile: Profile | None
    plan: str
    caller: str
    line: str
    balance: Money
    standing: Standing

    def forbids(self, target: Target, at_ms: int) -> str | None:
        """Why it would not be rung."""
        if not isinstance(target, Outside) or target.number in EMERGENCY:
            return None
        rate = self._rate(target.number, at_ms)
        if self.standing is not Standing.ACTIVE:
            is_free = isinstance(rate, Rate) and rate.is_free
            return None if is_free and self.standing is Standing.SUSPENDED_PARTIAL else self.standing.value
        if self.profile is None:
            return None
        if rate is None:
            return Refusal.NO_PRICE.value
        if isinstance(rate, Unsold):
            return rate.kind
        return Refusal.NOT_ENOUGH.value if rate.first_need > self.balance else None

    def costs(self, happened: Iterable[object], end_ms: int) -> list[Cost]:
        """Of each connection that came about, the way in first."""
        if self.profile is None:
            return []
        steps = [one for one in happened if isinstance(one, Stepped)]
        heard = [one.at_ms for one in steps if _hears(one)]
        found = [self._way_in(heard[0], end_ms)] if heard and self._is_paid_by_called(heard[0]) else []
        for one in steps:
            match one.outcome:
                case Talked(Outside(number), seconds):
                    found.append(self._cost(number, one.at_ms, seconds))
        return found

    def _way_in(self, begin_ms: int, end_ms: int) -> Cost:
        return self._cost(self.line, begin_ms, max(1, (end_ms - begin_ms) // 1000))

    def _cost(self, number: str, at_ms: int, seconds: int) -> Cost:
        assert self.profile
        found = estimate(
            self.profile, self.plan, Asked(self.caller, number, self.line or number, at_ms, seconds), 0
        )
        if isinstance(found, NoPrice):
            return Cost(number, at_ms, seconds, refused=found.kind)
        rate = found.rate
        destination, tariff = (rate.destination, rate.terms.tariff) if rate else ("emergency", "")
        return Cost(number, at_ms, found.charge.seconds, found.charge.amount, destination, tariff)

    def _rate(self, number: str, at_ms: int) -> Rate | Unsold | None:
        version = self.profile.plans[self.plan].version_at(at_ms) if self.profile else None
        return version.rate(Side.OUTGOING, self.caller, number, at_ms) if version else None

    def _is_paid_by_called(self, at_ms: int) -> bool:
        version = self.profile.plans[self.plan].version_at(at_ms) if self.profile else None
        return bool(self.line and version and version.is_paid_by_called(self.line))


def prices_of(options: Namespace, balance: Money, standing: Standing) -> Prices:
    profile = profile_of(options)
    return Prices(profile, options.plan or "", options.caller, options.line or "", balance, standing)


def _hears(one: Stepped) -> bool:
    """Whether the caller is answered for it."""
    if isinstance(one.step, Play):
        return not one.step.early
    if isinstance(one.step, Queue) and one.step.hears is Hears.MUSIC:
        return True
    return isinstance(one.outcome, Talked) or isinstance(one.step, Ask | TakeMessage)
