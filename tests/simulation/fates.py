"""Drawn nights, evenings and call centres on which the service dies now and then, and the database fails.

Rule 1: on a switch that obeys every bill is proven to the second; on one that errs, that the books are right,
    and that everything comes to rest.
"""

from random import Random

from callctl.simulate.told import Faults
from tests.simulation.evenings import draw_evening
from tests.simulation.lives import Fate, Lives, directory_of
from tests.simulation.nights import draw_night
from tests.simulation.prices import DRAWN, tariffs_of
from tests.simulation.proofs import check, check_rest
from tests.simulation.queues import draw_call_centre
from tests.simulation.store import Failure

# Lines of the office that take money away from under the calls; here only payments come.
TAKEN = ("corrections", "refunds", "chargebacks", "guarantees", "late", "clock_jumps", "loads")


def spend_deadly(seed: int, *, faulty: bool) -> Lives:
    luck = Random(f"fate {seed}")
    draw = (draw_night, draw_evening, draw_call_centre)[seed % 3]
    scenario = draw(seed, faulty=faulty)
    scenario = scenario.model_copy(update={name: [] for name in TAKEN})
    directory = directory_of(scenario, tariffs_of(seed % DRAWN)[0])
    night = Lives(scenario, directory, draw_fate(luck)).run()
    if faulty and scenario.faults != Faults():
        check_rest(night)
    else:
        check(night)
    return night


def draw_fate(luck: Random) -> Fate:
    steps = luck.choice([40, 400, 4_000])
    return Fate(
        dies_before=tuple(luck.randint(1, steps) for _ in range(luck.choice([1, 2, 10]))),
        down_ms=tuple(luck.choice([100, 100, 300, 2_500, 20_000]) for _ in range(3)),
        failure=_draw_failure(luck),
        write_ms_max=luck.choice([0, 5, 300]),
    )


def _draw_failure(luck: Random) -> Failure | None:
    if luck.random() < 0.5:
        return None
    return Failure(luck.randint(1, 40), luck.choice([50, 1_500, 30_000]), stands=luck.random() < 0.5)
