"""Accounts, what is promised to running connections, and how lines change both.

Rule 1: `available` never goes below zero by a hold; what is held is money already owed (S-8).
Rule 2: asking twice is asking once: a known hold is answered as it stands, a settled one stays settled.
Rule 3: a balance or a pot changes only by an entry; the store refuses the same reference with other content.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rating.charge import Secured
from rating.entries import Entry, EntryKind, connection_entries
from rating.funds import Funds, OwnFunds
from rating.limits import NumberLimit
from rating.money import ZERO, Money
from rating.pots import BALANCE, Ask, Draw, Pot, Sources, is_gift, month_of_pot
from rating.refusal import Refusal

NOTHING: tuple[Draw, ...] = ()


@dataclass(slots=True)
class Account:
    account_id: str
    profile: str
    plan: str
    balance: Money
    own: OwnFunds = field(default_factory=OwnFunds)
    funds: Funds = field(default_factory=Funds)  # the plan's, with the account's own over it
    barred: tuple[str, ...] = ()  # destinations, or prefixes of numbers
    held: Money = ZERO  # of the balance
    holds: int = 0
    pots: dict[str, Pot] = field(default_factory=dict)
    limits: dict[str, NumberLimit] = field(default_factory=dict)

    @property
    def available(self) -> Money:
        """Without pots: what any connection could draw."""
        return Money(self.above_level - self.held)

    @property
    def above_level(self) -> Money:
        return Money(self.balance + self.funds.credit - self.funds.threshold)

    def pot(self, name: str) -> Pot:
        pot = self.pots.get(name)
        if pot is None:
            pot = self.pots[name] = Pot(name)
        return pot

    def paid_pots(self, month: str) -> Iterator[Pot]:
        """Of all numbers: they are the account's money as well."""
        for pot in self.pots.values():
            if not is_gift(pot.name) and month_of_pot(pot.name) == month:
                yield pot

    def level_in(self, month: str) -> int:
        """Money over the lowest admissible balance, with what was paid beforehand, holds not counted."""
        paid = sum(pot.left for pot in self.paid_pots(month)) if self.pots else 0
        return self.above_level + paid

    def available_in(self, month: str) -> Money:
        """What connections of a month can draw, all pots of money together."""
        if not self.pots:
            return self.available
        return Money(self.available + sum(pot.free for pot in self.paid_pots(month)))


@dataclass(slots=True)
class Run:
    """Some units one after another that draw the same."""

    units: int
    draws: tuple[Draw, ...]


@dataclass(slots=True)
class Hold:
    hold_id: str
    account: Account
    sources: Sources
    setup: tuple[Draw, ...] = NOTHING
    runs: list[Run] = field(default_factory=list)
    amount: Money = ZERO  # money, of the balance and of pots
    is_owed: bool = False  # it has happened already: what the account cannot cover becomes its debt

    @property
    def units(self) -> int:
        return sum(run.units for run in self.runs)

    @property
    def secured(self) -> list[Secured]:
        return [Secured(run.units, any(is_gift(draw.pot) for draw in run.draws)) for run in self.runs]


