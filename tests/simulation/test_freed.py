"""A call that is over is gone from memory at once: the service collects what is left to Python's collector so
seldom that a busy hour of calls would wait for it."""

import gc
from collections.abc import Iterator

import pytest

from callctl.calls.call import Call
from callctl.simulate.night import Night
from tests.simulation.spending import spend_call_centre, spend_evening, spend_night

SEEDS = range(4)


def nights(seed: int) -> list[Night]:
    return [spend_night(seed), spend_evening(seed, faulty=True), spend_call_centre(seed)[0]]


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_no_call_of_a_night_waits_for_the_collector() -> None:
    kept = [night for seed in SEEDS for night in nights(seed)]
    left = [one for one in gc.get_objects() if isinstance(one, Call)]
    running = sum(night.switchboard.calls_running for night in kept)
    assert len(left) == running
