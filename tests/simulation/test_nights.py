"""Nights on a switch that delays, doubles, drops, refuses and wakes late: the promises hold all the same.

`Night` itself checks after every step that no hold overdraws anything and that no call met a fault of ours.
"""

import pytest

from tests.simulation.spending import spend_night

NIGHTS = 400


@pytest.mark.parametrize("first_seed", range(0, NIGHTS, 50))
def test_everything_comes_to_rest_and_nobody_pays_for_more_than_was_talked(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 50):
        spend_night(seed)
