"""What a call does: hear, then what is ordered. One claim each."""

from dataclasses import replace

import pytest

from callctl.calls.directory import Number
from callctl.calls.events import (
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    LegsListed,
    OrderRefused,
    PromptEnded,
    Why,
)
from callctl.calls.orders import (
    Answer,
    Bound,
    CloseBridge,
    HangUp,
    Join,
    JoinAndDial,
    Order,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
    StopPlaying,
    Trunk,
)
from callctl.calls.records import (
    CallOver,
    Connection,
    EndedBy,
    LegBegan,
    LegHeld,
    LegRefused,
    LegSettled,
    Passed,
)
from callctl.calls.terms import CallTerms
from dialplan.causes import Cause
from dialplan.scheme import Scheme
from rating.money import Money
from rating.refusal import Refusal
from tests.transcripts.words import CALLER, MOBILE, NUMBER, RATE, A, B, Desk

ON = Connection("ann", B, A, CALLER, MOBILE, NUMBER)
PLACE = PlaceLeg(B, A, Trunk("carrier", MOBILE), CALLER, 50_000, is_paid=True, account_id="ann", node="ring")


def talking(desk: Desk, *, answered_ms: int = 2_000, caller_answered_ms: int | None = None) -> Desk:
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), answered_ms)
    desk.hear(LegAnswered(A), answered_ms if caller_answered_ms is None else caller_answered_ms)
    return desk


def settled(orders: list[Order]) -> LegSettled:
    [record] = [order for order in orders if isinstance(order, LegSettled)]
    return record


def hang_ups(orders: list[Order]) -> list[HangUp]:
    return [order for order in orders if isinstance(order, HangUp)]


def test_first_unit_is_held_and_recorded_before_the_leg_is_placed() -> None:
    desk = Desk()
    assert desk.arrive() == [Bound(A, 50_000), LegHeld(ON, 0, RATE, Money(100)), PLACE]
    assert desk.account.available == 200


def test_both_legs_are_joined_before_the_target_rings_and_the_caller_is_not_answered() -> None:
    desk = Desk()
    desk.arrive()
    assert desk.hear(LegReady(B), 40) == [JoinAndDial(A, (A, B), 29_960, 0)]


def test_caller_is_answered_when_the_target_answers_and_both_get_the_second_cut() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    assert desk.hear(LegAnswered(B), 2_000) == [
        Answer(A),
        Bound(A, 28_000),
        Bound(B, 28_200),
        LegBegan("ann", B, 2_000),
    ]


def test_next_unit_is_held_when_the_one_before_ends() -> None:
    desk = talking(Desk())
    assert desk.account.held == 100
    desk.wake(8_000)
    assert desk.account.held == 200


def test_unit_is_not_held_before_it_begins() -> None:
    desk = talking(Desk())
    desk.wake(7_999)
    assert desk.account.held == 100


def test_call_is_released_at_the_end_of_the_last_paid_unit_and_not_before() -> None:
    desk = talking(Desk(300))
    assert hang_ups(desk.wake(19_999)) == []
    orders = desk.wake(20_000)
    assert hang_ups(orders) == [HangUp(B, Cause.NORMAL, 20_000), HangUp(A, Cause.NORMAL, 20_000)]
    bill = settled(orders)
    assert (bill.charge.seconds, bill.charge.units, bill.charge.amount) == (18, 3, 300)
    assert bill.ended_by is EndedBy.BALANCE
    assert desk.account.balance == 0


def test_caller_whose_answer_came_later_gets_whole_units_too() -> None:
    desk = talking(Desk(100), caller_answered_ms=2_030)
    desk.hear(LegAnswered(A), 2_010)  # the same, told twice with two stamps: the later one counts
    assert hang_ups(desk.wake(8_029)) == []
    assert len(hang_ups(desk.wake(8_030))) == 2


def test_payment_in_the_last_unit_lets_the_call_go_on() -> None:
    desk = talking(Desk(100))
    desk.pay(100, 7_999)
    assert hang_ups(desk.wake(8_000)) == []
    assert len(hang_ups(desk.wake(14_000))) == 2


def test_payment_at_the_instant_of_the_end_counts_first() -> None:
    desk = talking(Desk(100))
    desk.pay(100, 8_000)
    assert hang_ups(desk.wake(8_000)) == []


