"""What the nodes that ring somebody have in common: an exit for each outcome.

Rule 1: `otherwise` is for the outcomes that are not named. Without any the caller is told which it was.
"""

from collections.abc import Iterator

from dialplan.causes import Cause
from dialplan.node import Exit, Go, Move, Station, given
from dialplan.steps import EndCall, NotReached

# What the caller is told when the scheme says nothing of the outcome.
SILENT_END = {
    NotReached.BUSY: Cause.BUSY,
    NotReached.NO_ANSWER: Cause.NO_ANSWER,
    NotReached.UNREACHABLE: Cause.CONGESTION,
    NotReached.REFUSED: Cause.REJECTED,
}


class Ringing(Station):
    busy: str | None = None
    no_answer: str | None = None
    unreachable: str | None = None
    refused: str | None = None
    otherwise: str | None = None

    def exits(self) -> Iterator[Exit]:
        yield from given({"no_answer": self.no_answer}, waits=True)
        yield from given({"busy": self.busy, "unreachable": self.unreachable, "refused": self.refused})
        has_hasty_ways_named = None not in (self.busy, self.unreachable, self.refused)
        yield from given({"otherwise": self.otherwise}, waits=has_hasty_ways_named)

    def after(self, outcome: NotReached) -> Move:
        named = {
            NotReached.BUSY: self.busy,
            NotReached.NO_ANSWER: self.no_answer,
            NotReached.UNREACHABLE: self.unreachable,
            NotReached.REFUSED: self.refused,
        }
        exit = named[outcome] or self.otherwise
        return EndCall(SILENT_END[outcome]) if exit is None else Go(exit)
