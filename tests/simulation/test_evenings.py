"""Evenings of subscribers with menus, forwards in waves, mailboxes and numbers that ring each other.

`Night` itself checks after every step that no hold overdraws anything, that no call met a fault of ours, and
that every call has something to wait for.
"""

import pytest

from callctl.simulate.night import Night
from tests.simulation.bills import check_end
from tests.simulation.evenings import draw_evening
from tests.simulation.prices import DRAWN, tariffs_of
from tests.simulation.ways import check_good_switch, check_ways

EVENINGS = 100


def spend(seed: int, *, faulty: bool) -> Night:
    scenario = draw_evening(seed, faulty=faulty)
    night = Night(scenario, tariffs_of(seed % DRAWN)[0])
    night.run()
    check_end(night, scenario, seed)
    check_ways(night, {told.number: told.read_scheme() for told in scenario.numbers}, seed)
    return night


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 25))
def test_nobody_is_lost_in_silence_or_billed_for_what_he_did_not_talk(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 25):
        check_good_switch(spend(seed, faulty=False), seed)


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 25))
def test_nobody_is_lost_or_overcharged_on_a_switch_that_errs(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 25):
        spend(seed, faulty=True)
