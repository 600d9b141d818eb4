"""Share the callers out by percentages.

Rule 1: a caller who calls again goes the way he went; with `same_caller: false`, and when he does not say his
    number, each call is a new draw.
Rule 2: the draw is a digest of who calls and of where the ways lead: nothing is kept, and two such nodes one
    after the other do not draw alike.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dialplan.facts import Facts
from dialplan.node import Crossing, Exit
from dialplan.targets import Part

WAYS_MAX = 20
_WHOLE = 100


class Way(Part):
    percent: Annotated[int, Field(ge=1, le=_WHOLE)]
    go: str


class Share(Crossing):
    kind: Literal["share"]
    ways: Annotated[list[Way], Field(min_length=1, max_length=WAYS_MAX)]
    same_caller: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> "Share":
        if (whole := sum(way.percent for way in self.ways)) != _WHOLE:
            raise ValueError(f"the percentages make {whole}, not {_WHOLE}")
        return self

    def exits(self) -> Iterator[Exit]:
        return (Exit(("ways", index, "go"), way.go) for index, way in enumerate(self.ways))

    def label(self, exit: Exit) -> str:
        match exit.field:
            case ("ways", int(place), _):
                return f"{self.ways[place].percent} %"
        return super().label(exit)

    def way(self, facts: Facts) -> str:
        who = (self.same_caller and facts.caller) or facts.call_id
        drawn = self._draw(who)
        bounds = accumulate(way.percent for way in self.ways)
        return next(way.go for way, bound in zip(self.ways, bounds, strict=True) if drawn < bound)

    def _draw(self, who: str) -> int:
        """A number from 0 to 99."""
        text = "\n".join((who, *(way.go for way in self.ways)))
        return int.from_bytes(sha256(text.encode()).digest()[:8], "big") % _WHOLE
