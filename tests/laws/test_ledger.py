"""The ledger against plain lists, whatever is asked of it and however often."""

from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rating.entries import Entry, EntryKind, ReferenceClash, grant_entries, same_entry
from rating.funds import Funds, OwnFunds, Stop
from rating.ledger import Account, Hold, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import ZERO, Money
from rating.pots import Ask, Sources, gift_pot, is_gift, paid_pot
from rating.refusal import Refusal
from tests.laws.naive_ledger import Draws, NaiveLedger, Promise

OWNERS = ("ann", "ben")
MONTHS = ("2025-08", "2025-09")
NUMBERS = ("74951234567", "78001234567")
POTS = ("", *map(gift_pot, MONTHS), *(paid_pot(number, month) for number in NUMBERS for month in MONTHS))

owners = st.sampled_from(OWNERS)
months = st.sampled_from(MONTHS)
numbers = st.sampled_from(NUMBERS)
sums = st.integers(0, 500).map(Money)
few = st.sampled_from((0, 0, 100)).map(Money)
mosts = st.sampled_from((0, 100, 300)).map(Money)
lucks = st.randoms(use_true_random=False)
units = st.builds(Ask, price=st.integers(0, 200).map(Money), seconds=st.sampled_from((0, 6, 60)))
dear_units = st.builds(Ask, price=st.integers(80, 200).map(Money), seconds=st.just(60))
setups = st.builds(Ask, price=st.sampled_from((0, 0, 50)).map(Money))
orders = st.permutations(("gift", "paid", "")).flatmap(lambda all_: st.integers(1, 3).map(lambda n: all_[:n]))
own_funds = st.builds(
    OwnFunds,
    threshold=st.none() | few,
    credit=st.none() | few,
    stops=st.none() | st.sampled_from(Stop),
)


def sources_of(order: list[str], number: str, month: str) -> Sources:
    names = {"gift": gift_pot(month), "paid": paid_pot(number, month), "": ""}
    return Sources(tuple(names[one] for one in order), month, number)


