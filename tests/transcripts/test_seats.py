"""What a seat does with its caller: hold, hand over, consult. One claim each."""

import pytest

from callctl.calls.events import DeviceSeen, DigitPressed, Event, LegAnswered, LegEnded, LegGone, LegReady
from callctl.calls.orders import (
    Bound,
    Device,
    HangUp,
    Join,
    MusicOff,
    MusicOn,
    Order,
    Part,
    PlaceLeg,
    RingBack,
    Trunk,
)
from callctl.calls.records import CallOver, EndedBy, LegRefused, LegSettled
from callctl.calls.seats import SeatTold
from callctl.calls.states import State
from callctl.calls.terms import CallTerms
from dialplan.causes import Cause
from tests.transcripts.words import MOBILE, A, B, Desk

ANNA = "start: anna\nnodes:\n  anna: {kind: extension, seat: anna, patience_s: 20}\n"
C = "leg2-a"
TO_MOBILE = "89161110002"


def hears(at: Desk, at_ms: int, *events: Event) -> list[Order]:
    return [order for event in events for order in at.hear(event, at_ms)]


def types(at: Desk, keys: str, at_ms: int, leg_id: str = B) -> list[Order]:
    return hears(at, at_ms, *(DigitPressed(leg_id, key) for key in keys))


def desk(balance: int = 1_000, scheme: str = ANNA) -> Desk:
    """Anna and seat 201 are at their phones."""
    at = Desk(balance, scheme=scheme)
    for name in ("anna", "201"):
        at.board.seats.tell(SeatTold("ann", name, (f"{name}-phone",)))
        at.hear(DeviceSeen(f"{name}-phone", is_reachable=True), 0)
    return at


def talking(balance: int = 1_000, scheme: str = ANNA) -> Desk:
    at = desk(balance, scheme)
    at.arrive()
    hears(at, 2_000, LegReady(B), LegAnswered(B), LegAnswered(A))
    assert state(at) is State.TALKING
    return at


def state(at: Desk) -> State:
    (call,) = at.board.calls()
    return call.state


def gone(at: Desk, leg_id: str, at_ms: int, cause: int = 16) -> list[Order]:
    return hears(at, at_ms, LegEnded(leg_id), LegGone(leg_id, cause))


def place(orders: list[Order]) -> PlaceLeg:
    (placed,) = [order for order in orders if isinstance(order, PlaceLeg)]
    return placed


def bills(orders: list[Order]) -> dict[str, int]:
    return {order.leg_id: order.charge.amount for order in orders if isinstance(order, LegSettled)}


def test_a_seat_rings_on_its_phone_and_costs_nothing() -> None:
    placed = place(desk(0).arrive())
    assert (placed.endpoint, placed.is_paid) == (Device("anna-phone"), False)


def test_a_seat_that_talks_is_busy_for_the_next() -> None:
    at = talking()
    assert at.arrive(3_000, "b")[-1:] == [HangUp("b", Cause.BUSY)]


def test_a_seat_that_may_not_be_disturbed_is_busy() -> None:
    at = desk()
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-phone",), is_undisturbed=True))
    assert at.arrive()[-1:] == [HangUp(A, Cause.BUSY)]


def test_a_seat_without_a_phone_at_work_cannot_be_reached() -> None:
    at = desk()
    at.hear(DeviceSeen("anna-phone", is_reachable=False), 0)
    assert at.arrive()[-1:] == [HangUp(A, Cause.CONGESTION)]


def test_hold_gives_the_caller_music_and_takes_him_back() -> None:
    at = talking()
    assert types(at, "*1", 5_000) == [MusicOn(A, "default")]
    assert types(at, "*1", 9_000) == [MusicOff(A)]


@pytest.mark.parametrize("keys", ["1", "*", "*9", "12*"])
def test_other_keys_change_nothing(keys: str) -> None:
    assert types(talking(), keys, 5_000) == []


def test_keys_of_the_caller_order_nothing() -> None:
    assert types(talking(), "*1*2201#", 5_000, A) == []


def test_a_code_that_is_typed_too_slowly_is_forgotten() -> None:
    at = talking()
    types(at, "*", 5_000)
    assert types(at, "1", 14_000) == []


def test_a_caller_who_is_handed_over_hears_music_while_the_other_rings() -> None:
    at = talking()
    orders = types(at, f"*2{TO_MOBILE}#", 5_000)
    assert HangUp(B, Cause.NORMAL) in orders
    assert place(orders).endpoint == Trunk("carrier", MOBILE)
    assert MusicOn(A, "default") in at.hear(LegReady(C), 5_050)
    orders = at.hear(LegAnswered(C), 8_000)
    assert orders[:2] == [MusicOff(A), Join(A, (C,))]
    gone(at, B, 8_100)
    assert bills(gone(at, C, 15_000)) == {C: 200}, "seven seconds are two units"


def test_who_cannot_be_reached_gives_the_caller_back_to_the_seat() -> None:
    at = talking()
    types(at, "*2201#", 5_000)
    gone(at, B, 5_010)
    at.hear(LegReady(C), 5_050)
    orders = gone(at, C, 6_000, Cause.BUSY)
    assert place(orders).endpoint == Device("anna-phone")


def test_a_handover_that_the_account_cannot_pay_comes_back_to_the_seat() -> None:
    at = talking(balance=50)
    orders = types(at, f"*2{TO_MOBILE}#", 5_000)
    assert any(isinstance(order, LegRefused) for order in orders)
    gone(at, B, 5_010)
    assert place(orders).endpoint == Device("anna-phone")


