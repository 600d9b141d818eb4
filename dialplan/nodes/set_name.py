"""Give the caller a name, which the phones that are rung from here on show beside his number."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dialplan.facts import Facts
from dialplan.node import Exit, Go, Move, Place, Station, given
from dialplan.steps import NameCaller, Outcome

NAME_LENGTH_MAX = 40


def _printable(text: str) -> str:
    if not text.isprintable() or '"' in text or not text.strip():
        raise ValueError("a name is printable and has no double quotes")
    return text


class SetName(Station):
    kind: Literal["set_name"]
    name: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX), AfterValidator(_printable)]
    then: str

    def exits(self) -> Iterator[Exit]:
        return given({"then": self.then})

    def summary(self) -> str:
        return self.name

    def visit(self, place: Place) -> "SetNameVisit":
        return SetNameVisit(self)


class SetNameVisit:
    def __init__(self, node: SetName) -> None:
        self._node = node

    def begin(self, facts: Facts) -> Move:
        return NameCaller(self._node.name)

    def go_on(self, outcome: Outcome, facts: Facts) -> Move:
        """Whatever came of it: a call without the name is better than none."""
        return Go(self._node.then)
