"""What happened while nobody told us, and a list and the witness say it afterwards. One claim each.

The plan is one rouble for each six seconds. A calls, B is called, and the news are lost from the fifth second
to the twenty-eighth.
"""

from collections.abc import Mapping

from callctl.calls.events import LegAnswered, LegEnded, LegGone, LegReady, LegsListed
from callctl.calls.orders import HangUp, Order
from callctl.calls.records import EndedBy, LegSettled
from dialplan.causes import Cause
from tests.transcripts.words import A, B, Desk

LOST_MS, ASKED_MS = 5_000, 28_000
Moments = Mapping[str, int]
NOTHING: Moments = {}


def ringing(desk: Desk) -> Desk:
    desk.arrive()
    desk.hear(LegReady(B), 5)
    return desk


def talking(desk: Desk) -> Desk:
    ringing(desk)
    for leg_id in (B, A):
        desk.hear(LegAnswered(leg_id), 2_000)
    return desk


def listed(
    *alive: str,
    up: bool = True,
    answered: Moments = NOTHING,
    ended: Moments = NOTHING,
    is_after_gap: bool = True,
) -> LegsListed:
    ids = frozenset(alive)
    return LegsListed(ids, ids if up else frozenset(), ASKED_MS, LOST_MS, is_after_gap, {}, answered, ended)


def after_gap(desk: Desk, told: LegsListed) -> list[Order]:
    desk.wake(ASKED_MS)
    return desk.hear(told, ASKED_MS)


def bill(orders: list[Order]) -> LegSettled:
    (settled,) = [order for order in orders if isinstance(order, LegSettled)]
    return settled


def told(orders: list[Order]) -> tuple[int, int, EndedBy]:
    """Seconds, money, and who ended it."""
    settled = bill(orders)
    return settled.charge.seconds, settled.charge.amount, settled.ended_by


def test_who_hung_up_in_a_gap_pays_to_the_moment_that_the_witness_saw() -> None:
    orders = after_gap(talking(Desk(1_000)), listed(A, ended={B: 21_500}))
    assert told(orders) == (19, 400, EndedBy.CALLEE)
    assert HangUp(A, Cause.NORMAL) in orders


def test_of_two_ends_in_a_gap_the_first_counts_whoever_is_asked_for_first() -> None:
    orders = after_gap(talking(Desk(1_000)), listed(ended={A: 27_000, B: 21_500}))
    assert told(orders) == (19, 400, EndedBy.CALLEE)


def test_who_answered_in_a_gap_and_talks_pays_from_his_answer() -> None:
    desk = ringing(Desk(1_000))
    after_gap(desk, listed(A, B, answered={B: 8_000, A: 8_001}))
    desk.wake(ASKED_MS)
    assert desk.account.held == 400, "the fourth unit runs"
    desk.hear(LegEnded(B), 31_000)
    assert told(desk.hear(LegGone(B, 16), 31_000)) == (23, 400, EndedBy.CALLEE)


def test_a_talk_that_began_and_ended_in_a_gap_is_billed() -> None:
    orders = after_gap(ringing(Desk(1_000)), listed(A, answered={B: 8_000, A: 8_001}, ended={B: 21_000}))
    assert told(orders) == (13, 300, EndedBy.CALLEE)


def test_a_talk_in_a_gap_is_billed_as_far_as_the_money_went() -> None:
    orders = after_gap(ringing(Desk(200)), listed(A, answered={B: 8_000, A: 8_001}, ended={B: 27_000}))
    assert told(orders) == (12, 200, EndedBy.BALANCE)


def test_who_rang_in_vain_in_a_gap_pays_nothing() -> None:
    orders = after_gap(ringing(Desk(1_000)), listed(A, ended={B: 21_000}))
    assert told(orders)[:2] == (0, 0)


def test_an_answer_of_which_the_witness_does_not_speak_begins_when_it_is_heard_of() -> None:
    """So it is with who was called alone: nobody could have talked to him."""
    desk = ringing(Desk(1_000))
    after_gap(desk, listed(A, B))
    desk.hear(LegEnded(B), 35_000)
    assert told(desk.hear(LegGone(B, 16), 35_000)) == (7, 200, EndedBy.CALLEE)


def test_an_end_of_which_the_witness_does_not_speak_is_the_last_proof() -> None:
    assert told(after_gap(talking(Desk(1_000)), listed(A))) == (3, 100, EndedBy.LOST)


def test_an_end_that_was_heard_is_moved_by_no_list() -> None:
    desk = talking(Desk(1_000))
    desk.hear(LegEnded(B), 15_000)
    assert told(after_gap(desk, listed(A))) == (13, 300, EndedBy.CALLEE)


def test_on_a_living_stream_the_witness_counts_when_a_second_list_misses_somebody() -> None:
    desk = talking(Desk(1_000))
    missing = listed(A, ended={B: 21_500}, is_after_gap=False)
    assert after_gap(desk, missing) == []
    assert told(desk.hear(missing, ASKED_MS)) == (19, 400, EndedBy.CALLEE)


def test_only_legs_whose_news_got_lost_are_in_doubt() -> None:
    desk = talking(Desk(1_000))
    desk.arrive(2_020, "c")
    desk.hear(LegReady("leg1-c"), 2_040)
    assert desk.board.in_doubt(listed(A, B, up=False)) == {"c": 2_020, "leg1-c": 2_040}
    assert desk.board.in_doubt(listed(A, B, "c", "leg1-c", up=False)) == {}
    assert desk.board.in_doubt(listed(A, B, "c", "leg1-c")) == {"c": 2_020, "leg1-c": 2_040}
    assert desk.board.in_doubt(listed(A, "c", "leg1-c", up=False)) == {B: LOST_MS}
    assert desk.board.in_doubt(listed(A, is_after_gap=False, up=False)) == {}
