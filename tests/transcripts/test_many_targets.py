"""Several targets, one after the other or at once, and those that must accept: hear, then what is ordered."""

from typing import TypeVar

import pytest

from callctl.calls.events import (
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    OrderRefused,
    Why,
)
from callctl.calls.orders import (
    Answer,
    Dial,
    HangUp,
    Join,
    JoinAndDial,
    MusicOff,
    MusicOn,
    Order,
    PlaceLeg,
    PlayToLeg,
    RingBack,
    StopPlaying,
    Trunk,
)
from callctl.calls.records import EndedBy, LegBegan, LegRefused, LegSettled
from callctl.calls.states import State
from dialplan.causes import Cause
from tests.transcripts.words import NUMBER, A, Desk

FIRST, SECOND, THIRD = "79160000001", "79160000002", "79160000003"
L1, L2, L3 = "leg1-a", "leg2-a", "leg3-a"
BOTH = f'[{{all: ["{FIRST}", "{SECOND}"]}}]'
One = TypeVar("One")


def scheme(to: str = BOTH, **fields: object) -> str:
    """Each way out ends the call with a cause of its own."""
    ways = {"busy": "busy", "no_answer": "no_answer", "unreachable": "congestion", "refused": "rejected"}
    node = {"kind": "forward", "to": to, "patience_s": 30} | fields | {way: f"{way}_end" for way in ways}
    ring = "".join(f"    {name}: {value}\n" for name, value in node.items())
    ends = "".join(f"  {way}_end: {{kind: hang_up, cause: {cause}}}\n" for way, cause in ways.items())
    return f"start: ring\nnodes:\n  ring:\n{ring}{ends}"


def desk(to: str = BOTH, balance: int = 1_000, **fields: object) -> Desk:
    return Desk(balance, scheme=scheme(to, **fields))


def hears(at: Desk, at_ms: int, *events: Event) -> list[Order]:
    return [order for event in events for order in at.hear(event, at_ms)]


def ringing(to: str = BOTH, balance: int = 1_000, **fields: object) -> Desk:
    at = desk(to, balance, **fields)
    placed = only(PlaceLeg, at.arrive())
    hears(at, 5, *(LegReady(order.leg_id) for order in placed))
    return at


def only(kind: type[One], orders: list[Order]) -> list[One]:
    return [order for order in orders if isinstance(order, kind)]


def rung(orders: list[Order]) -> list[str]:
    return [order.endpoint.number for order in only(PlaceLeg, orders) if isinstance(order.endpoint, Trunk)]


def charges(orders: list[Order]) -> dict[str, int]:
    return {bill.leg_id: bill.charge.amount for bill in only(LegSettled, orders)}


def gone(at: Desk, leg_id: str, at_ms: int, cause: int) -> list[Order]:
    return hears(at, at_ms, LegEnded(leg_id), LegGone(leg_id, cause))


def test_all_at_once_are_held_for_each_and_rung_together() -> None:
    at = desk()
    assert rung(at.arrive()) == [FIRST, SECOND]
    assert at.account.held == 200


def test_each_of_several_rings_by_itself_and_the_caller_hears_ringing_once() -> None:
    at = desk()
    at.arrive()
    orders = hears(at, 5, LegReady(L1), LegReady(L2))
    assert orders == [Dial(L1, 29_995, 0), RingBack(A), Dial(L2, 29_995, 0)]


def test_the_first_to_answer_talks_and_the_other_is_told_that_it_was_answered_elsewhere() -> None:
    at = ringing()
    orders = at.hear(LegAnswered(L2), 3_000)
    assert only(HangUp, orders) == [HangUp(L1, Cause.ANSWERED_ELSEWHERE)]
    assert only(Join, orders) == [Join(A, (A, L2))]
    assert [began.leg_id for began in only(LegBegan, orders)] == [L2]
    assert (charges(orders), at.account.held) == ({L1: 0}, 100)


def test_of_two_who_answer_in_one_instant_one_talks_and_the_other_costs_nothing() -> None:
    at = ringing()
    at.hear(LegAnswered(L1), 3_000)
    assert at.hear(LegAnswered(L2), 3_000) == []
    assert gone(at, L2, 3_100, Cause.NORMAL) == []
    at.hear(LegAnswered(A), 3_001)
    assert charges(gone(at, A, 5_000, Cause.NORMAL)) == {L1: 100}
    assert at.account.balance == 900


def test_a_caller_who_leaves_while_all_ring_lets_all_go_and_pays_nothing() -> None:
    at = ringing()
    orders = gone(at, A, 4_000, Cause.NORMAL)
    assert only(HangUp, orders) == [HangUp(L1, Cause.NORMAL), HangUp(L2, Cause.NORMAL)]
    assert (charges(orders), at.account.held) == ({L1: 0, L2: 0}, 0)


