"""What one connection of one account would cost, whenever it is asked, and what may pay for it.

Rule 1: prices are looked up anew each time, so that tariffs loaded meanwhile count for whoever answers later.
Rule 2: whether service has stopped is asked before what it costs (DELO-6.1.7, CLV-U4.3.2, GAZ-15.8).
"""

from dataclasses import dataclass

from rating.calendar import month_of
from rating.deck import Unsold
from rating.funds import Source, Stop
from rating.ledger import Account
from rating.pots import BALANCE, Ask, Sources, gift_pot, paid_pot
from rating.profile import Tariffs
from rating.refusal import Refusal
from rating.tariff import Rate, Side, Version


@dataclass(frozen=True, slots=True)
class Quote:
    """`line` is the subscriber's number on which the connection came or goes."""

    tariffs: Tariffs
    account: Account
    side: Side
    caller: str
    called: str
    line: str

    def admit(self, at_ms: int) -> Rate | Refusal:
        """The terms, when nothing forbids the connection."""
        rate = self.rate_at(at_ms)
        if isinstance(rate, Refusal):
            return rate
        if self.side is Side.OUTGOING and self._is_barred(rate):
            return Refusal.BARRED
        return self._stopped(rate, at_ms) or rate

    def rate_at(self, at_ms: int) -> Rate | Refusal:
        version = self._version(at_ms)
        if version is None:
            return Refusal.NO_PLAN
        rate = version.rate(self.side, self.caller, self.called, at_ms)
        if rate is None:
            return Refusal.NO_PRICE
        return Refusal.NOT_SOLD if isinstance(rate, Unsold) else rate

    def dearest(self, rate: Rate, begin_ms: int, until_ms: int) -> Rate:
        """Of all terms that an answer in this time may meet: whose first unit needs most."""
        plan = self.tariffs.plan(self.account.profile, self.account.plan)
        moments = plan.moments(begin_ms, until_ms)[1:] if plan else []
        later = [other for at_ms in moments if isinstance(other := self.rate_at(at_ms), Rate)]
        return max([rate, *later], key=lambda rate: rate.first_need)

    def sources(self, rate: Rate, at_ms: int) -> Sources:
        """The pots of the month of `at_ms`, in the order in which the plan draws on them."""
        month = month_of(at_ms)
        pots = []
        for source in self.account.funds.draws:
            match source:
                case Source.BUNDLE:
                    if rate.gift:
                        pots.append(self._gift(at_ms, month))
                case Source.POOL:
                    name = paid_pot(self.line, month)
                    if name in self.account.pots:
                        pots.append(name)
                case Source.MONEY:
                    pots.append(BALANCE)
        return Sources(tuple(pots), month, self.line)

    def _gift(self, at_ms: int, month: str) -> str:
        """What the plan of the moment grants is there from the first use on."""
        name = gift_pot(month)
        version = self._version(at_ms)
        if version and version.bundle:
            self.account.pot(name).granted = version.bundle.seconds
        return name

    def _version(self, at_ms: int) -> Version | None:
        plan = self.tariffs.plan(self.account.profile, self.account.plan)
        return plan.version_at(at_ms) if plan else None

    def _is_barred(self, rate: Rate) -> bool:
        return any(bar == rate.destination or self.called.startswith(bar) for bar in self.account.barred)

    def _stopped(self, rate: Rate, at_ms: int) -> Refusal | None:
        if refusal := stopped(self.account, self.line, at_ms):
            return refusal
        if not rate.is_free and self.account.funds.is_stopped(self.account.level_in(month_of(at_ms))):
            return Refusal.STOPPED
        return None


def fund(account: Account, tariffs: Tariffs) -> None:
    """Treat its money as its plan says now, and as it has of its own."""
    account.funds = account.own.over(tariffs.funds(account.profile, account.plan))


def stopped(account: Account, line: str, at_ms: int) -> Refusal | None:
    """Whether nothing at all is served on this number now, free calls included."""
    limit = account.limits.get(line)
    if limit and limit.is_stopped(month_of(at_ms)):
        return Refusal.NUMBER_LIMIT
    funds = account.funds
    if funds.stops is Stop.EVERYTHING and funds.is_stopped(account.level_in(month_of(at_ms))):
        return Refusal.STOPPED
    return None


def first_asks(rate: Rate) -> tuple[Ask, Ask]:
    """The set-up, which no gift pays, and the first unit."""
    return Ask(rate.terms.setup_fee), Ask(rate.first_price, rate.terms.first_s)


def next_ask(rate: Rate) -> Ask:
    return Ask(rate.next_price, rate.terms.next_s)
