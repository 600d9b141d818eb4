"""Accounts, what is promised to running connections, and how lines change both.

Rule 1: `available` never goes below zero by a hold; what is held is money already owed (S-8).
Rule 2: asking twice is asking once: a known hold is answered as it stands, a settled one stays settled.
Rule 3: a balance or a pot changes only by an entry; the store refuses the same reference with other content.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rating.charge import Secured
from rating.entries import Entry, EntryKind, connection_entries
from rating.funds import NOTHING_OWN, PLAIN_FUNDS, Funds, OwnFunds
from rating.guards import NO_GUARDS, Guards
from rating.limits import NumberLimit
from rating.money import ZERO, Money
from rating.pots import BALANCE, ONLY_BALANCE, Ask, Draw, Pot, Sources, is_gift, money_in, month_of_pot
from rating.refusal import Refusal
from rating.standing import Standing
from rating.watch import Watch

NOTHING: tuple[Draw, ...] = ()


@dataclass(slots=True)
class Account:
    account_id: str
    profile: str
    plan: str
    balance: Money
    own: OwnFunds = NOTHING_OWN
    funds: Funds = PLAIN_FUNDS  # the plan's, with the account's own over it
    barred: tuple[str, ...] = ()  # destinations, or prefixes of numbers
    standing: Standing = Standing.ACTIVE
    held: Money = ZERO  # of the balance
    holds: int = 0
    pots: dict[str, Pot] = field(default_factory=dict)
    limits: dict[str, NumberLimit] = field(default_factory=dict)
    unlimited: dict[str, dict[str, int]] = field(default_factory=dict)  # spent on numbers without a limit
    own_guards: Mapping[str, int | None] = field(default_factory=dict)  # by the fields of Guards
    guards: Guards = NO_GUARDS  # the profile's, with the account's own over it
    watch: Watch = field(default_factory=Watch)

    @property
    def available(self) -> Money:
        """Without pots: what any connection could draw."""
        return Money(self.balance + self.funds.credit - self.funds.threshold - self.held)

    @property
    def above_level(self) -> Money:
        return Money(self.balance + self.funds.credit - self.funds.threshold)

    def pot(self, name: str) -> Pot:
        pot = self.pots.get(name)
        if pot is None:
            pot = self.pots[name] = Pot(name)
        return pot

    def spent_on(self, number: str) -> dict[str, int]:
        """What the connections of a number cost, by month."""
        limit = self.limits.get(number)
        return limit.spent if limit else self.unlimited.setdefault(number, {})

    def spend(self, number: str, month: str, amount: int) -> None:
        spent = self.spent_on(number)
        spent[month] = spent.get(month, 0) + amount

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

    @property
    def is_gift(self) -> bool:
        """Gift seconds never pay together with anything else."""
        return bool(self.draws) and is_gift(self.draws[0].pot)


@dataclass(slots=True)
class Hold:
    hold_id: str
    account: Account
    sources: Sources
    setup: tuple[Draw, ...] = NOTHING
    runs: list[Run] = field(default_factory=list)
    units: int = 0
    amount: Money = ZERO  # money, of the balance and of pots
    is_owed: bool = False  # it has happened already: what the account cannot cover becomes its debt

    @property
    def is_plain(self) -> bool:
        """Nothing but the balance pays, or has a say: as with most."""
        account = self.account
        return self.sources.pots == ONLY_BALANCE and not (account.pots or account.limits or self.is_owed)

    def drawn(self, units: int, *, with_setup: bool) -> tuple[Draw, ...]:
        """What the set-up and the first units take together, by pot."""
        assert 0 <= units <= self.units, (self, units)
        sums: dict[str, int] = {}
        for draw in self.setup if with_setup else NOTHING:
            sums[draw.pot] = sums.get(draw.pot, 0) + draw.amount
        for run in self.runs:
            count = min(units, run.units)
            units -= count
            for draw in run.draws:
                sums[draw.pot] = sums.get(draw.pot, 0) + draw.amount * count
        return tuple([Draw(pot, amount) for pot, amount in sums.items() if amount])

    @property
    def secured(self) -> list[Secured]:
        return [Secured(run.units, run.is_gift) for run in self.runs]


class Ledger:
    """What the service knows of everybody's money, in memory."""

    def __init__(self) -> None:
        self.takes_paid = True  # else what is new and costs money is refused: it could not be written down
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

    def holds(self) -> Iterator[Hold]:
        return iter(self._holds.values())

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

    def owe_units(self, hold: Hold, unit: Ask, count: int) -> None:
        """So many units more of what has happened already."""
        assert hold.is_owed, hold
        refusal = self.extend_many(hold, unit, count)
        assert refusal is None, (hold, refusal)

    def set_limit(self, account_id: str, limit: NumberLimit) -> None:
        """From now on; what running connections of the number hold counts already."""
        account = self._accounts[account_id]
        if spent := account.spent_on(limit.number):
            limit.spent = spent
        for hold in self._holds.values():
            if hold.account is account and hold.sources.number == limit.number:
                limit.hold(hold.sources.month, hold.amount)
        account.limits[limit.number] = limit

    def remove_limit(self, account_id: str, number: str) -> None:
        account = self._accounts[account_id]
        if limit := account.limits.pop(number, None):
            account.unlimited[number] = limit.spent

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

    def extend_many(self, hold: Hold, unit: Ask, count: int) -> Refusal | None:
        """So many units more without a step for each, or as many as can be promised and why not one more."""
        assert self._holds.get(hold.hold_id) is hold, hold.hold_id
        while count > 0:
            draws = self._draws(hold, unit) if unit.price else NOTHING
            if isinstance(draws, Refusal):
                return draws
            times = min([count, *_times(hold, unit, draws)])
            self._take(hold, draws, times)
            self._add_run(hold, draws, times)
            count -= times
        return None

    def units_left(self, hold: Hold, unit: Ask) -> int:
        """How many such units more could be promised, if nobody else asked."""
        account, sources = hold.account, hold.sources
        if hold.is_plain:
            return max(0, account.available) // unit.price
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
        taken = hold.drawn(units, with_setup=with_setup)
        self.release(hold)
        account = hold.account
        entries = connection_entries(account.account_id, hold.hold_id, kind, taken, at_ms)
        for entry in entries:
            self.apply(entry)
        if money := money_in(taken):
            account.spend(hold.sources.number, hold.sources.month, money)
        return taken, entries

    def release(self, hold: Hold) -> None:
        """Give all of it back; the connection owes nothing, or its lines come by another way."""
        self._give_back(hold)
        del self._holds[hold.hold_id]
        hold.account.holds -= 1

    def _begin(self, hold: Hold, setup: Ask, first: Ask) -> Refusal | None:
        paid = self._secure(hold, setup)
        if isinstance(paid, Refusal):
            return paid
        hold.setup = paid
        if refusal := self._add_unit(hold, first):
            self._give_back(hold)
            return refusal
        return None

    def _add_unit(self, hold: Hold, unit: Ask) -> Refusal | None:
        draws = self._secure(hold, unit)
        if isinstance(draws, Refusal):
            return draws
        self._add_run(hold, draws, 1)
        return None

    def _add_run(self, hold: Hold, draws: tuple[Draw, ...], units: int) -> None:
        hold.units += units
        runs = hold.runs
        if runs and runs[-1].draws == draws:
            runs[-1].units += units
        else:
            runs.append(Run(units, draws))

    def _secure(self, hold: Hold, ask: Ask) -> tuple[Draw, ...] | Refusal:
        """Take what pays one unit."""
        price = ask.price
        if price == 0:
            return NOTHING
        if hold.is_plain:
            account = hold.account
            if account.available < price:
                return Refusal.NOT_ENOUGH
            account.held = Money(account.held + price)
            hold.amount = Money(hold.amount + price)
            return ask.of_balance
        draws = self._draws(hold, ask)
        if not isinstance(draws, Refusal):
            self._take(hold, draws)
        return draws

    def _draws(self, hold: Hold, ask: Ask) -> tuple[Draw, ...] | Refusal:
        """From which pots one unit is paid; nothing is taken yet."""
        left = int(ask.price)
        account, sources = hold.account, hold.sources
        draws: list[Draw] = []
        for name in sources.pots:
            if is_gift(name):
                if _unpaid(hold, ask, left) and _is_given(hold, name, ask):
                    return (Draw(name, ask.seconds),)
                continue
            free = account.pot(name).free if name else left if hold.is_owed else account.available
            if (part := min(left, max(0, free))) > 0:
                draws.append(Draw(name, part))
                left -= part
        return _unpaid(hold, ask, left) or tuple(draws)

    def _take(self, hold: Hold, draws: tuple[Draw, ...], units: int = 1) -> None:
        account = hold.account
        for draw in draws:
            amount = draw.amount * units
            if draw.pot == BALANCE:
                account.held = Money(account.held + amount)
            else:
                account.pot(draw.pot).held += amount
                if is_gift(draw.pot):
                    continue
            hold.amount = Money(hold.amount + amount)
            if limit := account.limits.get(hold.sources.number):
                limit.hold(hold.sources.month, amount)

    def _give_back(self, hold: Hold) -> None:
        if hold.setup:
            self._take(hold, hold.setup, -1)
        for run in hold.runs:
            self._take(hold, run.draws, -run.units)
        hold.setup, hold.runs, hold.units = NOTHING, [], 0
        assert hold.amount == 0 <= hold.account.held, hold


