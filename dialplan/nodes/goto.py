"""On to another node: one way with several signs."""

from collections.abc import Iterator
from typing import Literal

from dialplan.facts import Facts
from dialplan.node import Crossing, Exit, given


class Goto(Crossing):
    kind: Literal["goto"]
    to: str

    def exits(self) -> Iterator[Exit]:
        return given({"to": self.to})

    def way(self, facts: Facts) -> str:
        return self.to
