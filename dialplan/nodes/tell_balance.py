"""Tell the caller how much money there is.

Rule 1: it is told to whoever comes here: a choice by the caller, or a menu that few know, stands before it.
Rule 2: what is told is what could be spent now; money that is held for other calls is not in it.
"""

from collections.abc import Iterator
from typing import Literal

from dialplan.facts import Facts
from dialplan.node import Exit, Move, Place, Station, given
from dialplan.nodes.play import after_saying
from dialplan.speech.say import say_balance
from dialplan.steps import Outcome, Play


class TellBalance(Station):
    kind: Literal["tell_balance"]
    then: str | None = None
    failed: str | None = None

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then, "failed": self.failed})

    @property
    def can_end(self) -> bool:
        return self.then is None

    def summary(self) -> str:
        return "balance"

    def visit(self, place: Place) -> "TellBalanceVisit":
        return TellBalanceVisit(self, place)


class TellBalanceVisit:
    def __init__(self, node: TellBalance, place: Place) -> None:
        self._node = node
        self._place = place

    def begin(self, facts: Facts) -> Move:
        return Play(say_balance(facts.available_kopecks, self._place.language))

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        return after_saying(outcome, self._node.then, self._node.failed)
