"""From when on a seat is engaged, and until when. One claim each."""

import pytest

from callctl.calls.events import DigitPressed, LegAnswered, LegEnded, LegReady, SeatDialled
from callctl.calls.orders import HangUp
from callctl.calls.seats import SeatTold
from dialplan.causes import Cause
from tests.transcripts.test_seats import C, desk, gone, hears, talking, types
from tests.transcripts.words import A, B, Desk

ACCEPTED = "start: anna\nnodes:\n  anna: {kind: forward, to: [{seat: anna}], accept: {digit: '1'}}\n"


def is_engaged(at: Desk, seat: str) -> bool:
    return at.board.seats.is_engaged("ann", seat)


def consulting() -> Desk:
    """Anna asks seat 201."""
    at = talking()
    types(at, "*3201#", 5_000)
    hears(at, 7_000, LegReady(C), LegAnswered(C))
    return at


def asked() -> Desk:
    """Anna has answered and not taken the call so far."""
    at = desk(scheme=ACCEPTED)
    at.arrive()
    hears(at, 2_000, LegReady(B), LegAnswered(B))
    return at


def test_a_seat_that_only_rings_is_not_engaged() -> None:
    at = desk()
    at.arrive()
    at.hear(LegReady(B), 2_000)
    assert not is_engaged(at, "anna")


def test_a_seat_that_is_consulted_is_busy_for_the_next() -> None:
    at = consulting()
    at.board.seats.tell(SeatTold("ann", "boris", ("boris-phone",), shows=at.number))
    orders = at.hear(SeatDialled("w", "boris-phone", "201"), 8_000)
    assert orders[-1:] == [HangUp("w", Cause.BUSY)]


def test_a_seat_that_was_consulted_is_free_when_the_other_takes_its_caller_back() -> None:
    at = consulting()
    types(at, "*1", 12_000)
    assert not is_engaged(at, "201")


def test_a_seat_that_consulted_is_free_when_it_leaves_its_caller_to_the_other() -> None:
    at = consulting()
    gone(at, B, 12_000)
    assert (is_engaged(at, "anna"), is_engaged(at, "201")) == (False, True)


def test_a_seat_that_is_asked_whether_it_takes_a_call_is_busy_for_the_next() -> None:
    at = asked()
    assert at.arrive(3_000, "b")[-1:] == [HangUp("b", Cause.BUSY)]


@pytest.mark.parametrize("digit", ["1", "2"])
def test_a_seat_is_engaged_after_it_was_asked_only_if_it_took_the_call(digit: str) -> None:
    at = asked()
    at.hear(DigitPressed(B, digit), 4_000)
    assert is_engaged(at, "anna") is (digit == "1")


def test_a_call_that_ends_cannot_be_picked_up() -> None:
    at = desk()
    at.arrive()
    at.hear(LegReady(B), 50)
    at.hear(LegEnded(A), 1_000)
    assert at.hear(SeatDialled("p", "201-phone", "*8"), 1_001) == [HangUp("p", Cause.NOT_FOUND)]
