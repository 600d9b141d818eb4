"""What did not happen counts only as far as all news have come. One claim each.

A calls, and B is called with a patience of thirty seconds; one rouble for each six seconds. Nothing is proven
after the fifth second, until it is said otherwise.
"""

from dataclasses import replace

from callctl.calls.events import LegAnswered, LegEnded, LegGone, LegReady, OrderRefused, Why
from callctl.calls.legs import RELEASE_AGAIN_MS
from callctl.calls.orders import Answer, HangUp, JoinAndDial, Order
from callctl.calls.records import EndedBy, LegSettled
from dialplan.causes import Cause
from tests.transcripts.test_lost_news import LOST_MS, bill, listed, told
from tests.transcripts.words import A, B, Desk

PATIENCE_MS = 30_000
DIAL = JoinAndDial(A, (A, B), PATIENCE_MS - 5, 0)
HANG_UP = HangUp(A, Cause.NORMAL)


def ringing(desk: Desk) -> Desk:
    desk.arrive()
    assert DIAL in desk.hear(LegReady(B), 5)
    desk.board.silence.proven(LOST_MS)
    return desk


def talking(desk: Desk) -> Desk:
    ringing(desk)
    for leg_id in (B, A):
        desk.hear(LegAnswered(leg_id), 2_000)
    return desk


def bills(orders: list[Order]) -> list[Order]:
    return [order for order in orders if isinstance(order, LegSettled)]


def test_nobody_is_given_up_while_the_news_of_his_answer_may_be_lost() -> None:
    desk = ringing(Desk(1_000))
    assert desk.wake(PATIENCE_MS + 400) == []
    assert desk.board.silence.take_wanted()
    assert not desk.board.silence.take_wanted(), "asked for once"


def test_who_is_silent_is_given_up_as_soon_as_it_is_proven() -> None:
    desk = ringing(Desk(1_000))
    desk.wake(PATIENCE_MS)
    desk.board.silence.proven(PATIENCE_MS + 1)
    orders = desk.wake(PATIENCE_MS + 50)
    assert bill(orders).ended_by is EndedBy.SERVICE
    assert HangUp(B, Cause.NO_ANSWER) in orders


def test_who_answered_in_time_talks_and_pays_though_we_hear_of_it_after_his_patience() -> None:
    desk = ringing(Desk(1_000))
    desk.wake(PATIENCE_MS + 6_000)
    asked_ms = PATIENCE_MS + 7_000
    news = replace(listed(A, B, answered={B: 29_000, A: 29_001}), asked_at_ms=asked_ms)
    desk.hear(news, asked_ms)
    desk.board.silence.proven(asked_ms)
    desk.wake(asked_ms + 1_000)
    desk.hear(LegEnded(B), 40_000)
    assert told(desk.hear(LegGone(B, 16), 40_000)) == (11, 200, EndedBy.CALLEE)


def test_an_order_to_dial_that_nobody_knows_the_fate_of_is_given_up_when_silence_is_proven() -> None:
    desk = ringing(Desk(1_000))
    assert desk.hear(OrderRefused(DIAL, Why.UNKNOWN), 11_000) == []
    assert desk.wake(12_000) == []
    desk.board.silence.proven(12_000)
    orders = desk.wake(12_050)
    assert HangUp(B, Cause.UNAVAILABLE) in orders
    assert bill(orders).charge.amount == 0


def test_whom_an_order_of_unknown_fate_reached_talks_and_pays() -> None:
    desk = ringing(Desk(1_000))
    desk.hear(OrderRefused(DIAL, Why.UNKNOWN), 11_000)
    desk.wake(12_000)
    desk.hear(LegAnswered(B), 12_010)
    desk.hear(LegAnswered(A), 12_011)
    desk.board.silence.proven(20_000)
    desk.wake(20_000)
    desk.hear(LegEnded(B), 23_510)
    assert told(desk.hear(LegGone(B, 16), 23_510)) == (11, 200, EndedBy.CALLEE)


