"""Choose by who calls: his number, its prefix, his region, or that he does not say it.

Rule 1: the first rule that fits has the way; a rule fits when any of what it lists does.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dialplan.facts import Facts
from dialplan.node import Crossing, Exit, given
from dialplan.regions import RegionName, region_of
from dialplan.several import ONE_OR_SEVERAL, few
from dialplan.targets import Number, Part

RULES_MAX = 100
NUMBERS_MAX = 5000
PREFIXES_MAX = 500

_PUNCTUATION = re.compile(r"[\s()\-.]")
_PREFIX = re.compile(r"\+?[1-9]\d{0,14}")


def _prefix(text: str) -> str:
    bare = _PUNCTUATION.sub("", text)
    if not _PREFIX.fullmatch(bare):
        raise ValueError("not the beginning of a number, like +7495")
    if bare.startswith("8"):
        raise ValueError("begins with 8: write +7… for Russia, +8… for another country")
    return bare.removeprefix("+")


Prefix = Annotated[str, AfterValidator(_prefix)]


class CallerRule(Part):
    numbers: Annotated[frozenset[Number], Field(max_length=NUMBERS_MAX), ONE_OR_SEVERAL] = frozenset()
    prefixes: Annotated[tuple[Prefix, ...], Field(max_length=PREFIXES_MAX), ONE_OR_SEVERAL] = ()
    regions: Annotated[frozenset[RegionName], ONE_OR_SEVERAL] = frozenset()
    anonymous: bool = False
    go: str

    @model_validator(mode="after")
    def _asks_something(self) -> "CallerRule":
        if not (self.numbers or self.prefixes or self.regions or self.anonymous):
            raise ValueError("give `numbers`, `prefixes`, `regions`, `anonymous` or several")
        return self

    def __str__(self) -> str:
        regions = sorted(region.replace("_", " ") for region in self.regions)
        prefixes = [f"+{prefix}…" for prefix in self.prefixes]
        return few([*regions, *prefixes, *sorted(self.numbers), *(["hidden"] if self.anonymous else [])])

    def fits(self, caller: str) -> bool:
        if not caller:
            return self.anonymous
        return caller in self.numbers or caller.startswith(self.prefixes) or region_of(caller) in self.regions


class ByCaller(Crossing):
    kind: Literal["by_caller"]
    rules: Annotated[list[CallerRule], Field(min_length=1, max_length=RULES_MAX)]
    otherwise: str

    def exits(self) -> Iterator[Exit]:
        yield from (Exit(("rules", index, "go"), rule.go) for index, rule in enumerate(self.rules))
        yield from given({"otherwise": self.otherwise})

    def label(self, exit: Exit) -> str:
        match exit.field:
            case ("rules", int(place), _):
                return str(self.rules[place])
        return super().label(exit)

    def way(self, facts: Facts) -> str:
        return next((rule.go for rule in self.rules if rule.fits(facts.caller)), self.otherwise)
