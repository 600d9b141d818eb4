"""Record the talk that comes, both sides, from its first word.

Rule 1: a talk that cannot be recorded takes place: it is known only when it begins, and better than none.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.steps import Outcome, RecordTalk

KEEP_DAYS_MAX = 3 * 366


class Record(Station):
    kind: Literal["record"]
    beep: bool = False
    keep_days: Annotated[int, Field(ge=1, le=KEEP_DAYS_MAX)] | None = None
    then: str

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then})

    def summary(self) -> str:
        return f"kept {self.keep_days} days" if self.keep_days else ""

    def visit(self, place: Place) -> "RecordVisit":
        return RecordVisit(self)


class RecordVisit:
    def __init__(self, node: Record) -> None:
        self._node = node

    def begin(self, facts: Facts) -> Move:
        return RecordTalk(self._node.beep, self._node.keep_days)

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        return Go(self._node.then)