def test_at_the_end_of_the_money_both_are_let_go_at_once_whatever_is_proven() -> None:
    orders = talking(Desk(100)).wake(8_000)
    assert {order.leg_id for order in orders if isinstance(order, HangUp)} == {A, B}
    assert bills(orders) == []


def test_a_cut_is_billed_when_the_caller_is_known_to_be_gone() -> None:
    desk = talking(Desk(100))
    desk.wake(8_000)
    desk.hear(LegEnded(A), 8_004)
    assert told(desk.hear(LegGone(A, 16), 8_004)) == (6, 100, EndedBy.BALANCE)


def test_who_left_before_his_money_was_over_pays_to_his_end_though_we_hear_of_it_after_the_cut() -> None:
    desk = talking(Desk(300))
    desk.wake(20_000)
    assert told(desk.hear(listed(ended={B: 7_500, A: 7_600}), 28_000)) == (5, 100, EndedBy.CALLEE)


def test_a_second_cut_that_makes_up_for_an_order_that_got_lost_changes_no_bill() -> None:
    desk = talking(Desk(100))
    desk.wake(8_000)
    desk.hear(LegEnded(A), 28_000)
    assert told(desk.hear(LegGone(A, 102), 28_000)) == (6, 100, EndedBy.BALANCE)


def test_that_asterisk_knows_him_no_more_says_nothing_of_when_he_left() -> None:
    desk = talking(Desk(300))
    desk.wake(20_000)
    assert bills(desk.hear(OrderRefused(HANG_UP, Why.GONE), 27_900)) == []
    assert told(desk.hear(listed(ended={B: 7_500, A: 7_600}), 28_000)) == (5, 100, EndedBy.CALLEE)


def test_on_a_stream_that_lives_who_is_known_no_more_is_billed_to_the_cut() -> None:
    desk = talking(Desk(100))
    desk.wake(8_000)
    desk.board.silence.proven(8_000 + RELEASE_AGAIN_MS)
    desk.wake(8_000 + RELEASE_AGAIN_MS)
    orders = desk.hear(OrderRefused(HANG_UP, Why.GONE), 8_002 + RELEASE_AGAIN_MS)
    assert told(orders) == (6, 100, EndedBy.BALANCE)


def test_that_a_caller_cannot_be_answered_any_more_says_nothing_of_whether_he_talked() -> None:
    desk = ringing(Desk(1_000))
    desk.hear(LegAnswered(B), 4_000)
    desk.hear(OrderRefused(Answer(A), Why.GONE), 27_900)
    gone = listed(answered={A: 4_001}, ended={A: 14_500, B: 14_510})
    assert told(desk.hear(gone, 28_000)) == (10, 200, EndedBy.CALLER)


def test_who_is_found_answered_by_a_list_that_misses_his_caller_waits_for_the_next() -> None:
    desk = ringing(Desk(1_000))
    first = replace(listed(B, answered={B: 8_000, A: 8_001}), is_after_gap=False)
    assert desk.hear(first, 28_000) == []
    second = replace(listed(B, answered={B: 8_000, A: 8_001}, ended={A: 14_000}), is_after_gap=False)
    assert told(desk.hear(second, 28_000)) == (6, 100, EndedBy.CALLER)


def test_a_caller_whom_a_list_found_unanswered_is_not_taken_for_answered_by_the_length_of_his_talk() -> None:
    desk = ringing(Desk(1_000))
    assert Answer(A, is_paid=False) in desk.hear(LegAnswered(B), 4_000)
    news = replace(listed(A, B), up=frozenset({B}))
    assert Answer(A, is_paid=False) in desk.hear(news, 28_000)
    desk.hear(LegEnded(A), 31_000)
    assert bill(desk.hear(LegGone(A, 16), 31_000)).charge.amount == 0


def test_a_caller_who_left_in_a_gap_and_whom_the_witness_saw_unanswered_has_met_nobody() -> None:
    orders = ringing(Desk(1_000)).hear(listed(answered={B: 8_000}, ended={A: 14_000, B: 14_010}), 28_000)
    assert bill(orders).charge.amount == 0
