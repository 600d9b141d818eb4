"""The ledger against a plain list of lines, whatever is asked of it and however often."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rating.ledger import Account, Entry, EntryKind, Hold, Ledger
from rating.money import ZERO, Money
from rating.refusal import Refusal

ACCOUNTS = ("ann", "ben")
SUMS = st.integers(0, 500).map(Money)


class LedgerAgainstList(RuleBasedStateMachine):
    """The model: what was posted, and what is promised to whom, summed naively."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger()
        self.posted: list[tuple[str, int]] = []
        self.promised: dict[str, tuple[Hold, int]] = {}
        self.settled: list[Hold] = []
        self.number = 0
        for account_id in ACCOUNTS:
            self.ledger.open(Account(account_id, "demo", "six", ZERO))

    def available(self, account_id: str) -> int:
        held = sum(amount for hold, amount in self.promised.values() if hold.account.account_id == account_id)
        return sum(amount for owner, amount in self.posted if owner == account_id) - held

    @rule(account_id=st.sampled_from(ACCOUNTS), amount=SUMS)
    def pay(self, account_id: str, amount: Money) -> None:
        self.number += 1
        self.ledger.apply(Entry(account_id, f"p{self.number}", EntryKind.PAYMENT, amount, 0))
        self.posted.append((account_id, amount))

    @rule(account_id=st.sampled_from(ACCOUNTS), amount=SUMS)
    def hold(self, account_id: str, amount: Money) -> None:
        self.number += 1
        hold_id = f"h{self.number}"
        held = self.ledger.hold(hold_id, account_id, amount)
        if self.available(account_id) < amount:
            assert held is Refusal.NOT_ENOUGH
        else:
            assert isinstance(held, Hold)
            self.promised[hold_id] = (held, amount)

    @rule(luck=st.randoms())
    def hold_again(self, luck: Random) -> None:
        if self.promised:
            hold_id = luck.choice(sorted(self.promised))
            held, _ = self.promised[hold_id]
            assert self.ledger.hold(hold_id, held.account.account_id, Money(10**9)) is held

    @rule(luck=st.randoms(), amount=SUMS)
    def extend(self, luck: Random, amount: Money) -> None:
        if self.promised:
            hold_id = luck.choice(sorted(self.promised))
            held, promised = self.promised[hold_id]
            is_enough = self.available(held.account.account_id) >= amount
            assert (self.ledger.extend(held, amount) is None) == is_enough
            if is_enough:
                self.promised[hold_id] = (held, promised + amount)

    @rule(luck=st.randoms(), share=st.integers(0, 100))
    def settle(self, luck: Random, share: int) -> None:
        if self.promised:
            hold_id = luck.choice(sorted(self.promised))
            held, promised = self.promised.pop(hold_id)
            entry = self.ledger.settle(held, Money(promised * share // 100), 0)
            assert entry and entry.reference == hold_id
            self.posted.append((entry.account_id, entry.amount))
            self.settled.append(held)

    @rule(luck=st.randoms())
    def settle_again(self, luck: Random) -> None:
        if self.settled:
            assert self.ledger.settle(luck.choice(self.settled), ZERO, 0) is None

    @invariant()
    def nobody_is_overdrawn_and_all_sums_agree(self) -> None:
        for account_id in ACCOUNTS:
            account = self.ledger.account(account_id)
            assert account
            assert account.balance == sum(amount for owner, amount in self.posted if owner == account_id)
            assert account.available == self.available(account_id) >= 0
        assert self.ledger.held_total == sum(amount for _, amount in self.promised.values())
        assert self.ledger.holds_open == len(self.promised)


TestLedgerAgainstList = LedgerAgainstList.TestCase
TestLedgerAgainstList.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