class LedgerAgainstLists(RuleBasedStateMachine):
    @initialize(
        levels=st.tuples(st.booleans(), st.booleans()),
        credit=few,
        threshold=few,
        balance=st.integers(0, 3_000),
    )
    def begin(self, levels: tuple[bool, bool], credit: Money, threshold: Money, balance: int) -> None:
        self.ledger = Ledger()
        self.model = NaiveLedger()
        self.entries: list[Entry] = []
        self.settled: list[Hold] = []
        self.count = 0
        self.plans = {
            owner: Funds(threshold, credit, stops_at_level=at)
            for owner, at in zip(OWNERS, levels, strict=True)
        }
        for owner, funds in self.plans.items():
            self.ledger.open(Account(owner, "test", "own", ZERO, funds=funds))
            self.model.funds.append((owner, funds))
            self.post(Entry(owner, "opening", EntryKind.OPENING, balance, 0))
            for month in MONTHS:
                self.give_minutes(owner, month, 120)

    def account(self, owner: str) -> Account:
        account = self.ledger.account(owner)
        assert account
        return account

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def post(self, *entries: Entry) -> None:
        for entry in entries:
            self.ledger.apply(entry)
        self.keep(entries)

    def keep(self, entries: tuple[Entry, ...]) -> None:
        self.entries += entries
        self.model.lines += [(entry.account_id, entry.pot, entry.amount) for entry in entries]

    def one(self, luck: Random) -> Promise:
        return self.model.promises[luck.choice(sorted(self.model.promises))]

    def take(self, promise: Promise, setup: Ask, first: Ask) -> bool:
        """The set-up and the first unit in the model; neither when one cannot be paid."""
        setup_draws = self.model.draws(promise, setup.price, 0)
        if setup_draws is None:
            return False
        promise.setup = setup_draws
        first_draws = self.model.draws(promise, first.price, first.seconds)
        if first_draws is None:
            promise.setup = []
            return False
        promise.units = [first_draws]
        self.nothing_is_overdrawn_by(promise, [*setup_draws, *first_draws])
        return True

    def nothing_is_overdrawn_by(self, promise: Promise, draws: Draws) -> None:
        if any(not is_gift(pot) for pot, _ in draws) and not promise.is_owed:
            assert self.account(promise.owner).available_in(promise.month) >= 0
            assert self.model.under_limit(promise.owner, promise.number, promise.month) >= 0

    @rule(owner=owners, kind=st.sampled_from(EntryKind), amount=st.integers(-300, 500))
    def post_a_line(self, owner: str, kind: EntryKind, amount: int) -> None:
        self.post(Entry(owner, self.name("line"), kind, amount, 0))

    @rule(owner=owners, number=numbers, month=months, amount=sums)
    def grant(self, owner: str, number: str, month: str, amount: Money) -> None:
        self.post(*grant_entries(owner, paid_pot(number, month), amount, 0))

    @precondition(lambda self: self.entries)
    @rule(luck=lucks, at_ms=st.integers(0, 9))
    def post_again(self, luck: Random, at_ms: int) -> None:
        """The store meets a reference that it has: the same content is no news, other content is told."""
        known = luck.choice(self.entries)
        again = Entry(
            known.account_id, known.reference, known.kind, known.amount, at_ms, known.pot, known.refers_to
        )
        assert same_entry(known, again)
        again.amount += 1
        with pytest.raises(ReferenceClash):
            same_entry(known, again)

    @rule(owner=owners, month=months, seconds=st.sampled_from((0, 60, 300)))
    def give_minutes(self, owner: str, month: str, seconds: int) -> None:
        self.account(owner).pot(gift_pot(month)).granted = seconds
        self.model.grants.append((owner, gift_pot(month), seconds))

    @rule(owner=owners, own=own_funds)
    def change_own_funds(self, owner: str, own: OwnFunds) -> None:
        account = self.account(owner)
        account.own = own
        account.funds = own.over(self.plans[owner])
        self.model.funds.append((owner, account.funds))

    @rule(owner=owners, number=numbers, most=mosts, kind=st.sampled_from(LimitKind))
    def set_limit(self, owner: str, number: str, most: Money, kind: LimitKind) -> None:
        self.ledger.set_limit(owner, NumberLimit(number, most, kind))
        self.model.limits.append((owner, number, most, kind))

    @precondition(lambda self: any(self.account(owner).limits for owner in OWNERS))
    @rule(luck=lucks)
    def remove_limit(self, luck: Random) -> None:
        owner, number = luck.choice([(one, n) for one in OWNERS for n in sorted(self.account(one).limits)])
        self.ledger.remove_limit(owner, number)
        self.model.limits.append((owner, number, None, LimitKind.LIMIT))

    @rule(owner=owners, order=orders, number=numbers, month=months, setup=setups, first=units)
    def hold(self, owner: str, order: list[str], number: str, month: str, setup: Ask, first: Ask) -> None:
        sources, hold_id = sources_of(order, number, month), self.name("leg")
        held = self.ledger.hold(hold_id, owner, sources, setup, first)
        hold = held if isinstance(held, Hold) else Hold(hold_id, self.account(owner), sources)
        promise = self.model.promises[hold_id] = Promise(hold, owner, sources.pots, month, number)
        assert self.take(promise, setup, first) == isinstance(held, Hold), held
        if isinstance(held, Refusal):
            del self.model.promises[hold_id]

    @rule(
        owner=owners,
        order=orders,
        number=numbers,
        month=months,
        setup=setups,
        first=units,
        more=st.integers(0, 5),
    )
    def owe(
        self, owner: str, order: list[str], number: str, month: str, setup: Ask, first: Ask, more: int
    ) -> None:
        """What has happened already is held, covered or not: the balance is always the last of its pots."""
        sources, hold_id = sources_of([*(one for one in order if one), ""], number, month), self.name("late")
        held = self.ledger.owe(hold_id, self.account(owner), sources, setup, first)
        assert held
        promise = Promise(held, owner, sources.pots, month, number, is_owed=True)
        self.model.promises[hold_id] = promise
        assert self.take(promise, setup, first)
        self.ledger.owe_units(held, first, more)
        for _ in range(more):
            draws = self.model.draws(promise, first.price, first.seconds)
            assert draws is not None
            promise.units.append(draws)

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks)
    def ask_again(self, luck: Random) -> None:
        """A known hold is answered as it stands, whatever is asked now."""
        promise = self.one(luck)
        hold = promise.hold
        dear = Ask(Money(10**9))
        assert self.ledger.hold(hold.hold_id, promise.owner, hold.sources, dear, dear) is hold
        assert self.ledger.owe(hold.hold_id, hold.account, hold.sources, dear, dear) is None

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks, unit=units, count=st.integers(1, 4))
    def extend(self, luck: Random, unit: Ask, count: int) -> None:
        promise = self.one(luck)
        for _ in range(count):
            draws = self.model.draws(promise, unit.price, unit.seconds)
            refusal = self.ledger.extend(promise.hold, unit)
            assert (refusal is None) == (draws is not None), refusal
            if draws is not None:
                promise.units.append(draws)
                self.nothing_is_overdrawn_by(promise, draws)

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks, unit=units, count=st.integers(0, 9))
    def extend_many(self, luck: Random, unit: Ask, count: int) -> None:
        """The same as one by one, up to the first that cannot be paid."""
        promise = self.one(luck)
        refusal = self.ledger.extend_many(promise.hold, unit, count)
        for _ in range(count):
            draws = self.model.draws(promise, unit.price, unit.seconds)
            if draws is None:
                assert refusal
                return
            promise.units.append(draws)
            self.nothing_is_overdrawn_by(promise, draws)
        assert refusal is None

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks, unit=dear_units)
    def foresee(self, luck: Random, unit: Ask) -> None:
        """So many units can be promised and not one more; then all of it is given back."""
        promise = self.one(luck)
        if promise.is_owed or self.model.is_stopped(promise):
            return
        before, units_held = list(promise.hold.runs), promise.hold.units
        foreseen = self.ledger.units_left(promise.hold, unit)
        bought: list[Draws] = []
        while (draws := self.model.draws(promise, unit.price, unit.seconds)) is not None:
            promise.units.append(draws)
            bought.append(draws)
        del promise.units[units_held:]
        assert foreseen == len(bought)
        assert promise.hold.runs == before

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks, order=orders, number=numbers, month=months, setup=setups, first=units)
    def hold_again(
        self, luck: Random, order: list[str], number: str, month: str, setup: Ask, first: Ask
    ) -> None:
        promise = self.one(luck)
        if promise.is_owed:
            return
        sources = sources_of(order, number, month)
        refusal = self.ledger.hold_again(promise.hold, sources, setup, first)
        promise.pots, promise.month, promise.number = sources.pots, month, number
        promise.setup, promise.units = [], []
        assert self.take(promise, setup, first) == (refusal is None), refusal

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks, part=st.sampled_from((0, 50, 100, 100)), with_setup=st.booleans())
    def settle(self, luck: Random, part: int, with_setup: bool) -> None:
        promise = self.one(luck)
        del self.model.promises[promise.hold.hold_id]
        count = len(promise.units) * part // 100
        told = self.ledger.settle(promise.hold, count, with_setup=with_setup, at_ms=7)
        assert told
        taken = promise.taken(count, with_setup=with_setup)
        draws, entries = told
        assert {draw.pot: draw.amount for draw in draws} == taken
        assert {entry.pot: -entry.amount for entry in entries} == taken
        assert all(entry.reference.startswith(promise.hold.hold_id) for entry in entries)
        self.keep(entries)
        money = sum(amount for pot, amount in taken.items() if not is_gift(pot))
        self.model.spent.append((promise.owner, promise.number, promise.month, money))
        self.settled.append(promise.hold)

    @precondition(lambda self: self.model.promises)
    @rule(luck=lucks)
    def release(self, luck: Random) -> None:
        promise = self.one(luck)
        del self.model.promises[promise.hold.hold_id]
        self.ledger.release(promise.hold)
        self.settled.append(promise.hold)

    @precondition(lambda self: self.settled)
    @rule(luck=lucks)
    def settle_again(self, luck: Random) -> None:
        assert self.ledger.settle(luck.choice(self.settled), 0, with_setup=True, at_ms=8) is None

    @rule()
    def ask_for_nobody(self) -> None:
        nothing = Ask(ZERO)
        assert self.ledger.hold("x", "nobody", Sources(), nothing, nothing) is Refusal.NO_ACCOUNT

    @invariant()
    def all_sums_agree(self) -> None:
        for owner in OWNERS:
            account = self.account(owner)
            assert account.balance == self.model.left(owner, "")
            assert account.held == self.model.held(owner, "") >= 0
            assert account.available == self.model.available(owner)
            assert account.holds == sum(one.owner == owner for one in self.model.promises.values())
            for name in POTS[1:]:
                pot = account.pots.get(name)
                told = (pot.left, pot.held, pot.free) if pot else (0, 0, 0)
                left, held = self.model.left(owner, name), self.model.held(owner, name)
                assert told == (left, held, left - held)
            for month in MONTHS:
                assert account.available_in(month) == self.model.available_in(owner, month)
                assert account.level_in(month) == self.model.level(owner, month)
        assert self.ledger.holds_open == len(self.model.promises)

    @invariant()
    def every_hold_has_its_units(self) -> None:
        for promise in self.model.promises.values():
            hold = promise.hold
            money = sum(amount for pot, amount in promise.draws() if not is_gift(pot))
            assert (hold.units, hold.amount) == (len(promise.units), money)
            by_gift = [any(is_gift(pot) for pot, _ in unit) for unit in promise.units]
            assert [run.is_gift for run in hold.secured for _ in range(run.units)] == by_gift
        assert self.ledger.held_total == sum(one.hold.amount for one in self.model.promises.values())

    @invariant()
    def limits_are_kept(self) -> None:
        for owner in OWNERS:
            for number in NUMBERS:
                for month in MONTHS:
                    spent = self.account(owner).spent_on(number).get(month, 0)
                    assert spent == self.model.spent_on(owner, number, month)
                limit = self.account(owner).limits.get(number)
                assert (limit is None) == (self.model.limit(owner, number) is None)
                held = {month: self.model.held_on(owner, number, month) for month in MONTHS}
                assert limit is None or {month: limit.held.get(month, 0) for month in MONTHS} == held

    def teardown(self) -> None:
        """Reading the lines again gives the same balances and pots."""
        again = Ledger()
        for owner in OWNERS:
            again.open(Account(owner, "test", "own", ZERO))
        for entry in self.entries:
            again.apply(entry)
        for owner in OWNERS:
            account, read = self.account(owner), again.account(owner)
            assert read and read.balance == account.balance
            assert [read.pot(name).moved for name in POTS] == [account.pot(name).moved for name in POTS]


