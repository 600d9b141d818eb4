"""Time limits that Asterisk has for legs, in case we die: of what costs nothing, of calls for help. One claim
each."""

from callctl.calls.events import LegAnswered, LegEnded, LegReady, OrderRefused, Why
from callctl.calls.orders import Bound, HangUp, JoinAndDial, PlaceLeg
from callctl.calls.records import LegHeld
from tests.transcripts.test_seats import desk, hears, place, talking, types
from tests.transcripts.words import A, B, Desk

C = "leg2-a"
HELP = "112"
PATIENCE_MS, HELP_PATIENCE_MS, SECOND_CUT_MS = 20_000, 120_000, 20_000


def test_a_seat_that_does_not_ring_yet_has_a_limit_and_so_has_its_caller() -> None:
    bound, _, placed = desk(0).arrive()
    assert isinstance(placed, PlaceLeg)
    assert placed.until_ms == PATIENCE_MS + SECOND_CUT_MS
    assert bound == Bound(A, PATIENCE_MS + SECOND_CUT_MS)


def test_once_a_seat_rings_for_its_caller_a_talk_needs_nobody() -> None:
    at = desk(0)
    at.arrive()
    join, *limits = at.hear(LegReady(B), 40)
    assert isinstance(join, JoinAndDial)
    assert limits == [Bound(B, None), Bound(A, None)]


def test_seats_that_ring_apart_from_their_caller_keep_their_limit() -> None:
    both = "start: f\nnodes:\n  f: {kind: forward, to: [{all: [{seat: anna}, {seat: '201'}]}]}\n"
    at = desk(0, both)
    at.arrive()
    assert not [order for order in at.hear(LegReady(B), 40) if isinstance(order, Bound)]
    assert [order for order in at.hear(LegAnswered(B), 2_000) if isinstance(order, Bound)] == [
        Bound(A, None),
        Bound(B, None),
    ]


def test_a_seat_that_is_asked_whether_it_takes_the_call_keeps_its_limit() -> None:
    asking = "start: f\nnodes:\n  f: {kind: forward, to: [{seat: anna}], accept: {digit: '1'}}\n"
    at = desk(0, asking)
    at.arrive()
    orders = hears(at, 2_000, LegReady(B), LegAnswered(B))
    assert not [order for order in orders if isinstance(order, Bound)]


def test_who_calls_for_help_has_the_limit_of_the_dialplan_until_help_is_dialled() -> None:
    at = Desk(0)
    held, placed = at.arrive(number=HELP)
    assert isinstance(held, LegHeld) and isinstance(placed, PlaceLeg)
    assert placed.until_ms == HELP_PATIENCE_MS + SECOND_CUT_MS
    endless, join, of_caller = at.hear(LegReady(B), 5)
    assert isinstance(join, JoinAndDial)
    assert (endless, of_caller) == (Bound(B, None), Bound(A, None))


def test_whom_the_dialplan_helps_instead_of_us_is_never_hung_up() -> None:
    at = Desk(0)
    at.arrive(number=HELP)
    at.hear(LegReady(B), 5)
    at.hear(LegEnded(A), 2_000)
    orders = at.wake(600_000)
    assert HangUp(A, 16) not in orders and HangUp(B, 16) in orders


def test_a_talk_that_costs_nothing_is_freed_again_if_asterisk_did_not_take_it() -> None:
    at = talking()
    at.hear(OrderRefused(Bound(B, None), Why.UNKNOWN), 2_100)
    assert at.wake(3_100) == [Bound(A, None), Bound(B, None)]
    assert at.wake(10_000) == []


def test_a_limit_of_who_is_consulted_that_asterisk_did_not_take_is_said_again() -> None:
    at = talking()
    types(at, "*389161110002#", 3_000)
    (first,) = [o for o in hears(at, 4_000, LegReady(C), LegAnswered(C)) if isinstance(o, Bound)]
    assert first.leg_id == C and first.until_ms
    at.hear(OrderRefused(first, Why.UNKNOWN), 4_100)
    assert at.wake(5_100) == [first]


def test_a_colleague_who_is_consulted_has_a_limit_until_he_answers() -> None:
    at = talking()
    orders = types(at, "*3201#", 3_000)
    assert place(orders).until_ms == 3_000 + 30_000 + SECOND_CUT_MS
