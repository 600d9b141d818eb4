"""Ring a seat of the subscriber's own: all its devices at once.

Rule 1: a seat that wants no calls, or talks already and takes one at a time, is busy.
"""

from collections.abc import Iterator
from typing import Literal

from dialplan.facts import Facts
from dialplan.node import Move, Place
from dialplan.nodes.ringing import Ringing
from dialplan.steps import Hears, NotReached, Outcome, Ring
from dialplan.targets import PatienceS, Seat, SeatName, Target


class Extension(Ringing):
    kind: Literal["extension"]
    seat: SeatName
    patience_s: PatienceS = 30
    hears: Hears = Hears.TARGET

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], Target]]:
        yield ("seat",), Seat(self.seat)

    def summary(self) -> str:
        return f"{Seat(self.seat)}, {self.patience_s} s"

    def visit(self, place: Place) -> "ExtensionVisit":
        return ExtensionVisit(self)


class ExtensionVisit:
    def __init__(self, node: Extension) -> None:
        self._node = node

    def begin(self, facts: Facts) -> Move:
        return Ring((Seat(self._node.seat),), self._node.patience_s * 1000, self._node.hears)

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        assert isinstance(outcome, NotReached), outcome
        return self._node.after(outcome)