def test_a_caller_who_leaves_as_somebody_answers_pays_nothing() -> None:
    at = ringing()
    at.hear(LegEnded(A), 4_000)
    assert only(Join, at.hear(LegAnswered(L1), 4_000)) == []
    assert charges(at.hear(LegGone(A, Cause.NORMAL), 4_010)) == {L1: 0, L2: 0}


def test_one_who_is_busy_leaves_the_other_ringing() -> None:
    at = ringing()
    assert charges(gone(at, L1, 2_000, Cause.BUSY)) == {L1: 0}
    assert [call.state for call in at.board.calls()] == [State.RINGING]
    assert only(Join, at.hear(LegAnswered(L2), 3_000)) == [Join(A, (A, L2))]


def test_when_nobody_answers_all_are_let_go_at_the_end_of_their_patience() -> None:
    orders = ringing().wake(30_000)
    assert only(HangUp, orders) == [
        HangUp(L1, Cause.NO_ANSWER),
        HangUp(L2, Cause.NO_ANSWER),
        HangUp(A, Cause.NO_ANSWER),
    ]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (Cause.BUSY, Cause.BUSY, Cause.BUSY),
        (Cause.BUSY, Cause.NO_ANSWER, Cause.NO_ANSWER),
        (Cause.CONGESTION, Cause.BUSY, Cause.BUSY),
        (Cause.CONGESTION, Cause.CONGESTION, Cause.CONGESTION),
    ],
)
def test_of_several_outcomes_the_one_that_says_most_has_the_way(first: int, second: int, told: Cause) -> None:
    at = ringing()
    gone(at, L1, 2_000, first)
    assert only(HangUp, gone(at, L2, 3_000, second)) == [HangUp(A, told)]


def test_who_cannot_be_paid_is_refused_while_the_others_ring() -> None:
    at = desk(balance=100)
    orders = at.arrive()
    assert rung(orders) == [FIRST]
    assert [refused.connection.number for refused in only(LegRefused, orders)] == [SECOND]
    at.hear(LegReady(L1), 5)
    assert only(HangUp, gone(at, L1, 2_000, Cause.BUSY)) == [HangUp(A, Cause.BUSY)]


def test_when_none_can_be_paid_the_way_is_refused() -> None:
    assert only(HangUp, desk(balance=0).arrive()) == [HangUp(A, Cause.REJECTED)]


def test_one_that_could_not_be_placed_is_unreachable_and_the_other_rings_on() -> None:
    at = desk()
    placed = only(PlaceLeg, at.arrive())
    at.hear(LegReady(L2), 5)
    assert charges(at.hear(OrderRefused(placed[0], Why.REJECTED), 10)) == {L1: 0}
    assert [began.leg_id for began in only(LegBegan, at.hear(LegAnswered(L2), 900))] == [L2]


def test_in_turn_the_next_is_rung_when_the_one_before_failed() -> None:
    at = ringing(f'["{FIRST}", "{SECOND}"]')
    orders = gone(at, L1, 2_000, Cause.BUSY)
    assert (rung(orders), only(HangUp, orders)) == ([SECOND], [])


def test_in_turn_each_has_a_patience_of_its_own() -> None:
    at = ringing(f'[{{number: "{FIRST}", patience_s: 7}}, "{SECOND}"]')
    assert rung(at.wake(6_999)) == []
    assert rung(at.wake(7_000)) == [SECOND]


def test_a_wave_is_rung_when_all_of_the_one_before_failed() -> None:
    at = ringing(f'[{{all: ["{FIRST}", "{SECOND}"]}}, "{THIRD}"]')
    assert rung(gone(at, L1, 2_000, Cause.BUSY)) == []
    assert rung(gone(at, L2, 3_000, Cause.BUSY)) == [THIRD]


def test_a_late_answer_of_the_wave_before_costs_nothing_and_disturbs_nobody() -> None:
    at = ringing(f'["{FIRST}", "{SECOND}"]')
    at.wake(30_000)
    assert at.hear(LegAnswered(L1), 30_001) == []
    gone(at, L1, 30_050, Cause.NORMAL)
    hears(at, 30_100, LegReady(L2), LegAnswered(L2), LegAnswered(A))
    assert charges(gone(at, A, 32_000, Cause.NORMAL)) == {L2: 100}
    assert at.account.balance == 900


