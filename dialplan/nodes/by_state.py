"""Choose by the state of the subscriber's account (S-14)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dialplan.facts import Facts, Standing
from dialplan.node import Crossing, Exit, given


class ByState(Crossing):
    kind: Literal["by_state"]
    states: Annotated[dict[Standing, str], Field(min_length=1)]
    otherwise: str

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("states", state.value), to) for state, to in self.states.items())
        yield from given({"otherwise": self.otherwise})

    def way(self, facts: Facts) -> str:
        return self.states.get(facts.standing, self.otherwise)