def test_late_timer_bills_no_more_than_was_secured() -> None:
    desk = talking(Desk(200))
    bill = settled(desk.wake(60_000))
    assert (bill.charge.units, bill.charge.amount, bill.ended_at_ms) == (2, 200, 14_000)


def test_hang_up_is_billed_to_its_own_moment_though_the_news_come_late() -> None:
    desk = talking(Desk(1_000))
    desk.wake(20_000)
    desk.hear(LegEnded(A), 7_500)
    bill = settled(desk.hear(LegGone(A, 16), 20_100))
    assert (bill.charge.seconds, bill.charge.amount, bill.ended_by) == (5, 100, EndedBy.CALLER)
    assert desk.account.available == 900


def test_callee_who_hangs_up_releases_the_caller() -> None:
    desk = talking(Desk())
    assert hang_ups(desk.hear(LegEnded(B), 5_000)) == [HangUp(A, Cause.NORMAL)]
    assert settled(desk.hear(LegGone(B, 16), 5_001)).ended_by is EndedBy.CALLEE


def test_call_is_forgotten_when_the_last_leg_is_gone() -> None:
    desk = talking(Desk())
    desk.hear(LegEnded(B), 5_000)
    desk.hear(LegGone(B, 16), 5_001)
    way = (Passed("ring", 0, ()),)
    over = CallOver("ann", A, CALLER, NUMBER, 0, 0, 5_004, 2_000, way, "talking")
    assert desk.hear(LegGone(A, 16), 5_004) == [CloseBridge(A), over]
    assert desk.board.live() == []
    assert desk.board.deadline_ms() is None


def test_caller_who_gives_up_while_it_rings_pays_nothing() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    assert desk.hear(LegEnded(A), 3_000) == [HangUp(B, Cause.NORMAL)]
    bill = settled(desk.hear(LegGone(A, 16), 3_001))
    assert (bill.charge.amount, bill.ended_by, desk.account.available) == (0, EndedBy.CALLER, 300)


def test_answer_that_crosses_the_callers_hang_up_costs_nothing() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegEnded(A), 3_000)
    assert desk.hear(LegAnswered(B), 3_001) == []
    desk.hear(LegGone(A, 16), 3_002)
    desk.hear(LegGone(B, 16), 3_003)
    assert (desk.account.balance, desk.account.held, desk.board.live()) == (300, 0, [])


def test_answer_heard_before_the_callers_hang_up_that_it_crossed_costs_nothing() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 3_000)
    desk.hear(LegEnded(A), 3_002)
    bill = settled(desk.hear(LegGone(A, 16), 3_003))
    assert (bill.charge.amount, bill.charge.lines[0].what) == (0, "not_connected")
    assert desk.account.available == 300


def test_talk_is_billed_though_the_news_of_the_callers_answer_were_lost() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 3_000)
    desk.hear(LegEnded(A), 7_000)
    assert settled(desk.hear(LegGone(A, 16), 7_001)).charge.amount == 100


def test_caller_who_could_not_be_answered_pays_nothing() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    desk.hear(LegAnswered(B), 3_000)
    orders = desk.hear(OrderRefused(Answer(A), Why.REJECTED), 3_900)
    assert len(hang_ups(orders)) == 2
    assert settled(orders).charge.amount == 0


def test_an_answer_that_is_rejected_when_it_is_there_already_waits_for_why() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    for leg_id in (B, A):
        desk.hear(LegAnswered(leg_id), 3_000)
    assert desk.hear(OrderRefused(Answer(A), Why.REJECTED), 3_001) == []
    desk.hear(LegEnded(A), 3_002)
    assert settled(desk.hear(LegGone(A, 127, was_cancelled=True), 3_003)).charge.amount == 0


def test_caller_who_leaves_before_the_leg_is_ready_has_it_hung_up_when_it_is() -> None:
    desk = Desk()
    desk.arrive()
    assert desk.hear(LegEnded(A), 1) == []
    assert desk.hear(LegReady(B), 2) == [HangUp(B, Cause.NORMAL)]


@pytest.mark.parametrize(("cause", "told"), [(17, Cause.BUSY), (19, Cause.NO_ANSWER), (34, Cause.CONGESTION)])
def test_what_became_of_the_target_is_told_to_the_caller(cause: int, told: Cause) -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    orders = desk.hear(LegGone(B, cause), 900)
    assert hang_ups(orders) == [HangUp(A, told)]
    assert (settled(orders).cause, desk.account.held) == (cause, 0)