def test_a_lone_target_is_heard_itself_and_music_when_the_scheme_says_so() -> None:
    alone = desk(f'["{FIRST}"]')
    alone.arrive()
    assert alone.hear(LegReady(L1), 5) == [JoinAndDial(A, (A, L1), 29_995, 0)]
    music = desk(f'["{FIRST}"]', hears="music")
    music.arrive()
    assert music.hear(LegReady(L1), 5) == [Dial(L1, 29_995, 0), MusicOn(A, "default")]


def test_music_ends_before_the_two_are_joined() -> None:
    orders = ringing(f'["{FIRST}"]', hears="music").hear(LegAnswered(L1), 3_000)
    assert orders[:3] == [MusicOff(A), Answer(A), Join(A, (A, L1))]


def test_the_target_sees_the_dialled_number_when_the_scheme_says_so() -> None:
    (placed,) = only(PlaceLeg, desk(f'["{FIRST}"]', shows="own").arrive())
    assert placed.caller == NUMBER


def asked(balance: int = 1_000, to: str = f'["{FIRST}", "{SECOND}"]') -> Desk:
    at = ringing(to, balance, accept='{digit: "1", patience_s: 10}')
    at.hear(LegAnswered(L1), 2_000)
    return at


def test_who_must_accept_is_asked_while_the_caller_is_not_answered_and_it_is_paid() -> None:
    at = ringing(f'["{FIRST}"]', accept='{digit: "1", patience_s: 10}')
    orders = at.hear(LegAnswered(L1), 2_000)
    assert [play.leg_id for play in only(PlayToLeg, orders)] == [L1]
    assert [began.leg_id for began in only(LegBegan, orders)] == [L1]
    assert only(Answer, orders) == []


def test_who_accepts_talks_to_the_caller() -> None:
    orders = asked().hear(DigitPressed(L1, "1"), 4_000)
    assert orders[0] == StopPlaying(L1, 1)
    assert (only(Answer, orders), only(Join, orders)) == ([Answer(A)], [Join(A, (A, L1))])


def test_who_does_not_accept_in_time_is_let_go_paid_and_followed_by_the_next() -> None:
    at = asked()
    at.wake(8_000)
    orders = at.wake(12_000)
    assert only(HangUp, orders) == [HangUp(L1, Cause.NO_ANSWER)]
    assert (charges(orders), rung(orders)) == ({L1: 200}, [SECOND])


def test_another_digit_declines() -> None:
    orders = asked().hear(DigitPressed(L1, "5"), 4_000)
    assert only(HangUp, orders) == [HangUp(L1, Cause.NORMAL)]
    assert (charges(orders), rung(orders)) == ({L1: 100}, [SECOND])


def test_a_digit_of_the_caller_accepts_nothing() -> None:
    assert asked().hear(DigitPressed(A, "1"), 4_000) == []


def test_who_is_asked_is_let_go_when_the_money_ends() -> None:
    at = asked(balance=100)
    orders = at.wake(8_000)
    assert only(HangUp, orders)[0].leg_id == L1
    (bill,) = only(LegSettled, orders)
    assert (bill.charge.amount, bill.ended_by) == (100, EndedBy.BALANCE)


def test_of_two_who_are_asked_the_first_to_accept_talks_and_both_are_paid() -> None:
    at = asked(to=BOTH)
    at.hear(LegAnswered(L2), 2_500)
    orders = at.hear(DigitPressed(L2, "1"), 4_000)
    assert only(HangUp, orders) == [HangUp(L1, Cause.ANSWERED_ELSEWHERE)]
    assert (charges(orders), only(Join, orders)) == ({L1: 100}, [Join(A, (A, L2))])


def test_who_hangs_up_when_asked_has_declined_nothing_more_rings_there() -> None:
    at = asked()
    orders = gone(at, L1, 3_000, Cause.NORMAL)
    assert (charges(orders), rung(orders)) == ({L1: 100}, [SECOND])


def test_a_question_that_cannot_be_said_makes_the_target_unreachable() -> None:
    at = asked()
    play = PlayToLeg(L1, 1, ("ru/accept", "ru/digits/1"))
    orders = at.hear(OrderRefused(play, Why.REJECTED), 2_010)
    assert only(HangUp, orders) == [HangUp(L1, Cause.UNAVAILABLE)]
    assert rung(orders) == [SECOND]


def test_who_accepts_is_billed_from_its_answer() -> None:
    at = asked()
    at.hear(DigitPressed(L1, "1"), 7_000)
    at.hear(LegAnswered(A), 7_001)
    assert charges(gone(at, A, 9_500, Cause.NORMAL)) == {L1: 200}


def test_a_digit_that_comes_too_late_accepts_nothing_while_others_ring() -> None:
    at = asked(to=BOTH)
    at.wake(8_000)
    at.wake(12_000)
    assert at.hear(DigitPressed(L1, "1"), 12_001) == []
