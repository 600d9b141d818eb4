"""Evenings of call centres: an overseer with books of his own sees that every line keeps its promises.

Nobody waits while somebody who could take him is free, nobody is overtaken by one of equal priority, a member
has one call at a time and his rest between two, and each strategy chooses whom it says.
"""

from collections import Counter

import pytest

from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from dialplan.steps import Strategy
from tests.simulation.bills import check_end
from tests.simulation.overseer import Overseer
from tests.simulation.prices import DRAWN, tariffs_of
from tests.simulation.queues import draw_call_centre
from tests.simulation.ways import check_good_switch, check_ways

EVENINGS = 120


def spend(scenario: Scenario, seed: int, overseer: Overseer | None = None) -> Night:
    watch = [overseer.watch] if overseer else []
    night = Night(scenario, tariffs_of(seed % DRAWN)[0], (), *watch)
    night.run()
    check_end(night, scenario, seed)
    check_ways(night, {told.number: told.read_scheme() for told in scenario.numbers}, seed)
    return night


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 40))
def test_every_line_keeps_its_order_its_rests_and_its_strategy(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 40):
        scenario = draw_call_centre(seed, faulty=False)
        overseer = Overseer(scenario)
        try:
            check_good_switch(spend(scenario, seed, overseer), seed)
            overseer.nobody_is_left()
        except AssertionError as broken:
            raise AssertionError(f"seed {seed}") from broken


def test_who_weighs_more_is_chosen_more_often_and_every_strategy_was_seen() -> None:
    offers, heavy, expected = Counter[Strategy](), 0, 0.0
    for seed in range(EVENINGS):
        scenario = draw_call_centre(seed, faulty=False)
        overseer = Overseer(scenario)
        spend(scenario, seed, overseer)
        offers += overseer.offers
        heavy, expected = heavy + overseer.heavy, expected + overseer.heavy_expected
    assert set(offers) == set(Strategy)
    assert abs(heavy - expected) < expected / 5, f"{heavy} offers to who weighs most, {expected} expected"


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 40))
def test_nobody_is_lost_in_a_line_on_a_switch_that_errs(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 40):
        spend(draw_call_centre(seed, faulty=True), seed)
