"""Seats that call: colleagues, the world, help; and that take a call which rings at a colleague's."""

import pytest

from callctl.calls.events import DeviceSeen, LegAnswered, LegReady, SeatDialled
from callctl.calls.orders import Answer, Bound, Device, HangUp, Inside, Join, Order, PlaceLeg, Trunk
from callctl.calls.records import LegHeld, LegRefused, LegSettled
from callctl.calls.seats import SeatTold
from callctl.calls.states import State
from dialplan.causes import Cause
from rating.refusal import Refusal
from tests.transcripts.test_both_ways import TOLL_FREE, both
from tests.transcripts.test_seats import ANNA, bills, gone, hears, place, state
from tests.transcripts.words import MOBILE, NUMBER, A, B, Desk

S, T = "s", "leg1-s"
OTHER, THEIRS = "bob", "bob-phone"
TO_MOBILE = "89161110002"


def desk(balance: int = 1_000, shows: str = NUMBER) -> Desk:
    """Anna and Boris of one account are at work, and Bob of nobody's account that matters."""
    at = Desk(balance, scheme=ANNA)
    for account, name in (("ann", "anna"), ("ann", "boris"), (OTHER, "bob")):
        at.board.seats.tell(SeatTold(account, name, (f"{name}-phone",), shows=shows))
        at.hear(DeviceSeen(f"{name}-phone", is_reachable=True), 0)
    return at


def dials(at: Desk, number: str, at_ms: int = 0, device: str = "anna-phone", leg_id: str = S) -> list[Order]:
    return at.hear(SeatDialled(leg_id, device, number), at_ms)


def held(orders: list[Order]) -> LegHeld:
    (one,) = [order for order in orders if isinstance(order, LegHeld)]
    return one


def rung_at_anna() -> Desk:
    at = desk()
    at.arrive()
    at.hear(LegReady(B), 50)
    assert state(at) is State.RINGING
    return at


def test_a_seat_calls_outside_with_its_number_and_the_account_holds_a_unit() -> None:
    orders = dials(desk(), TO_MOBILE)
    placed = place(orders)
    assert (placed.endpoint, placed.caller, placed.is_paid) == (Trunk("carrier", MOBILE), NUMBER, True)
    one = held(orders)
    assert (one.amount, one.connection.line, one.connection.caller) == (100, NUMBER, NUMBER)


def test_a_seat_that_shows_no_number_calls_without_one() -> None:
    assert place(dials(desk(shows=""), TO_MOBILE)).caller == ""


def test_a_seat_pays_by_the_unit_from_the_answer_on() -> None:
    at = desk()
    dials(at, TO_MOBILE)
    hears(at, 2_000, LegReady(T), LegAnswered(T), LegAnswered(S))
    assert bills(gone(at, S, 9_000)) == {T: 200}


def test_a_seat_is_not_connected_when_its_account_has_no_money() -> None:
    at = desk(50)
    orders = dials(at, TO_MOBILE)
    (refused,) = [order for order in orders if isinstance(order, LegRefused)]
    assert refused.refusal is Refusal.NOT_ENOUGH
    assert not any(isinstance(order, PlaceLeg) for order in orders)


def test_a_seat_that_shows_a_toll_free_number_pays_for_no_way_in() -> None:
    at = both(1_000)
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-phone",), shows=TOLL_FREE))
    assert held(dials(at, TO_MOBILE)).connection.leg_id == T


def test_a_colleague_is_rung_for_nothing() -> None:
    at = desk(0)
    assert place(dials(at, "boris")).endpoint == Device("boris-phone")
    hears(at, 2_000, LegReady(T), LegAnswered(T), LegAnswered(S))
    (bill,) = [order for order in gone(at, S, 9_000) if isinstance(order, LegSettled)]
    assert [(line.what, line.rule) for line in bill.charge.lines] == [("inside", "CLV-P6")]


def test_a_seat_of_another_account_is_no_colleague() -> None:
    assert dials(desk(), "bob") == [HangUp(S, Cause.NOT_FOUND)]


def test_a_number_of_our_own_is_called_inside() -> None:
    assert place(dials(desk(), NUMBER)).endpoint == Inside(NUMBER, 1)


@pytest.mark.parametrize("number", ["112", "01"])
def test_help_is_called_with_no_money_and_the_number_of_the_seat(number: str) -> None:
    placed = place(dials(desk(0), number))
    assert (placed.endpoint, placed.caller, placed.is_paid) == (Trunk("carrier", number), NUMBER, False)


def test_a_phone_of_nobodys_is_turned_away() -> None:
    assert dials(desk(), TO_MOBILE, device="eve-phone") == [HangUp(S, Cause.REJECTED)]


def test_a_seat_that_calls_is_busy_for_its_callers() -> None:
    at = desk()
    dials(at, TO_MOBILE)
    assert at.arrive(100)[-1:] == [HangUp(A, Cause.BUSY)]


@pytest.mark.parametrize("code", ["*8", "*8anna"])
def test_a_colleague_takes_a_call_that_rings_and_the_others_are_let_go(code: str) -> None:
    at = rung_at_anna()
    orders = dials(at, code, 1_000, "boris-phone")
    assert Answer(S) in orders
    assert any(isinstance(order, Bound) and order.leg_id == S for order in orders)
    orders = at.hear(LegAnswered(S), 1_050)
    assert HangUp(B, Cause.ANSWERED_ELSEWHERE) in orders
    assert [order for order in orders if isinstance(order, Join)] == [Join(A, (S,))], "the caller is in it"
    assert Answer(A) in orders
    hears(at, 1_060, LegAnswered(A))
    assert gone(at, B, 1_070, Cause.ANSWERED_ELSEWHERE) == []
    assert set(bills(gone(at, A, 5_000)).values()) == {0}


@pytest.mark.parametrize(("code", "device"), [("*8boris", "boris-phone"), ("*8", THEIRS)])
def test_what_rings_elsewhere_or_for_others_cannot_be_taken(code: str, device: str) -> None:
    assert dials(rung_at_anna(), code, 1_000, device) == [HangUp(S, Cause.NOT_FOUND)]


def test_a_call_that_somebody_talks_in_cannot_be_taken() -> None:
    at = rung_at_anna()
    hears(at, 2_000, LegAnswered(B), LegAnswered(A))
    assert dials(at, "*8", 3_000, "boris-phone") == [HangUp(S, Cause.NOT_FOUND)]


def test_who_hangs_up_before_he_has_taken_the_call_leaves_it_ringing() -> None:
    at = rung_at_anna()
    dials(at, "*8", 1_000, "boris-phone")
    gone(at, S, 1_020)
    assert state(at) is State.RINGING
    hears(at, 2_000, LegAnswered(B), LegAnswered(A))
    assert state(at) is State.TALKING


def test_a_phone_whose_seat_went_is_not_there_when_another_gets_its_name() -> None:
    at = desk()
    at.board.seats.forget("ann", "anna")
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-phone",)))
    assert not at.board.seats.is_there("ann", "anna")


def test_a_seat_that_is_told_anew_keeps_the_phones_that_are_there() -> None:
    at = desk()
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-phone",), shows="74950000000"))
    assert at.board.seats.is_there("ann", "anna")
