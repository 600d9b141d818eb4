"""A ledger that keeps nothing but lists, and sums them up anew for each question."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rating.funds import Funds
from rating.ledger import Hold
from rating.limits import LimitKind

Draws = list[tuple[str, int]]


@dataclass
class Promise:
    """What one hold has: each unit with what it draws."""

    hold: Hold
    owner: str
    pots: tuple[str, ...]
    month: str
    number: str
    is_owed: bool = False
    setup: Draws = field(default_factory=list)
    units: list[Draws] = field(default_factory=list)

    def draws(self) -> Iterator[tuple[str, int]]:
        yield from self.setup
        for unit in self.units:
            yield from unit

    def taken(self, units: int, *, with_setup: bool) -> dict[str, int]:
        sums: dict[str, int] = {}
        for draws in [self.setup if with_setup else [], *self.units[:units]]:
            for pot, amount in draws:
                sums[pot] = sums.get(pot, 0) + amount
        return sums


@dataclass
class NaiveLedger:
    lines: list[tuple[str, str, int]] = field(default_factory=list)  # owner, pot, amount
    grants: list[tuple[str, str, int]] = field(default_factory=list)  # gift seconds; the last one counts
    funds: list[tuple[str, Funds]] = field(default_factory=list)  # the last one counts
    limits: list[tuple[str, str, int | None, LimitKind]] = field(default_factory=list)  # the last one counts
    spent: list[tuple[str, str, str, int]] = field(default_factory=list)  # owner, number, month, money
    promises: dict[str, Promise] = field(default_factory=dict)

    def left(self, owner: str, pot: str) -> int:
        granted = [amount for one, name, amount in self.grants if (one, name) == (owner, pot)]
        moved = sum(amount for one, name, amount in self.lines if (one, name) == (owner, pot))
        return (granted[-1] if granted else 0) + moved

    def held(self, owner: str, pot: str) -> int:
        mine = [promise for promise in self.promises.values() if promise.owner == owner]
        return sum(amount for promise in mine for name, amount in promise.draws() if name == pot)

    def free(self, owner: str, pot: str) -> int:
        return self.left(owner, pot) - self.held(owner, pot)

    def funds_of(self, owner: str) -> Funds:
        return [funds for one, funds in self.funds if one == owner][-1]

    def level(self, owner: str, month: str) -> int:
        funds = self.funds_of(owner)
        own = self.left(owner, "") + funds.credit - funds.threshold
        return own + sum(self.left(owner, pot) for pot in self.paid_pots(owner, month))

    def available(self, owner: str) -> int:
        funds = self.funds_of(owner)
        return self.free(owner, "") + funds.credit - funds.threshold

    def available_in(self, owner: str, month: str) -> int:
        return self.available(owner) + sum(self.free(owner, pot) for pot in self.paid_pots(owner, month))

    def paid_pots(self, owner: str, month: str) -> set[str]:
        names = {pot for one, pot, _ in self.lines if one == owner}
        return {pot for pot in names if pot.startswith("paid/") and pot.endswith(month)}

    def limit(self, owner: str, number: str) -> tuple[int, LimitKind] | None:
        found = [(most, kind) for one, name, most, kind in self.limits if (one, name) == (owner, number)]
        most, kind = found[-1] if found else (None, LimitKind.LIMIT)
        return None if most is None else (most, kind)

    def spent_on(self, owner: str, number: str, month: str) -> int:
        return sum(money for *where, money in self.spent if where == [owner, number, month])

    def held_on(self, owner: str, number: str, month: str) -> int:
        where = (owner, number, month)
        mine = [one for one in self.promises.values() if (one.owner, one.number, one.month) == where]
        return sum(amount for one in mine for pot, amount in one.draws() if not pot.startswith("gift"))

    def under_limit(self, owner: str, number: str, month: str) -> int:
        """What the number may still spend; without a limit, more than there is."""
        limit = self.limit(owner, number)
        if limit is None:
            return 10**15
        return limit[0] - self.spent_on(owner, number, month) - self.held_on(owner, number, month)

    def is_stopped(self, promise: Promise) -> bool:
        owner, number, month = promise.owner, promise.number, promise.month
        limit = self.limit(owner, number)
        if limit and limit[1] is LimitKind.STOP and self.spent_on(owner, number, month) >= limit[0]:
            return True
        level, funds = self.level(owner, month), self.funds_of(owner)
        return level <= 0 if funds.stops_at_level else level < 0

    def draws(self, promise: Promise, price: int, seconds: int) -> Draws | None:
        """What pays for one unit, or None: pot after pot in its order, a gift whole or not at all."""
        owner, month = promise.owner, promise.month
        found: Draws = []
        left = price
        is_payable = promise.is_owed or (
            price <= self.available_in(owner, month)
            and price <= self.under_limit(owner, promise.number, month)
        )
        for pot in promise.pots if price else ():
            if pot.startswith("gift"):
                is_open = promise.is_owed or not self.is_stopped(promise)
                is_needed = left > 0 or not is_payable
                if is_needed and seconds and is_open and self.free(owner, pot) >= seconds:
                    return [(pot, seconds)]
                continue
            free = self.free(owner, pot) if pot else self.available(owner)
            part = left if promise.is_owed and not pot else min(left, max(0, free))
            found += [(pot, part)] if part else []
            left -= part
        return found if left == 0 and (is_payable or not price) else None