def test_patience_over_cancels_the_target_and_takes_the_schemes_next_step() -> None:
    desk = Desk(otherwise="bye")
    desk.arrive()
    desk.hear(LegReady(B), 5)
    orders = desk.wake(30_000)
    assert hang_ups(orders) == [HangUp(B, Cause.NO_ANSWER), HangUp(A, Cause.NO_ANSWER)]
    assert settled(orders).charge.amount == 0


def test_unreachable_trunk_is_followed_by_the_next_with_a_hold_of_its_own() -> None:
    desk = Desk(terms=CallTerms(("first", "second"), "first", warning_ms=0))
    desk.arrive()
    desk.hear(LegReady(B), 5)
    orders = desk.hear(LegGone(B, 34), 900)
    [place] = [order for order in orders if isinstance(order, PlaceLeg)]
    assert (place.leg_id, place.endpoint, desk.account.held) == ("leg2-a", Trunk("second", MOBILE), 100)


def test_busy_target_is_not_tried_by_another_trunk() -> None:
    desk = Desk(terms=CallTerms(("first", "second"), "first", warning_ms=0))
    desk.arrive()
    desk.hear(LegReady(B), 5)
    assert not [order for order in desk.hear(LegGone(B, 17), 900) if isinstance(order, PlaceLeg)]


def test_without_money_for_the_first_unit_nothing_is_placed() -> None:
    desk = Desk(99)
    assert desk.arrive() == [
        LegRefused(ON, 0, Refusal.NOT_ENOUGH, Cause.REJECTED),
        HangUp(A, Cause.REJECTED),
    ]


def test_refusal_speaks_first_when_the_operator_has_set_a_prompt() -> None:
    terms = CallTerms(("carrier",), "carrier", refusal_prompts={Refusal.NOT_ENOUGH: "sound:sorry"})
    desk = Desk(99, terms)
    assert desk.arrive()[1:] == [Bound(A, 50_000), PlayToLeg(A, 1, ("sound:sorry",))]
    assert desk.hear(PromptEnded(A, 1), 2_000) == [HangUp(A, Cause.REJECTED)]


def test_prompt_that_never_ends_does_not_hold_the_caller() -> None:
    terms = CallTerms(("carrier",), "carrier", refusal_prompts={Refusal.NOT_ENOUGH: "sound:sorry"})
    desk = Desk(99, terms)
    desk.arrive()
    assert desk.wake(30_000) == [StopPlaying(A, 1), HangUp(A, Cause.REJECTED)]


def test_scheme_may_go_on_after_a_refusal_but_its_cause_is_the_refusals() -> None:
    desk = Desk(99, otherwise="bye")
    assert hang_ups(desk.arrive()) == [HangUp(A, Cause.REJECTED)]


def test_number_that_is_nobodys_is_not_found() -> None:
    assert Desk().arrive(number="74959999999") == [HangUp(A, Cause.NOT_FOUND)]


def test_emergency_is_placed_with_no_money_and_no_hold() -> None:
    desk = Desk(0)
    held, place = desk.arrive(number="112", caller="74951234567")
    assert isinstance(held, LegHeld) and (held.amount, held.connection.account_id) == (0, "ann")
    assert isinstance(place, PlaceLeg) and not place.is_paid
    desk.hear(LegReady(B), 5)
    assert desk.hear(LegAnswered(B), 2_000)[:3] == [Answer(A), Bound(A, None), Bound(B, None)]
    desk.wake(10_000_000)
    bill = settled(desk.hear(LegEnded(A), 10_000_000))
    assert (bill.charge.amount, bill.charge.seconds) == (0, 9_998)


def test_tone_sounds_once_before_the_money_ends_and_again_after_a_payment() -> None:
    desk = talking(Desk(200, CallTerms(("carrier",), "carrier", warning_ms=4_000)))
    assert not [order for order in desk.wake(9_999) if isinstance(order, PlayToBridge)]
    assert desk.wake(10_000) == [PlayToBridge(A, "warning")]
    desk.pay(100, 11_000)
    tones = [order for order in desk.wake(20_000) if isinstance(order, PlayToBridge)]
    assert tones == [PlayToBridge(A, "warning")]


