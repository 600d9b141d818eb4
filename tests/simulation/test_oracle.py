"""Without faults, the switchboard and the oracle agree on every charge, cut, refusal and balance."""

import pytest

from tests.oracle.comparison import differences
from tests.simulation.nights import draw_night
from tests.simulation.prices import DRAWN, tariffs_of

NIGHTS = 400


@pytest.mark.parametrize("first_seed", range(0, NIGHTS, 50))
def test_what_is_charged_cut_refused_and_left_is_what_the_oracle_says(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 50):
        found = differences(draw_night(seed, faulty=False), *tariffs_of(seed % DRAWN))
        assert not found, f"seed {seed}"
