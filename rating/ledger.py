"""Accounts, what is promised to running connections, and the lines that change a balance.

Rule 1: `available` never goes below zero by a hold; what is held is money already owed (S-8).
Rule 2: asking twice is asking once: a known hold is answered as it stands, a settled one stays settled.
Rule 3: a balance changes only by an entry; the store refuses the same reference with other content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from rating.money import ZERO, Money
from rating.refusal import Refusal


class EntryKind(Enum):
    OPENING = "opening"
    PAYMENT = "payment"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `amount` is what it adds to the balance."""

    account_id: str
    reference: str
    kind: EntryKind
    amount: Money
    at_ms: int


class ReferenceClash(Exception):
    """The same reference came again with other content."""

    def __init__(self, known: Entry, offered: Entry) -> None:
        super().__init__(
            f"reference {known.reference!r} of account {known.account_id} is known already: "
            f"{known.kind.value} of {known.amount} kopecks, not {offered.kind.value} of {offered.amount}"
        )
        self.known = known


def same_entry(known: Entry, offered: Entry) -> bool:
    """True for a repeat (whenever it comes); a clash raises."""
    if (known.account_id, known.kind, known.amount) != (offered.account_id, offered.kind, offered.amount):
        raise ReferenceClash(known, offered)
    return True


@dataclass(slots=True)
class Account:
    account_id: str
    profile: str
    plan: str
    balance: Money
    held: Money = ZERO
    holds: int = 0

    @property
    def available(self) -> Money:
        return Money(self.balance - self.held)


@dataclass(slots=True)
class Hold:
    hold_id: str
    account: Account
    amount: Money


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
        """An entry that the store has taken for the first time changes the balance."""
        account = self._accounts[entry.account_id]
        account.balance = Money(account.balance + entry.amount)

    def hold(self, hold_id: str, account_id: str, amount: Money) -> Hold | Refusal:
        """Promise `amount` to the connection that `hold_id` names."""
        assert amount >= 0, amount
        if known := self._holds.get(hold_id):
            return known
        account = self._accounts.get(account_id)
        if account is None:
            return Refusal.NO_ACCOUNT
        if account.available < amount:
            return Refusal.NOT_ENOUGH
        hold = Hold(hold_id, account, ZERO)
        self._holds[hold_id] = hold
        account.holds += 1
        self._add(hold, amount)
        return hold

    def extend(self, hold: Hold, amount: Money) -> Refusal | None:
        """Promise `amount` more to a connection that is running; None when it is promised."""
        assert self._holds.get(hold.hold_id) is hold, hold.hold_id
        if hold.account.available < amount:
            return Refusal.NOT_ENOUGH
        self._add(hold, amount)
        return None

    def settle(self, hold: Hold, amount: Money, at_ms: int) -> Entry | None:
        """Take `amount` of the hold, give back the rest; None when it was settled before."""
        if self._holds.get(hold.hold_id) is not hold:
            return None
        assert 0 <= amount <= hold.amount, (hold, amount)
        del self._holds[hold.hold_id]
        account = hold.account
        account.holds -= 1
        account.held = Money(account.held - hold.amount)
        entry = Entry(account.account_id, hold.hold_id, EntryKind.CONNECTION, Money(-amount), at_ms)
        self.apply(entry)
        assert account.held >= 0, account
        return entry

    def _add(self, hold: Hold, amount: Money) -> None:
        hold.amount = Money(hold.amount + amount)
        hold.account.held = Money(hold.account.held + amount)
        assert hold.account.available >= 0, hold.account