TestLedgerAgainstLists = LedgerAgainstLists.TestCase
TestLedgerAgainstLists.settings = settings(max_examples=250, stateful_step_count=50, deadline=None)


@pytest.mark.parametrize(
    ("balance", "paid", "most", "units"),
    [(450, 0, 9_000, 4), (0, 450, 9_000, 4), (-200, 450, 9_000, 2), (900, 0, 350, 3), (150, 350, 9_000, 5)],
    ids=["the balance", "a pot", "debt counts against the pot", "the limit of its number", "pot and balance"],
)
def test_many_units_at_once_end_where_money_or_limit_ends(
    balance: int, paid: int, most: int, units: int
) -> None:
    ledger = Ledger()
    account = Account("ann", "test", "own", Money(balance))
    ledger.open(account)
    pot = paid_pot(NUMBERS[0], MONTHS[0])
    account.pot(pot).moved = paid
    ledger.set_limit("ann", NumberLimit(NUMBERS[0], Money(most), LimitKind.LIMIT))
    unit = Ask(Money(100))
    hold = ledger.hold("leg", "ann", Sources((pot, ""), MONTHS[0], NUMBERS[0]), Ask(ZERO), unit)
    assert isinstance(hold, Hold)
    assert ledger.extend_many(hold, unit, 100) is not None
    assert (hold.units, hold.amount) == (units, units * 100)
    assert (account.pot(pot).free >= 0, account.available >= min(balance, 0)) == (True, True)
