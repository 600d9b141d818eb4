"""Choose by the money that the subscriber could spend now.

Rule 1: the first rule that the money is below has the way; the sums of the rules rise.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, model_validator

from dialplan.facts import Facts
from dialplan.node import Crossing, Exit, given
from dialplan.targets import Part

RULES_MAX = 20

_ROUBLES = re.compile(r"(-?)(\d{1,9})(?:[.,](\d\d))?")


class Sum(int):
    """Kopecks, which a scheme writes in roubles."""

    def __str__(self) -> str:
        whole, rest = divmod(abs(self), 100)
        return f"{'-' if self < 0 else ''}{whole}{f'.{rest:02}' if rest else ''} RUB"


def _sum(written: object) -> Sum:
    match = _ROUBLES.fullmatch(str(written).replace(" ", ""))
    if match is None:
        raise ValueError("not a sum in roubles, like 100 or 99.50")
    sign, roubles, kopecks = match.groups()
    return Sum((-1 if sign else 1) * (int(roubles) * 100 + int(kopecks or 0)))


class Below(Part):
    below: Annotated[Sum, PlainValidator(_sum)]
    go: str


class ByBalance(Crossing):
    kind: Literal["by_balance"]
    rules: Annotated[list[Below], Field(min_length=1, max_length=RULES_MAX)]
    otherwise: str

    @model_validator(mode="after")
    def _sums_rise(self) -> "ByBalance":
        if any(first.below >= second.below for first, second in pairwise(self.rules)):
            raise ValueError("the sums of the rules must rise: a later rule would never have a say")
        return self

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("rules", index, "go"), rule.go) for index, rule in enumerate(self.rules))
        yield from given({"otherwise": self.otherwise})

    def label(self, exit: Exit) -> str:
        match exit.field:
            case ("rules", int(place), _):
                return f"below {self.rules[place].below}"
        return super().label(exit)

    def way(self, facts: Facts) -> str:
        ways = (rule.go for rule in self.rules if facts.available_kopecks < rule.below)
        return next(ways, self.otherwise)
