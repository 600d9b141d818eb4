"""What a seat hears when it types a number that is nobody's."""

import pytest

from callctl.calls.events import PromptEnded
from callctl.calls.orders import Order, PlayToLeg, StopPlaying
from callctl.calls.states import State
from tests.transcripts.test_seats import ANNA, hears, state, talking, types
from tests.transcripts.words import A, B

SERIAL = 2


def told(language: str, serial: int = SERIAL) -> Order:
    return PlayToLeg(B, serial, (f"{language}/transfer/nobody",))


@pytest.mark.parametrize("keys", ["*2#", "*2999#", "*3999#"])
def test_a_number_of_nobody_is_told_to_the_seat_and_the_talk_goes_on(keys: str) -> None:
    at = talking()
    assert types(at, keys, 5_000) == [told("ru")]
    assert state(at) is State.TALKING


def test_it_is_told_in_the_language_of_the_scheme() -> None:
    at = talking(scheme="language: en\n" + ANNA)
    assert types(at, "*2999#", 5_000) == [told("en")]


def test_who_types_on_while_it_is_told_does_not_wait_for_its_end() -> None:
    at = talking()
    types(at, "*2999#", 5_000)
    orders = types(at, "*2998#", 6_000)
    assert orders == [StopPlaying(B, SERIAL), told("ru", SERIAL + 1)]


@pytest.mark.parametrize(
    ("leg_id", "serial", "is_over"), [(B, SERIAL, True), (B, 1, False), (A, SERIAL, False)]
)
def test_only_the_end_of_what_is_told_is_its_end(leg_id: str, serial: int, *, is_over: bool) -> None:
    at = talking()
    types(at, "*2999#", 5_000)
    hears(at, 6_000, PromptEnded(leg_id, serial))
    assert (StopPlaying(B, SERIAL) in types(at, "*1", 7_000)) is not is_over
