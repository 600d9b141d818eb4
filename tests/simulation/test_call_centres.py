"""Evenings of call centres: an overseer with books of his own sees that every line keeps its promises.

Nobody waits while somebody who could take him is free, nobody is overtaken by one of equal priority, a member
has one call at a time and his rest between two, each strategy chooses whom it says, and who asked for it is
called back in his turn.
"""

from collections import Counter

import pytest

from callctl.calls.records import PromiseEnd
from dialplan.steps import Strategy
from tests.simulation.spending import spend_call_centre, spend_faulty_call_centre

EVENINGS = 120


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 40))
def test_every_line_keeps_its_order_its_rests_its_strategy_and_its_promises(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 40):
        try:
            spend_call_centre(seed)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed}") from broken


def test_who_weighs_more_is_chosen_more_often_and_every_strategy_and_end_of_a_promise_was_seen() -> None:
    offers, ends, heavy, expected = Counter[Strategy](), Counter[PromiseEnd](), 0, 0.0
    for seed in range(EVENINGS):
        _, overseer = spend_call_centre(seed)
        offers += overseer.offers
        ends += overseer.called_back
        heavy, expected = heavy + overseer.heavy, expected + overseer.heavy_expected
    assert set(offers) == set(Strategy)
    assert set(ends) >= set(PromiseEnd) - {PromiseEnd.REFUSED}
    assert abs(heavy - expected) < expected / 5, f"{heavy} offers to who weighs most, {expected} expected"


@pytest.mark.parametrize("first_seed", range(0, EVENINGS, 40))
def test_nobody_is_lost_in_a_line_on_a_switch_that_errs(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 40):
        spend_faulty_call_centre(seed)
