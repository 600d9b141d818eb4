"""Record the talk that comes, both sides, from its first word.

Rule 1: when it cannot be recorded the way is `failed`, else `then`: a talk unrecorded is better than none.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.steps import Done, Failed, Outcome, RecordTalk

KEEP_DAYS_MAX = 3 * 366


class Record(Station):
    kind: Literal["record"]
    beep: bool = False
    keep_days: Annotated[int, Field(ge=1, le=KEEP_DAYS_MAX)] | None = None
    then: str
    failed: str | None = None

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then, "failed": self.failed})

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
        assert isinstance(outcome, Done | Failed), outcome
        is_failed = isinstance(outcome, Failed)
        return Go((is_failed and self._node.failed) or self._node.then)
