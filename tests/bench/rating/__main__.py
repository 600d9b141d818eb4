"""One part of the measurements in a process of its own: figures as JSON, for `report.py`."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from rating import ledger
from tests.bench.rating.lateness import lateness_figures
from tests.bench.rating.lookups import load_figures, lookup_figures
from tests.bench.rating.money import money_figures
from tests.bench.rating.outcomes import outcomes
from tests.bench.rating.timers import timer_figures
from tests.bench.rating.yardstick import Figure, one_core, yardsticks

PARTS: dict[str, Callable[..., list[Figure]]] = {
    "money": money_figures,
    "look-ups": lookup_figures,
    "load": load_figures,
    "timers": timer_figures,
    "lateness": lateness_figures,
}


def main() -> int:
    part, how = sys.argv[1:]
    with one_core():
        before = yardsticks()
    figures = [] if part == "outcomes" else PARTS[part](is_quick=how == "quick")
    with one_core():
        after = yardsticks()
    told = {
        "yardsticks": [
            asdict(min(pair, key=lambda one: one.best)) for pair in zip(before, after, strict=True)
        ],
        "figures": [asdict(figure) for figure in figures],
        "is_compiled": ledger.__file__.endswith(".so"),
        "outcomes": outcomes() if part == "outcomes" else None,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
