"""The limit of one number: what its connections may cost in a month (GAZ-15.8).

Rule 1: it comes on top of the account's own limit; both must hold.
"""

from dataclasses import dataclass, field
from enum import Enum

from rating.money import Money


class LimitKind(Enum):
    """What ends when the limit is reached."""

    LIMIT = "limit"  # paid connections; free ones, such as incoming calls, go on
    STOP = "stop"  # everything but emergency calls


@dataclass(slots=True)
class NumberLimit:
    number: str
    most: Money
    kind: LimitKind
    spent: dict[str, int] = field(default_factory=dict)  # by month
    held: dict[str, int] = field(default_factory=dict)  # by month

    def free(self, month: str) -> int:
        return self.most - self.spent.get(month, 0) - self.held.get(month, 0)

    def hold(self, month: str, amount: int) -> None:
        held = self.held.get(month, 0) + amount
        assert held >= 0, (self, month, amount)
        self.held[month] = held

    def is_stopped(self, month: str) -> bool:
        return self.kind is LimitKind.STOP and self.spent.get(month, 0) >= self.most
