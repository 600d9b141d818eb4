"""Evenings of subscribers with menus, forwards in waves, mailboxes and numbers that ring each other.

`Night` itself checks after every step that no hold overdraws anything, that no call met a fault of ours, and
that every call has something to wait for.
"""

import pytest

from tests.simulation.spending import spend_evening

EVENINGS = 100


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 25))
def test_nobody_is_lost_in_silence_or_billed_for_what_he_did_not_talk(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 25):
        spend_evening(seed, faulty=False)


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 25))
def test_nobody_is_lost_or_overcharged_on_a_switch_that_errs(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 25):
        spend_evening(seed, faulty=True)