def test_tone_sounds_once_though_units_are_shorter_than_its_notice() -> None:
    desk = talking(Desk(400, CallTerms(("carrier",), "carrier", warning_ms=15_000)))
    tones = [order for order in desk.wake(25_999) if isinstance(order, PlayToBridge)]
    assert tones == [PlayToBridge(A, "warning")]


def test_tone_sounds_though_the_money_was_drawn_by_another_call() -> None:
    desk = talking(Desk(300, CallTerms(("carrier",), "carrier", warning_ms=1_000)))
    desk.arrive(3_000, "b")
    desk.hear(LegReady("leg1-b"), 3_001)
    desk.hear(LegAnswered("leg1-b"), 3_500)
    tones = [order for order in desk.wake(13_000) if isinstance(order, PlayToBridge)]
    assert PlayToBridge(A, "warning") in tones


def test_calls_of_one_account_are_cut_each_in_its_turn() -> None:
    desk = talking(Desk(400))
    for at_ms, leg in ((500, "b"), (1_000, "c")):
        desk.arrive(at_ms, leg)
        desk.hear(LegReady(f"leg1-{leg}"), at_ms + 5)
        desk.hear(LegAnswered(f"leg1-{leg}"), at_ms + 2_000)
    # Four units: one each, the fourth goes to the call whose first one ends first.
    cut = [order.leg_id for order in hang_ups(desk.wake(60_000)) if order.due_at_ms]
    assert cut == ["leg1-b", "b", "leg1-c", "c", B, A]
    assert desk.account.balance == 0


def test_news_that_come_twice_change_nothing() -> None:
    desk = talking(Desk())
    assert desk.hear(LegAnswered(B), 2_000) == []
    assert desk.hear(LegReady(B), 2_001) == []
    desk.hear(LegEnded(B), 5_000)
    assert desk.hear(LegEnded(B), 5_000) == []
    desk.hear(LegGone(B, 16), 5_001)
    assert desk.hear(LegGone(B, 16), 5_001) == []
    assert desk.account.balance == 200


def test_leg_that_was_let_go_is_let_go_again_until_it_is_gone() -> None:
    desk = talking(Desk(100))
    desk.wake(8_000)
    assert hang_ups(desk.wake(13_000)) == [HangUp(A, Cause.NORMAL), HangUp(B, Cause.NORMAL)]


def test_leg_that_asterisk_does_not_know_any_more_is_gone() -> None:
    desk = talking(Desk(100))
    for order in hang_ups(desk.wake(8_000)):
        desk.hear(OrderRefused(order, Why.GONE), 8_010)
    assert desk.board.live() == []


def test_rejected_leg_is_unreachable_and_its_hold_is_given_back() -> None:
    desk = Desk()
    desk.arrive()
    orders = desk.hear(OrderRefused(PLACE, Why.REJECTED), 20)
    assert hang_ups(orders) == [HangUp(A, Cause.CONGESTION)]
    assert desk.account.held == 0


def test_leg_of_which_nobody_knows_whether_it_was_placed_is_hung_up_when_it_shows() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(OrderRefused(PLACE, Why.UNKNOWN), 5_000)
    assert desk.hear(LegReady(B), 5_100) == [HangUp(B, Cause.UNAVAILABLE)]


def test_leg_that_is_placed_after_its_release_found_nothing_is_released_then() -> None:
    desk = Desk()
    desk.arrive()
    desk.wake(30_000)
    assert hang_ups(desk.wake(35_000)) == [HangUp(A, Cause.NO_ANSWER), HangUp(B, Cause.NO_ANSWER)]
    desk.hear(OrderRefused(HangUp(B, Cause.NO_ANSWER), Why.GONE), 35_005)
    assert desk.hear(LegReady(B), 35_010) == [HangUp(B, Cause.NORMAL)]


def test_paid_leg_whose_record_was_not_written_is_refused() -> None:
    desk = Desk()
    desk.arrive()
    orders = desk.hear(OrderRefused(PLACE, Why.NOT_RECORDED), 2_000)
    assert hang_ups(orders) == [HangUp(A, Cause.CONGESTION)]
    assert desk.account.held == 0


def listed(*alive: str, up: tuple[str, ...] = (), asked: int, proven: int, gap: bool = True) -> LegsListed:
    return LegsListed(frozenset(alive), frozenset(up), asked, proven, gap)


