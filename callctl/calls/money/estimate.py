"""What a connection would cost, by the same ledger and meter that charge a real one.

Rule 1: the money is without end, so that only what a plan sells decides; gift minutes are as many as the
    plan gives a month, or as told.
Rule 2: connections of one account are priced in the order of their answers, as they share its gift minutes.
"""

from dataclasses import dataclass

from callctl.calls.money.meter import Meter
from dialplan.numbers import EMERGENCY
from rating.calendar import month_of
from rating.charge import Charge, charge_nothing
from rating.deck import Unsold
from rating.funds import OwnFunds
from rating.ledger import Account, Ledger
from rating.money import MONEY_MAX, ZERO
from rating.pots import gift_pot
from rating.profile import Tariffs
from rating.quote import Quote, fund
from rating.refusal import Refusal
from rating.tariff import Rate, Side, Version


@dataclass(frozen=True, slots=True)
class Asked:
    """A connection as it was, or might be; `line` is the subscriber's number on which it came or goes."""

    caller: str
    called: str
    line: str
    answered_ms: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Estimate:
    charge: Charge
    rate: Rate | None  # None: emergency
    is_cut: bool = False  # longer than the operator lets it be; priced up to there


@dataclass(frozen=True, slots=True)
class NoPrice:
    kind: str  # a Refusal, or why a deck does not sell the number: premium_rate, …


class Estimator:
    def __init__(self, tariffs: Tariffs) -> None:
        self._tariffs = tariffs
        self._ledger = Ledger()
        self._priced = 0

    def account(self, account_id: str, profile: str, plan: str) -> Account:
        """One for each plan that it had."""
        place = f"{account_id} {profile}/{plan}"
        if known := self._ledger.account(place):
            return known
        account = Account(place, profile, plan, ZERO, OwnFunds(credit=MONEY_MAX))
        fund(account, self._tariffs)
        self._ledger.open(account)
        return account

    def leave_gift(self, account: Account, at_ms: int, seconds: int) -> None:
        """From now on so much is left of the month's gift."""
        plan = self._tariffs.plan(account.profile, account.plan)
        month = month_of(at_ms)
        if plan and (granted := plan.gift_s(month)):
            pot = account.pot(gift_pot(month))
            pot.granted, pot.moved = granted, seconds - granted

    def price(self, account: Account, asked: Asked) -> Estimate | NoPrice:
        if asked.called in EMERGENCY:
            return Estimate(charge_nothing("emergency", "S-13", asked.seconds), None)
        at_ms = asked.answered_ms
        version = self._version(account, at_ms)
        if version is None:
            return NoPrice(Refusal.NO_PLAN.value)
        is_incoming = asked.called == asked.line and version.is_paid_by_called(asked.line)
        side = Side.INCOMING if is_incoming else Side.OUTGOING
        rate = version.rate(side, asked.caller, asked.called, at_ms)
        if rate is None:
            return NoPrice(Refusal.NO_PRICE.value)
        if isinstance(rate, Unsold):
            return NoPrice(rate.kind)
        quote = Quote(self._tariffs, account, side, asked.caller, asked.called, asked.line)
        self._priced += 1
        meter = Meter.open_at(self._ledger, str(self._priced), quote, rate, at_ms)
        assert isinstance(meter, Meter), (meter, asked)
        seconds = min(asked.seconds, rate.terms.longest_s or asked.seconds)
        charge, _ = meter.charge_as_talked(seconds, at_ms + seconds * 1000)
        return Estimate(charge, rate, is_cut=seconds < asked.seconds)

    def _version(self, account: Account, at_ms: int) -> Version | None:
        plan = self._tariffs.plan(account.profile, account.plan)
        return plan.version_at(at_ms) if plan else None