class Ledger:
    """What the service knows of everybody's money, in memory."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._holds: dict[str, Hold] = {}

    def open(self, account: Account) -> None:
        assert account.account_id not in self._accounts, account.account_id
        self._accounts[account.account_id] = account

    def account(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def accounts(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    @property
    def holds_open(self) -> int:
        return len(self._holds)

    @property
    def held_total(self) -> Money:
        return Money(sum(hold.amount for hold in self._holds.values()))

    def apply(self, entry: Entry) -> None:
        """An entry that the store has taken for the first time changes the balance, or its pot."""
        account = self._accounts[entry.account_id]
        if entry.pot == BALANCE:
            account.balance = Money(account.balance + entry.amount)
        else:
            account.pot(entry.pot).moved += entry.amount

    def owe(self, hold_id: str, account: Account, sources: Sources, setup: Ask, first: Ask) -> Hold | None:
        """A hold for what has happened already, covered or not; None when it is known."""
        if hold_id in self._holds:
            return None
        hold = Hold(hold_id, account, sources, is_owed=True)
        refusal = self._begin(hold, setup, first)
        assert refusal is None, (hold, refusal)
        self._holds[hold_id] = hold
        account.holds += 1
        return hold

    def set_limit(self, account_id: str, limit: NumberLimit) -> None:
        """From now on; what running connections of the number hold counts already."""
        account = self._accounts[account_id]
        if known := account.limits.get(limit.number):
            limit.spent = known.spent
        holds = (hold for hold in self._holds.values() if hold.account is account)
        limit.held = sum(hold.amount for hold in holds if hold.sources.number == limit.number)
        account.limits[limit.number] = limit

    def hold(self, hold_id: str, account_id: str, sources: Sources, setup: Ask, first: Ask) -> Hold | Refusal:
        """Promise the set-up and the first unit to the connection that `hold_id` names."""
        if known := self._holds.get(hold_id):
            return known
        account = self._accounts.get(account_id)
        if account is None:
            return Refusal.NO_ACCOUNT
        hold = Hold(hold_id, account, sources)
        if refusal := self._begin(hold, setup, first):
            return refusal
        self._holds[hold_id] = hold
        account.holds += 1
        return hold

    def extend(self, hold: Hold, unit: Ask) -> Refusal | None:
        """Promise one unit more to a connection that is running; None when it is promised."""
        assert self._holds.get(hold.hold_id) is hold, hold.hold_id
        return self._add_unit(hold, unit)

    def units_left(self, hold: Hold, unit: Ask) -> int:
        """How many such units more could be promised, if nobody else asked."""
        account, sources = hold.account, hold.sources
        gifts = sum(max(0, account.pot(name).free) // unit.seconds for name in sources.pots if is_gift(name))
        own = sum(
            max(0, account.pot(name).free if name else account.available)
            for name in sources.pots
            if not is_gift(name)
        )
        free = min(own, account.available_in(sources.month))
        if limit := account.limits.get(sources.number):
            free = min(free, limit.free(sources.month))
        return gifts + max(0, free) // unit.price

    def hold_again(self, hold: Hold, sources: Sources, setup: Ask, first: Ask) -> Refusal | None:
        """Give back what is held and promise anew, on other terms; a refusal leaves nothing held."""
        assert self._holds.get(hold.hold_id) is hold, hold.hold_id
        self._give_back(hold)
        hold.sources = sources
        return self._begin(hold, setup, first)

    def settle(
        self, hold: Hold, units: int, *, with_setup: bool, at_ms: int, kind: EntryKind = EntryKind.CONNECTION
    ) -> tuple[tuple[Draw, ...], tuple[Entry, ...]] | None:
        """Take the first `units` of the hold, give back the rest; None when it was settled before.

        What was taken, by pot, and the lines that say so; they count already.
        """
        if self._holds.get(hold.hold_id) is not hold:
            return None
        assert 0 <= units <= hold.units, (hold, units)
        taken = _sums(hold, units, with_setup)
        self._give_back(hold)
        del self._holds[hold.hold_id]
        account = hold.account
        account.holds -= 1
        entries = connection_entries(account.account_id, hold.hold_id, kind, taken, at_ms)
        for entry in entries:
            self.apply(entry)
        money = sum(draw.amount for draw in taken if not is_gift(draw.pot))
        if money and (limit := account.limits.get(hold.sources.number)):
            limit.spend(hold.sources.month, money)
        return taken, entries

    def _begin(self, hold: Hold, setup: Ask, first: Ask) -> Refusal | None:
        paid = self._draws(hold, setup)
        if isinstance(paid, Refusal):
            return paid
        self._take(hold, paid)
        hold.setup = paid
        if refusal := self._add_unit(hold, first):
            self._give_back(hold)
            return refusal
        return None

    def _add_unit(self, hold: Hold, unit: Ask) -> Refusal | None:
        draws = self._draws(hold, unit)
        if isinstance(draws, Refusal):
            return draws
        self._take(hold, draws)
        last = hold.runs[-1] if hold.runs else None
        if last and last.draws == draws:
            last.units += 1
        else:
            hold.runs.append(Run(1, draws))
        return None

    def _draws(self, hold: Hold, ask: Ask) -> tuple[Draw, ...] | Refusal:
        """From which pots one unit is paid; nothing is taken yet."""
        left = int(ask.price)
        if left == 0:
            return NOTHING
        account, sources = hold.account, hold.sources
        draws: list[Draw] = []
        for name in sources.pots:
            if is_gift(name):
                # With service stopped even what needs no money is refused (CLV-P3 g).
                is_stopped = account.funds.is_stopped(account.level_in(sources.month))
                if ask.seconds and account.pot(name).free >= ask.seconds and not is_stopped:
                    return (Draw(name, ask.seconds),)
                continue
            free = account.pot(name).free if name else left if hold.is_owed else account.available
            if (part := min(left, max(0, free))) > 0:
                draws.append(Draw(name, part))
                left -= part
        if hold.is_owed:
            return tuple(draws)
        if left > 0 or account.available_in(sources.month) < ask.price:
            return Refusal.NOT_ENOUGH
        limit = account.limits.get(sources.number)
        if limit and limit.free(sources.month) < ask.price:
            return Refusal.NUMBER_LIMIT
        return tuple(draws)

    def _take(self, hold: Hold, draws: tuple[Draw, ...], units: int = 1) -> None:
        account = hold.account
        for draw in draws:
            amount = draw.amount * units
            if draw.pot == BALANCE:
                account.held = Money(account.held + amount)
            else:
                account.pot(draw.pot).held += amount
            if not is_gift(draw.pot):
                hold.amount = Money(hold.amount + amount)
                if limit := account.limits.get(hold.sources.number):
                    limit.held += amount

    def _give_back(self, hold: Hold) -> None:
        self._take(hold, hold.setup, -1)
        for run in hold.runs:
            self._take(hold, run.draws, -run.units)
        hold.setup, hold.runs = NOTHING, []
        assert hold.amount == 0 <= hold.account.held, hold


def _sums(hold: Hold, units: int, with_setup: bool) -> tuple[Draw, ...]:
    """What the set-up and the first units draw together, by pot."""
    sums: dict[str, int] = {}
    for draw in hold.setup if with_setup else NOTHING:
        sums[draw.pot] = sums.get(draw.pot, 0) + draw.amount
    for run in hold.runs:
        count = min(units, run.units)
        units -= count
        for draw in run.draws:
            sums[draw.pot] = sums.get(draw.pot, 0) + draw.amount * count
    return tuple(Draw(pot, amount) for pot, amount in sums.items() if amount)