def test_leg_missing_after_a_gap_ended_when_it_was_last_proven_alive() -> None:
    desk = talking(Desk(1_000))
    desk.wake(20_000)
    orders = desk.hear(listed(A, up=(A,), asked=20_000, proven=9_000), 20_000)
    bill = settled(orders)
    assert (bill.ended_at_ms, bill.charge.seconds, bill.ended_by) == (9_000, 7, EndedBy.LOST)
    assert hang_ups(orders) == [HangUp(A, Cause.NORMAL)]


def test_leg_missing_from_one_list_without_a_gap_may_have_news_on_the_way() -> None:
    desk = talking(Desk(1_000))
    assert desk.hear(listed(A, up=(A,), asked=5_000, proven=4_000, gap=False), 5_000) == []
    desk.hear(LegEnded(B), 4_990)
    assert settled(desk.hear(LegGone(B, 16), 4_991)).ended_by is EndedBy.CALLEE


def test_bridge_of_a_call_that_is_over_is_closed() -> None:
    desk = talking(Desk(1_000))
    bridges = {A: frozenset({A, B}), "earlier": frozenset[str]()}
    told = replace(listed(A, B, up=(A, B), asked=5_000, proven=4_000), joined=bridges)
    assert desk.hear(told, 5_000) == [CloseBridge("earlier")]


def test_leg_missing_from_two_lists_ended_before_the_first() -> None:
    desk = talking(Desk(1_000))
    desk.hear(listed(A, up=(A,), asked=5_000, proven=4_000, gap=False), 5_000)
    orders = desk.hear(listed(A, up=(A,), asked=20_000, proven=5_000, gap=False), 20_000)
    assert settled(orders).ended_at_ms == 4_000


def test_leg_that_answered_while_nobody_told_us_is_joined() -> None:
    desk = Desk()
    desk.arrive()
    desk.hear(LegReady(B), 5)
    assert desk.hear(listed(A, B, up=(B,), asked=9_000, proven=5_000), 9_000)[0] == Answer(A)


def test_caller_whose_answer_got_lost_is_answered_again() -> None:
    desk = talking(Desk(1_000))
    assert desk.hear(OrderRefused(Answer(A), Why.UNKNOWN), 7_000) == [Answer(A)]
    assert desk.hear(listed(A, B, up=(B,), asked=7_500, proven=7_000, gap=False), 7_500) == [Answer(A)]


def test_leg_placed_after_the_question_is_not_missed() -> None:
    desk = Desk()
    desk.arrive(1_000)
    desk.hear(LegReady(B), 1_005)
    assert desk.hear(listed(asked=999, proven=0), 1_100) == []


def test_leg_whose_release_found_nothing_is_released_when_a_list_has_it() -> None:
    desk = Desk()
    desk.arrive()
    desk.wake(30_000)
    desk.wake(35_000)
    desk.hear(OrderRefused(HangUp(B, Cause.NO_ANSWER), Why.GONE), 35_005)
    orders = desk.hear(listed(A, B, asked=36_000, proven=30_000), 36_010)
    assert hang_ups(orders) == [HangUp(B, Cause.NORMAL)]


def test_leg_that_is_nobodys_is_released_when_two_lists_have_it() -> None:
    desk = Desk()
    assert desk.hear(listed("old", asked=10, proven=0), 10) == []
    assert desk.hear(listed("old", asked=20, proven=10), 20) == [HangUp("old", Cause.NORMAL)]


def test_newcomer_who_is_listed_before_his_arrival_is_heard_is_not_released() -> None:
    desk = Desk()
    desk.hear(listed(A, asked=10, proven=0), 10)
    desk.arrive(9)
    assert hang_ups(desk.hear(listed(A, asked=2_000, proven=10), 2_000)) == []


def test_leg_that_comes_when_its_call_is_over_is_released() -> None:
    assert Desk().hear(LegReady("leg1-stranger"), 1_200) == [HangUp("leg1-stranger", Cause.NORMAL)]


def test_second_cut_is_told_by_its_cause() -> None:
    desk = talking(Desk(1_000))
    desk.hear(LegEnded(A), 28_000)
    assert settled(desk.hear(LegGone(A, 102), 28_005)).ended_by is EndedBy.SECOND_CUT


def test_second_cut_moves_with_the_units_and_stays_behind_them() -> None:
    desk = talking(Desk(1_000, CallTerms(("carrier",), "carrier", second_cut_ms=20_000, warning_ms=0)))
    assert [order for order in desk.wake(8_000) if isinstance(order, Bound)] == [
        Bound(A, 34_000),
        Bound(B, 34_200),
    ]


