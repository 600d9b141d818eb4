"""What a seat hears when it types a number that is nobody's."""

import pytest

from callctl.calls.events import LegAnswered, LegReady, PromptEnded
from callctl.calls.orders import Join, Order, PlayToLeg, RingBack, StopPlaying
from callctl.calls.states import State
from tests.transcripts.test_seats import ANNA, C, hears, state, talking, types
from tests.transcripts.words import A, B, Desk

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


def consulting() -> Desk:
    at = talking()
    types(at, "*3201#", 3_000)
    at.hear(LegReady(C), 3_040)
    return at


def test_it_is_told_also_while_a_colleague_is_asked_who_rings_on() -> None:
    at = consulting()
    assert types(at, "*2999#", 5_000) == [told("ru")]
    assert at.hear(PromptEnded(B, SERIAL), 7_000) == [RingBack(B)]


def test_a_colleague_who_answers_meanwhile_is_heard_at_once() -> None:
    at = consulting()
    types(at, "*2999#", 5_000)
    orders = at.hear(LegAnswered(C), 6_000)
    assert orders.index(StopPlaying(B, SERIAL)) < orders.index(Join(A, (B,)))


def test_whoever_has_his_caller_back_hears_no_ringing() -> None:
    at = consulting()
    types(at, "*2999#", 5_000)
    assert types(at, "*1", 6_000)[0] == StopPlaying(B, SERIAL)
    assert at.hear(PromptEnded(B, SERIAL), 6_010) == []
