"""What one connection of one account would cost, whenever it is asked, and what may pay for it.

Rule 1: prices are those of the tariffs in force at the time of asking: tariffs loaded meanwhile count for
    whoever answers later. The number is looked up again only when it could have another price.
Rule 2: whether service has stopped is asked before what it costs (DELO-6.1.7, CLV-U4.3.2, GAZ-15.8, S-14).
"""

from dataclasses import dataclass, field

from rating.calendar import month_of
from rating.deck import Unsold
from rating.funds import Source, Stop
from rating.ledger import Account
from rating.pots import BALANCE, ONLY_BALANCE, Ask, Sources, ask, gift_pot, paid_pot
from rating.profile import Tariffs
from rating.refusal import Refusal
from rating.tariff import Rate, Side, Version
from rating.watch import Asked


@dataclass(slots=True, eq=False)
class Quote:
    """`line` is the subscriber's number on which the connection came or goes; `call`: of which it is part."""

    tariffs: Tariffs
    account: Account
    side: Side
    caller: str
    called: str
    line: str
    call: str = ""
    _known: tuple[Version, Rate | Refusal] | None = field(default=None, init=False)  # found last

    def admit(self, at_ms: int) -> Rate | Refusal:
        """The terms, when nothing forbids the connection."""
        rate = self.offered(at_ms)
        if isinstance(rate, Refusal):
            return rate
        return self._stopped(rate, at_ms) or rate

    def asked(self, rate: Rate) -> Asked | None:
        """What guards have to know of it; None: it is none of their business."""
        if self.side is Side.INCOMING or rate.is_free:
            return None
        return Asked(self.call, rate.destination, rate.minute_price)

    def offered(self, at_ms: int) -> Rate | Refusal:
        """The terms, whatever the state of account and money."""
        rate = self.rate_at(at_ms)
        if isinstance(rate, Rate) and self.side is Side.OUTGOING and self._is_barred(rate):
            return Refusal.BARRED
        return rate

    def rate_at(self, at_ms: int) -> Rate | Refusal:
        version = self._version(at_ms)
        if version is None:
            return Refusal.NO_PLAN
        if self._known and self._known[0] is version and not version.bands:
            return self._known[1]
        rate = self._look_up(version, at_ms)
        self._known = version, rate
        return rate

    def dearest(self, rate: Rate, begin_ms: int, until_ms: int) -> Rate:
        """Of all terms that an answer in this time may meet: whose first unit needs most."""
        plan = self.tariffs.plan(self.account.profile, self.account.plan)
        moments = plan.moments(begin_ms, until_ms)[1:] if plan else []
        if not moments:
            return rate
        later = [other for at_ms in moments if isinstance(other := self.rate_at(at_ms), Rate)]
        return max([rate, *later], key=lambda rate: rate.first_need)

    def sources(self, rate: Rate, at_ms: int) -> Sources:
        """The pots of the month of `at_ms`, in the order in which the plan draws on them."""
        month = month_of(at_ms)
        if not rate.gift and not self.account.pots and Source.MONEY in self.account.funds.draws:
            return Sources(ONLY_BALANCE, month, self.line)
        pots = []
        for source in self.account.funds.draws:
            match source:
                case Source.BUNDLE:
                    if rate.gift:
                        pots.append(self._gift(month))
                case Source.POOL:
                    name = paid_pot(self.line, month)
                    if name in self.account.pots:
                        pots.append(name)
                case Source.MONEY:
                    pots.append(BALANCE)
        return Sources(tuple(pots), month, self.line)

    def _look_up(self, version: Version, at_ms: int) -> Rate | Refusal:
        rate = version.rate(self.side, self.caller, self.called, at_ms)
        if rate is None:
            return Refusal.NO_PRICE
        return Refusal.NOT_SOLD if isinstance(rate, Unsold) else rate

    def is_paid_since(self, sources: Sources) -> bool:
        """Money was paid for the number while its connection ran (ISS-5.8)."""
        pot = paid_pot(self.line, sources.month) if self.account.pots else BALANCE
        return pot in self.account.pots and pot not in sources.pots

    def _gift(self, month: str) -> str:
        """What the plan grants for the month is there from the first use on."""
        name = gift_pot(month)
        plan = self.tariffs.plan(self.account.profile, self.account.plan)
        if plan:
            self.account.pot(name).granted = plan.gift_s(month)
        return name

    def _version(self, at_ms: int) -> Version | None:
        plan = self.tariffs.plan(self.account.profile, self.account.plan)
        return plan.version_at(at_ms) if plan else None

    def _is_barred(self, rate: Rate) -> bool:
        barred = self.account.barred
        return bool(barred) and (rate.destination in barred or self.called.startswith(barred))

    def _stopped(self, rate: Rate, at_ms: int) -> Refusal | None:
        account = self.account
        if refusal := stopped(account, self.line, at_ms):
            return refusal
        if not rate.is_free and not account.standing.serves_paid:
            return Refusal.SUSPENDED
        if not rate.is_free and account.funds.is_stopped(account.level_in(month_of(at_ms))):
            return Refusal.STOPPED
        return None


def fund(account: Account, tariffs: Tariffs) -> None:
    """Treat its money as its plan says now, and as it has of its own; and guard it."""
    account.funds = account.own.over(tariffs.funds(account.profile, account.plan))
    account.guards = tariffs.guards(account.profile).over(account.own_guards)


def stopped(account: Account, line: str, at_ms: int) -> Refusal | None:
    """Whether nothing at all is served on this number now, free calls included."""
    if not account.standing.serves_free:
        return Refusal.SUSPENDED
    limit = account.limits.get(line)
    if limit and limit.is_stopped(month_of(at_ms)):
        return Refusal.NUMBER_LIMIT
    funds = account.funds
    if funds.stops is Stop.EVERYTHING and funds.is_stopped(account.level_in(month_of(at_ms))):
        return Refusal.STOPPED
    return None


def first_asks(rate: Rate) -> tuple[Ask, Ask]:
    """The set-up, which no gift pays, and the first unit."""
    return ask(rate.terms.setup_fee), ask(rate.first_price, rate.terms.first_s)


def next_ask(rate: Rate) -> Ask:
    return ask(rate.next_price, rate.terms.next_s)