def test_a_caller_who_leaves_while_he_is_handed_over_ends_it_all() -> None:
    at = talking()
    types(at, f"*2{TO_MOBILE}#", 5_000)
    gone(at, B, 5_010)
    at.hear(LegReady(C), 5_050)
    assert HangUp(C, Cause.NORMAL) in gone(at, A, 6_000)
    assert any(isinstance(order, CallOver) for order in gone(at, C, 6_010))
    assert at.account.held == 0


def consulting() -> Desk:
    at = talking()
    types(at, f"*3{TO_MOBILE}#", 5_000)
    hears(at, 7_000, LegReady(C), LegAnswered(C))
    return at


def test_who_is_consulted_is_joined_to_the_seat_while_the_caller_hears_music() -> None:
    at = talking()
    orders = types(at, f"*3{TO_MOBILE}#", 5_000)
    assert orders[:3] == [Part(A, B), MusicOn(A, "default"), RingBack(B)]
    at.hear(LegReady(C), 5_050)
    music_anew = [MusicOff(A), MusicOn(A, "default")]
    assert at.hear(LegAnswered(C), 7_000)[:5] == [Join(A, (C,)), Part(A, A), *music_anew, Join(A, (B,))]
    assert state(at) is State.TALKING


def test_a_consultation_puts_no_bound_on_the_caller_who_talks_for_nothing() -> None:
    at = talking()
    orders = types(at, f"*3{TO_MOBILE}#", 5_000)
    orders += hears(at, 7_000, LegReady(C), LegAnswered(C)) + types(at, "*1", 12_000)
    assert [order.leg_id for order in orders if isinstance(order, Bound)] == [C]


def test_a_seat_that_hangs_up_leaves_its_caller_to_whom_it_consulted() -> None:
    at = consulting()
    orders = gone(at, B, 12_000)
    assert MusicOff(A) in orders
    assert Join(A, (A,)) in orders, "who was consulted is in the bridge"
    assert bills(gone(at, A, 20_000)) == {C: 300}, "13 s from the answer to the consultation are three units"


def test_a_seat_that_takes_its_caller_back_lets_the_other_go() -> None:
    at = consulting()
    orders = types(at, "*1", 12_000)
    assert HangUp(C, Cause.NORMAL) in orders
    assert orders[-2:] == [MusicOff(A), Join(A, (A,))]
    assert bills(orders) == {C: 100}


def test_who_hangs_up_on_a_consultation_gives_the_caller_back() -> None:
    at = consulting()
    orders = gone(at, C, 12_000)
    assert orders[-2:] == [MusicOff(A), Join(A, (A,))]
    assert state(at) is State.TALKING
    assert bills(gone(at, A, 15_000)) == {B: 0}


def test_nobody_answers_a_consultation_and_the_caller_is_back() -> None:
    at = talking()
    types(at, f"*3{TO_MOBILE}#", 5_000)
    at.hear(LegReady(C), 5_050)
    orders = at.wake(35_000)
    assert HangUp(C, Cause.NO_ANSWER) in orders
    assert orders[-2:] == [MusicOff(A), Join(A, (B,))]


def test_a_seat_that_hangs_up_before_the_answer_hands_the_caller_over() -> None:
    at = talking()
    types(at, "*3201#", 5_000)
    at.hear(LegReady(C), 5_050)
    orders = at.hear(LegEnded(B), 6_000)
    assert HangUp(C, Cause.ANSWERED_ELSEWHERE) in orders
    assert place(orders).endpoint == Device("201-phone")


def test_a_caller_who_leaves_during_a_consultation_ends_it_all() -> None:
    at = consulting()
    orders = at.hear(LegEnded(A), 12_000)
    assert {HangUp(C, Cause.NORMAL), HangUp(B, Cause.NORMAL)} <= set(orders)
    assert bills(hears(at, 12_010, LegGone(A, 16))) == {B: 0, C: 100}


def test_a_consultation_ends_with_its_money_and_the_caller_is_back() -> None:
    at = talking(balance=100)
    types(at, f"*3{TO_MOBILE}#", 5_000)
    hears(at, 7_000, LegReady(C), LegAnswered(C))
    orders = at.wake(13_000)
    (bill,) = [order for order in orders if isinstance(order, LegSettled)]
    assert (bill.charge.amount, bill.ended_by) == (100, EndedBy.BALANCE)
    assert orders[-2:] == [MusicOff(A), Join(A, (A,))]
    assert state(at) is State.TALKING


def test_what_a_seat_said_to_nobody_leaves_no_hold() -> None:
    at = Desk(1_000, CallTerms(("carrier",), "carrier", warning_ms=0), scheme=ANNA)
    assert at.arrive()[-1:] == [HangUp(A, Cause.CONGESTION)]
    assert at.account.held == 0


def test_a_handover_in_the_last_paid_unit_is_cut_at_its_end() -> None:
    """Anna consulted a mobile for the only unit that could be paid, and leaves her caller to it."""
    at = talking(balance=100)
    types(at, f"*3{TO_MOBILE}#", 5_000)
    hears(at, 7_000, LegReady(C), LegAnswered(C))
    gone(at, B, 10_000)
    assert at.board.deadline_ms() == 13_000
    orders = at.wake(13_000)
    assert {A, C} == {order.leg_id for order in orders if isinstance(order, HangUp)}
    (bill,) = [order for order in orders if isinstance(order, LegSettled)]
    assert (bill.charge.amount, bill.ended_by) == (100, EndedBy.BALANCE)
    assert at.account.available == 0
