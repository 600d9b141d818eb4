"""The end: the caller gets this cause."""

from typing import Literal

from dialplan.causes import CauseName
from dialplan.facts import Facts
from dialplan.node import Move, Place, Station
from dialplan.steps import EndCall, Outcome


class HangUp(Station):
    kind: Literal["hang_up"]
    cause: CauseName = CauseName.NORMAL

    def summary(self) -> str:
        return self.cause.value.replace("_", " ")

    def visit(self, place: Place) -> "HangUpVisit":
        return HangUpVisit(self)


class HangUpVisit:
    def __init__(self, node: HangUp) -> None:
        self._node = node

    def begin(self, facts: Facts) -> Move:
        return EndCall(self._node.cause.cause)

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        raise AssertionError("nothing comes of an end")
