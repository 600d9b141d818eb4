"""What the calls of a period would cost by two price lists, summed for each plan and account.

Rule 1: a call that a list does not sell adds nothing to its sum, and is counted.
Rule 2: whose call it was decides which gift minutes pay; a call of nobody known gets none.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from callctl.calls.money.estimate import Asked, Estimator, NoPrice
from rating.profile import Profile, Tariffs


@dataclass(frozen=True, slots=True)
class PastCall:
    account_id: str  # empty: nobody knows
    plan: str
    asked: Asked


@dataclass(slots=True)
class Sums:
    """In kopecks; how many calls each list does not sell."""

    calls: int = 0
    old: int = 0
    new: int = 0
    old_unsold: int = 0
    new_unsold: int = 0

    @property
    def change(self) -> int:
        return self.new - self.old


@dataclass(slots=True)
class Repriced:
    total: Sums = field(default_factory=Sums)
    plans: dict[str, Sums] = field(default_factory=dict)
    accounts: dict[str, Sums] = field(default_factory=dict)
    unsold: Counter[str] = field(default_factory=Counter)  # by the new list: why


class _PriceList:
    def __init__(self, profile: Profile) -> None:
        self._name = profile.name
        self._estimator = Estimator(Tariffs({profile.name: profile}))

    def cost(self, call: PastCall) -> int | NoPrice:
        estimator, asked = self._estimator, call.asked
        account = estimator.account(call.account_id, self._name, call.plan)
        if not call.account_id:
            estimator.leave_gift(account, asked.answered_ms, 0)
        found = estimator.price(account, asked)
        return found if isinstance(found, NoPrice) else found.charge.amount


def reprice(calls: Iterable[PastCall], old: Profile, new: Profile) -> Repriced:
    """`calls` in the order of their answers."""
    lists = _PriceList(old), _PriceList(new)
    repriced = Repriced()
    for call in calls:
        before, after = (prices.cost(call) for prices in lists)
        sums = [repriced.total, repriced.plans.setdefault(call.plan, Sums())]
        if call.account_id:
            sums.append(repriced.accounts.setdefault(call.account_id, Sums()))
        for one in sums:
            _add(one, before, after)
        if isinstance(after, NoPrice):
            repriced.unsold[after.kind] += 1
    return repriced


def _add(sums: Sums, old: int | NoPrice, new: int | NoPrice) -> None:
    sums.calls += 1
    if isinstance(old, NoPrice):
        sums.old_unsold += 1
    else:
        sums.old += old
    if isinstance(new, NoPrice):
        sums.new_unsold += 1
    else:
        sums.new += new