def test_service_that_ends_releases_everybody_and_bills_to_that_moment() -> None:
    desk = talking(Desk(1_000))
    desk.wake(9_000)
    orders = desk.board.close(9_500)
    assert {order.leg_id for order in hang_ups(orders)} == {A, B}
    assert (settled(orders).charge.seconds, settled(orders).ended_by) == (7, EndedBy.SERVICE)


def test_service_that_ends_bills_a_call_that_is_ending_to_its_own_end() -> None:
    desk = talking(Desk(1_000))
    desk.hear(LegEnded(A), 4_000)
    assert settled(desk.board.close(9_500)).ended_at_ms == 4_000


def test_service_that_ends_takes_no_new_calls_over() -> None:
    desk = Desk()
    desk.board.close(0)
    assert desk.arrive() == []


def test_bound_that_asterisk_did_not_take_is_said_again_soon() -> None:
    desk = talking(Desk(1_000))
    desk.hear(OrderRefused(Bound(B, 28_200), Why.UNKNOWN), 2_100)
    assert desk.wake(3_100) == [Bound(A, 28_000), Bound(B, 28_200)]
    assert desk.wake(4_200) == []


def test_unrecorded_leg_is_not_tried_on_another_trunk() -> None:
    desk = Desk(terms=CallTerms(("first", "second"), "first", warning_ms=0))
    [*_, place] = desk.arrive()
    assert isinstance(place, PlaceLeg)
    orders = desk.hear(OrderRefused(place, Why.NOT_RECORDED), 2_000)
    assert not [order for order in orders if isinstance(order, PlaceLeg)]


def test_patience_over_leaves_no_time_for_another_trunk() -> None:
    desk = Desk(terms=CallTerms(("first", "second"), "first", warning_ms=0))
    desk.arrive()
    desk.hear(LegReady(B), 5)
    orders = desk.hear(LegGone(B, 34), 30_000)
    assert not [order for order in orders if isinstance(order, PlaceLeg)]


def test_unit_boundary_comes_before_an_admission_of_the_same_instant() -> None:
    desk = talking(Desk(200))
    assert [order for order in desk.arrive(8_000, "b") if isinstance(order, LegRefused)]
    assert hang_ups(desk.wake(8_000)) == [], "the last unit is the running call's"


def test_first_hang_up_of_either_side_counts_whichever_is_heard_first() -> None:
    desk = talking(Desk(1_000))
    desk.hear(LegEnded(A), 9_000)
    desk.hear(LegEnded(B), 7_500)
    bill = settled(desk.hear(LegGone(B, 16), 7_501))
    assert (bill.ended_at_ms, bill.ended_by) == (7_500, EndedBy.CALLEE)


def test_every_try_has_an_id_of_its_own_also_after_a_refusal() -> None:
    desk = Desk(99, otherwise="bye")
    refused = desk.arrive()[0]
    assert isinstance(refused, LegRefused) and refused.connection.leg_id == "leg1-a"
    scheme = Scheme.model_validate(
        {
            "start": "paid",
            "nodes": {
                "paid": {"kind": "forward", "to": [MOBILE], "otherwise": "free"},
                "free": {"kind": "forward", "to": ["112"]},
            },
        }
    )
    desk.board.directory.add(Number("74950000000", "ann", scheme))
    orders = desk.arrive(5, "b", "74950000000")
    ids = [order.connection.leg_id for order in orders if isinstance(order, LegRefused | LegHeld)]
    assert ids == ["leg1-b", "leg2-b"]


def test_a_caller_who_could_not_be_joined_to_the_first_is_joined_to_the_second() -> None:
    first, second = f'["{MOBILE}"], otherwise: music', f'["{MOBILE}"], hears: music'
    scheme = f"start: ring\nnodes:\n  ring: {{kind: forward, to: {first}}}\n"
    desk = Desk(scheme=scheme + f"  music: {{kind: forward, to: {second}}}\n")
    desk.arrive()
    (dial,) = [order for order in desk.hear(LegReady(B), 10) if isinstance(order, JoinAndDial)]
    desk.hear(OrderRefused(dial, Why.REJECTED), 20)
    desk.hear(LegReady("leg2-a"), 30)
    assert Join(A, (A, "leg2-a")) in desk.hear(LegAnswered("leg2-a"), 2_000)