def _times(hold: Hold, unit: Ask, draws: Sequence[Draw]) -> Iterator[int]:
    """How often one unit can be paid in this way: each number is one bound of it."""
    account, sources = hold.account, hold.sources
    for draw in draws:
        if draw.pot:
            yield account.pot(draw.pot).free // draw.amount
        elif not hold.is_owed:
            yield account.available // draw.amount
    if money_in(draws) and not hold.is_owed:
        yield account.available_in(sources.month) // unit.price
        if limit := account.limits.get(sources.number):
            yield limit.free(sources.month) // unit.price


def _unpaid(hold: Hold, ask: Ask, left: int) -> Refusal | None:
    """Why money does not pay for it, when all but `left` was found."""
    if left > 0:
        return Refusal.NOT_ENOUGH
    account, sources = hold.account, hold.sources
    if hold.is_owed:
        return None
    if account.available_in(sources.month) < ask.price:
        return Refusal.NOT_ENOUGH
    limit = account.limits.get(sources.number)
    return Refusal.NUMBER_LIMIT if limit and limit.free(sources.month) < ask.price else None


def _is_given(hold: Hold, gift: str, ask: Ask) -> bool:
    """Gift seconds need no money, but service that is not stopped (CLV-P3 g, GAZ-15.8)."""
    account, sources = hold.account, hold.sources
    if not ask.seconds or account.pot(gift).free < ask.seconds:
        return False
    if hold.is_owed:
        return True
    limit = account.limits.get(sources.number)
    is_stopped = account.funds.is_stopped(account.level_in(sources.month))
    return not is_stopped and not (limit and limit.is_stopped(sources.month))
