"""What holds after every step of a night, whatever came before it.

Rule 1: a hold never takes what is not there: of the balance, of a pot, of a number's limit.
Rule 2: below zero leads only a line from outside (a chargeback, a late record, a guaranteed payment), or a
    tariff that grants less; from there it goes up.
Rule 3: what is held is the sum of the holds.
Rule 4: a call always has something to wait for: a moment, or the end of a talk that costs nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from callctl.calls.call import Call
from callctl.calls.states import State
from rating.ledger import Account, Hold, Ledger
from rating.pots import BALANCE, is_gift, month_of_pot


class Promises:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._least: dict[tuple[str, str], int] = {}
        self._told: set[str] = set()
        self._granted: dict[tuple[str, str], int] = {}

    def told(self, account_id: str) -> None:
        """A line from outside has changed this account: what is missing now is nobody's fault."""
        self._told.add(account_id)

    def check_calls(self, calls: Iterable[Call]) -> None:
        for call in calls:
            is_waiting = call.deadline_ms() is not None or call.state is State.TALKING
            assert is_waiting, f"{call.call_id} waits for nothing: {call.state}, {call.course.way}"

    def check(self) -> None:
        holds: dict[str, list[Hold]] = {}
        for hold in self._ledger.holds():
            holds.setdefault(hold.account.account_id, []).append(hold)
        for account in self._ledger.accounts():
            held = holds.get(account.account_id, [])
            _check_sums(account, held)
            for what, free in _free(account, held):
                self._check_free(account, what, free)
        self._told.clear()

    def _check_free(self, account: Account, what: str, free: int) -> None:
        key = (account.account_id, what)
        if account.account_id not in self._told and not self._is_granted_anew(account, what):
            least = self._least.get(key, 0)
            assert free >= least, f"{what or 'the balance'} was overdrawn, {free} < {least}: {account}"
        self._least[key] = min(0, free)

    def _is_granted_anew(self, account: Account, what: str) -> bool:
        if not is_gift(what):
            return False
        key, granted = (account.account_id, what), account.pots[what].granted
        is_new = self._granted.get(key) != granted
        self._granted[key] = granted
        return is_new


def _free(account: Account, holds: list[Hold]) -> Iterator[tuple[str, int]]:
    """Of the balance, of each pot, of all money of a month, of each number's limit."""
    yield BALANCE, account.available
    for pot in account.pots.values():
        yield pot.name, pot.free
        if not is_gift(pot.name):
            month = month_of_pot(pot.name)
            yield f"money of {month}", account.available_in(month)
    for limit in account.limits.values():
        held = Counter[str]()
        for hold in holds:
            if hold.sources.number == limit.number:
                held[hold.sources.month] += hold.amount
        for month in {*limit.spent, *held}:
            free = limit.most - limit.spent.get(month, 0) - held[month]
            yield f"limit of {limit.number} in {month}", free


def _check_sums(account: Account, holds: list[Hold]) -> None:
    held = {pot.name: pot.held for pot in account.pots.values()} | {BALANCE: account.held}
    on_numbers = {
        (limit.number, month): held for limit in account.limits.values() for month, held in limit.held.items()
    }
    for hold in holds:
        money = 0
        for draw in hold.drawn(hold.units, with_setup=True):
            held[draw.pot] -= draw.amount
            money += 0 if is_gift(draw.pot) else draw.amount
        assert money == hold.amount, hold
        if (on := (hold.sources.number, hold.sources.month)) in on_numbers:
            on_numbers[on] -= money
    assert account.holds == len(holds), account
    assert not any(held.values()), f"held beside the holds: {held} of {account}"
    assert not any(on_numbers.values()), f"held beside the holds: {on_numbers} of {account}"
