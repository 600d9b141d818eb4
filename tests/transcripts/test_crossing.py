"""Two things in one instant, news that come late, and what must not be kept: hear, then what is ordered."""

from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    OrderRefused,
    SeatDialled,
    Why,
)
from callctl.calls.orders import Answer, HangUp, Order, PlaceLeg
from callctl.calls.records import LegHeld, LegSettled
from callctl.calls.seats import SeatTold
from dialplan.causes import Cause
from tests.transcripts.test_both_ways import BOTH, TOLL_FREE
from tests.transcripts.words import MOBILE, A, B, Desk

C, PICKER = "leg2-a", "p"
ANNA = "start: anna\nnodes:\n  anna: {kind: extension, seat: anna}\n"
ANNA_AND_MOBILE = f'start: on\nnodes:\n  on: {{kind: forward, to: [{{all: [{{seat: anna}}, "{MOBILE}"]}}]}}\n'


def hears(at: Desk, at_ms: int, *events: Event) -> list[Order]:
    return [order for event in events for order in at.hear(event, at_ms)]


def with_seats(at: Desk, *names: str) -> Desk:
    for name in names:
        at.board.seats.tell(SeatTold("ann", name, (f"{name}-phone",)))
        at.hear(DeviceSeen(f"{name}-phone", is_reachable=True), 0)
    return at


def types(at: Desk, keys: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, *(DigitPressed(B, key) for key in keys))


def gone(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, LegEnded(leg_id), LegGone(leg_id, 16))


def bills(orders: list[Order]) -> dict[str, tuple[int, int]]:
    """Seconds and kopecks."""
    settled = [order for order in orders if isinstance(order, LegSettled)]
    return {bill.leg_id: (bill.charge.seconds, bill.charge.amount) for bill in settled}


def talking(at: Desk) -> Desk:
    with_seats(at, "anna", "201")
    at.arrive()
    hears(at, 100, LegReady(B), LegAnswered(B), LegAnswered(A))
    return at


def toll_free() -> Desk:
    return talking(Desk(100_000, number=TOLL_FREE, plan=BOTH, scheme=ANNA))


def test_the_way_in_of_a_caller_who_is_handed_over_is_billed_whole() -> None:
    at = toll_free()
    types(at, "*2201#", 600_000)
    gone(at, B, 600_010)
    hears(at, 601_000, LegReady(C), LegAnswered(C))
    assert bills(gone(at, A, 611_100))["leg0-a"] == (611, 4_400)


def test_the_way_in_of_a_caller_whose_seat_has_consulted_is_billed_whole() -> None:
    at = toll_free()
    types(at, "*3201#", 600_000)
    hears(at, 601_000, LegReady(C), LegAnswered(C))
    gone(at, B, 605_000)
    assert bills(gone(at, A, 611_100))["leg0-a"] == (611, 4_400)


def test_a_seat_and_its_caller_who_leave_at_once_have_talked_all_the_same() -> None:
    at = toll_free()
    types(at, "*3201#", 60_000)
    hears(at, 61_000, LegReady(C), LegAnswered(C))
    orders = hears(at, 65_100, LegEnded(B), LegEnded(A), LegGone(A, 16), LegGone(B, 16))
    assert bills(orders)["leg0-a"] == (65, 800)


def test_a_caller_is_handed_over_before_the_news_of_his_own_answer() -> None:
    at = with_seats(Desk(100_000, number=TOLL_FREE, plan=BOTH, scheme=ANNA), "anna", "201")
    at.arrive()
    hears(at, 100, LegReady(B), LegAnswered(B))
    orders = types(at, "*2201#", 110)
    assert [order.leg_id for order in orders if isinstance(order, PlaceLeg)] == [C]


def test_a_seats_keys_order_nothing_once_its_caller_has_left() -> None:
    for code in ("*2", "*3"):
        at = talking(Desk(1_000, scheme=ANNA))
        types(at, f"{code}{MOBILE}", 5_000)
        at.hear(LegEnded(A), 5_100)
        assert types(at, "#", 5_102) == []
        hears(at, 5_110, LegGone(A, 16), LegEnded(B), LegGone(B, 16))
        assert (at.board.calls_running, at.account.held) == (0, 0)


def picking_up() -> Desk:
    """Boris picks up what rings at Anna's and at a mobile."""
    at = with_seats(Desk(1_000, scheme=ANNA_AND_MOBILE), "anna", "boris")
    at.arrive()
    hears(at, 50, LegReady(B), LegReady(C))
    assert Answer(PICKER) in at.hear(SeatDialled(PICKER, "boris-phone", "*8anna"), 1_000)
    return at


def test_a_phone_that_picks_up_and_is_gone_costs_the_talk_that_follows_nothing_of_its_bill() -> None:
    at = picking_up()
    at.hear(OrderRefused(Answer(PICKER), Why.GONE), 1_010)
    gone(at, PICKER, 1_020)
    hears(at, 2_000, LegAnswered(C), LegAnswered(A))
    assert bills(gone(at, A, 12_100))[C] == (10, 200)


def test_a_phone_that_picks_up_and_cannot_be_answered_is_let_go_alone() -> None:
    at = picking_up()
    assert at.hear(OrderRefused(Answer(PICKER), Why.REJECTED), 1_010) == [HangUp(PICKER, Cause.UNAVAILABLE)]


def test_a_seat_that_is_called_like_the_emergency_number_is_none_when_the_service_ends() -> None:
    at = with_seats(Desk(1_000, scheme=ANNA.replace("seat: anna", 'seat: "112"')), "112")
    at.arrive()
    hears(at, 100, LegReady(B), LegAnswered(B), LegAnswered(A))
    assert HangUp(A, Cause.UNAVAILABLE) in at.board.close(5_000)


def test_an_hour_of_ringing_leaves_nothing_behind() -> None:
    at = Desk(1_000, scheme=f'start: q\nnodes:\n  q: {{kind: queue, members: ["{MOBILE}"], penalty_s: 5}}\n')
    at.arrive()
    at.hear(LegAnswered(A), 5)
    at_ms, rung = 0, [B]
    while at_ms < 3_600_000:
        for leg_id in rung:
            hears(at, at_ms, LegReady(leg_id), LegEnded(leg_id), LegGone(leg_id, Cause.BUSY))
        due_ms = at.board.deadline_ms()
        assert due_ms is not None
        at_ms = due_ms
        rung = [order.connection.leg_id for order in at.wake(at_ms) if isinstance(order, LegHeld)]
    (call,) = at.board.calls()
    assert len(call.legs) <= 2
