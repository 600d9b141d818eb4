"""A drawn night, evening or evening of a call centre run to its end, with all that holds of any checked."""

from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from tests.simulation.bills import check_end, check_witnessed
from tests.simulation.evenings import draw_evening
from tests.simulation.nights import draw_night
from tests.simulation.overseer import Overseer
from tests.simulation.prices import DRAWN, tariffs_of
from tests.simulation.queues import draw_call_centre
from tests.simulation.ways import check_good_switch, check_ways


def spend_night(seed: int) -> Night:
    scenario = draw_night(seed, faulty=True)
    night = Night(scenario, tariffs_of(seed % DRAWN)[0])
    night.run()
    check_end(night, scenario, seed)
    check_witnessed(night, scenario, seed)
    return night


def spend_evening(seed: int, *, faulty: bool) -> Night:
    scenario = draw_evening(seed, faulty=faulty)
    night = _spend(scenario, Night(scenario, tariffs_of(seed % DRAWN)[0]), seed)
    if not faulty:
        check_good_switch(night, seed)
    return night


def spend_call_centre(seed: int) -> tuple[Night, Overseer]:
    """On a good switch, under the eyes of an overseer."""
    scenario = draw_call_centre(seed, faulty=False)
    overseer = Overseer(scenario)
    night = _spend(scenario, Night(scenario, tariffs_of(seed % DRAWN)[0], (), overseer.watch), seed)
    check_good_switch(night, seed)
    overseer.nobody_is_left()
    return night, overseer


def spend_faulty_call_centre(seed: int) -> Night:
    scenario = draw_call_centre(seed, faulty=True)
    return _spend(scenario, Night(scenario, tariffs_of(seed % DRAWN)[0]), seed)


def _spend(scenario: Scenario, night: Night, seed: int) -> Night:
    night.run()
    check_end(night, scenario, seed)
    check_witnessed(night, scenario, seed)
    check_ways(night, {told.number: told.read_scheme() for told in scenario.numbers}, seed)
    return night
