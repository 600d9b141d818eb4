"""Callers who asked to be called back: hear, then what is ordered. One claim each."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    OrderRefused,
    PromptEnded,
    Why,
)
from callctl.calls.legs import asked_in
from callctl.calls.lines.line_view import view
from callctl.calls.orders import Dial, HangUp, Inside, Join, MusicOn, Order, PlaceLeg, PlayToLeg, Trunk
from callctl.calls.records import (
    CallBackOver,
    CallOver,
    LegHeld,
    LegRefused,
    LegSettled,
    NodeFailed,
    Passed,
    PlaceKept,
    PromiseEnd,
)
from callctl.calls.seats import SeatTold
from callctl.calls.states import State
from callctl.calls.terms import CallTerms
from dialplan.causes import Cause
from tests.transcripts.test_queues import (
    FIRST,
    SECOND,
    B,
    busy,
    ends,
    hangs_up,
    hears,
    placed,
    queue,
    rung,
    states,
    talks,
    waits,
)
from tests.transcripts.words import CALLER, NUMBER, A, Desk, sound_scheme

DIGIT = "9"
BACK = "back1-b"
HIS_TURN = 60_000
OTHER = "79035554433"


def desk(members: Sequence[str] = (FIRST,), balance: int = 100_000, **fields: object) -> Desk:
    return Desk(balance, scheme=queue(members, call_back_digit=f'"{DIGIT}"', **fields))


def asks(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    """Presses the digit, hears the promise, and hangs up a second later."""
    orders = at.hear(DigitPressed(leg_id, DIGIT), at_ms)
    serial = next(order.serial for order in orders if isinstance(order, PlayToLeg))
    orders += at.hear(PromptEnded(leg_id, serial), at_ms + 1_000)
    return orders + at.hear(LegGone(leg_id, Cause.NORMAL), at_ms + 1_010)


def promised(at: Desk) -> Desk:
    """The member talks to A, and B will be called back; a while passes."""
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    asks(at, B, 5_000)
    assert placed(at.wake(HIS_TURN - 1)) == []
    return at


def asks_at_once(at: Desk) -> list[Order]:
    """The first who waits; his call is over at 4,020."""
    waits(at)
    orders = asks(at, A, 3_000)
    for leg_id, _ in placed(orders) or [("leg1-a", FIRST)]:
        orders += hears(at, 4_020, LegReady(leg_id), LegGone(leg_id, Cause.ANSWERED_ELSEWHERE))
    return orders


def member_is_free(at: Desk, at_ms: int = HIS_TURN) -> list[Order]:
    return ends(at, "leg1-a", A, at_ms)


def called_back(at: Desk) -> Desk:
    """His phone rings."""
    member_is_free(promised(at))
    at.hear(LegReady(BACK), HIS_TURN + 40)
    return at


def answers(at: Desk, at_ms: int = HIS_TURN + 3_000) -> list[Order]:
    return at.hear(LegAnswered(BACK), at_ms)


def does_not_answer(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, LegEnded(leg_id), LegGone(leg_id, Cause.NO_ANSWER))


def over(orders: Sequence[Order]) -> list[tuple[str, int, PromiseEnd]]:
    return [(order.call_id, order.tries, order.end) for order in orders if isinstance(order, CallBackOver)]


def kept(orders: Sequence[Order]) -> list[PlaceKept]:
    return [order for order in orders if isinstance(order, PlaceKept)]


def left_by(at: Desk) -> list[PlaceKept]:
    """What the next service finds."""
    return [promise.kept for promise in at.board.call_backs.promises]


def test_who_presses_the_digit_hears_the_promise_and_is_released() -> None:
    orders = asks_at_once(desk())
    plays = [order.media for order in orders if isinstance(order, PlayToLeg)]
    assert plays == [("ru/call-back/booked",)]
    assert HangUp(A, Cause.NORMAL) in orders
    told = next(order for order in orders if isinstance(order, CallOver))
    assert told.way == (Passed("wait", 0, ("call_back", "done")),)


def test_the_member_who_was_rung_for_him_is_let_go() -> None:
    at = desk()
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    assert HangUp("leg1-a", Cause.ANSWERED_ELSEWHERE) in at.hear(DigitPressed(A, DIGIT), 3_000)


def test_he_is_not_called_while_he_still_listens_to_the_promise() -> None:
    at = desk()
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    at.hear(DigitPressed(B, DIGIT), 5_000)
    assert placed(ends(at, "leg1-a", A, 6_000)) == []


def test_he_is_called_some_seconds_after_he_has_hung_up() -> None:
    at = desk()
    assert placed(asks_at_once(at)) + placed(at.wake(9_019)) == []
    assert placed(at.wake(9_020)) == [("back1-a", CALLER)]


def test_when_it_is_his_turn_and_a_member_is_free_he_is_called_on_a_paid_leg_with_the_own_number_shown() -> (
    None
):
    at = promised(desk())
    orders = member_is_free(at)
    place = next(order for order in orders if isinstance(order, PlaceLeg))
    assert place == PlaceLeg(
        BACK, None, Trunk("carrier", CALLER), NUMBER, HIS_TURN + 50_000, is_paid=True, account_id="ann"
    )
    held = next(order for order in orders if isinstance(order, LegHeld))
    assert (held.connection.caller, held.connection.number, held.connection.line) == (NUMBER, CALLER, NUMBER)
    assert at.hear(LegReady(BACK), HIS_TURN + 40) == [Dial(BACK, 29_960, HIS_TURN + 40)]


def test_one_member_is_kept_free_while_he_is_called_and_no_more() -> None:
    at = desk([FIRST, SECOND], strategy="ring_all")
    asks_at_once(at)
    hears(at, 4_020, LegReady("leg2-a"), LegGone("leg2-a", Cause.ANSWERED_ELSEWHERE))
    at.wake(9_020)
    assert rung(at.arrive(10_000, B)) == [SECOND]


def test_when_he_answers_he_is_told_why_and_the_member_rings() -> None:
    at = called_back(desk())
    orders = answers(at)
    assert [order.media for order in orders if isinstance(order, PlayToLeg)] == [("ru/call-back/connecting",)]
    assert placed(orders) == [(f"leg1-{BACK}", FIRST)]
    assert states(at)[BACK] is State.WAITING


def test_after_the_words_he_hears_music() -> None:
    at = called_back(desk())
    answers(at)
    assert at.hear(PromptEnded(BACK, 1), HIS_TURN + 6_000) == [MusicOn(BACK, "default")]


def test_he_and_the_member_are_joined_and_both_ways_are_paid() -> None:
    at = called_back(desk())
    answers(at)
    orders = talks(at, f"leg1-{BACK}", HIS_TURN + 8_000)
    assert Join(BACK, (BACK, f"leg1-{BACK}")) in orders
    orders = ends(at, BACK, f"leg1-{BACK}", HIS_TURN + 13_000)
    bills = {order.leg_id: order.charge for order in orders if isinstance(order, LegSettled)}
    assert (bills[f"leg0-{BACK}"].seconds, bills[f"leg1-{BACK}"].seconds) == (10, 5)
    assert at.account.held == 0


def test_the_second_call_tells_the_first_and_its_own_way() -> None:
    at = called_back(desk())
    answers(at)
    talks(at, f"leg1-{BACK}", HIS_TURN + 8_000)
    orders = ends(at, BACK, f"leg1-{BACK}", HIS_TURN + 13_000)
    told = next(order for order in orders if isinstance(order, CallOver))
    assert (told.call_id, asked_in(told.call_id), told.caller, told.line) == (BACK, B, CALLER, NUMBER)
    assert (told.way, told.answered_at_ms) == ((Passed("wait", HIS_TURN + 3_000, ()),), HIS_TURN + 3_000)


def test_the_promise_is_kept_with_his_answer() -> None:
    at = called_back(desk())
    assert over(answers(at)) == [(B, 0, PromiseEnd.ANSWERED)]


def test_a_promise_that_was_kept_is_over_with_his_call() -> None:
    at = called_back(desk())
    answers(at)
    talks(at, f"leg1-{BACK}", HIS_TURN + 8_000)
    assert over(ends(at, BACK, f"leg1-{BACK}", HIS_TURN + 13_000)) == []
    assert (at.board.deadline_ms(), at.board.call_backs.waiting, at.board.lines.waiting) == (None, 0, 0)


def test_a_caller_at_a_number_of_ours_is_called_back_there() -> None:
    at = desk()
    other = next(at.board.directory.numbers())
    at.board.directory.add(replace(other, e164=OTHER))
    at.arrive(caller=OTHER)
    asks(at, A, 3_000)
    hears(at, 4_020, LegReady("leg1-a"), LegGone("leg1-a", Cause.ANSWERED_ELSEWHERE))
    assert [order.endpoint for order in at.wake(9_020) if isinstance(order, PlaceLeg)] == [Inside(OTHER, 1)]


def test_who_came_after_him_waits_and_who_came_before_him_goes_first() -> None:
    at = desk()
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, "before")
    waits(at, 3_000, B)
    asks(at, B, 5_000)
    waits(at, 20_000, "after")
    assert placed(ends(at, "leg1-a", A, 30_000)) == [("leg1-before", FIRST)]
    talks(at, "leg1-before", 31_000)
    assert placed(ends(at, "leg1-before", "before", 40_000)) == [(BACK, CALLER)]
    at.hear(LegReady(BACK), 40_040)
    assert placed(answers(at, 43_000)) == [(f"leg1-{BACK}", FIRST)]


def test_while_he_is_called_a_caller_of_higher_priority_goes_first() -> None:
    at = called_back(desk())
    vip = Desk(scheme=queue([FIRST], priority=5))
    at.board.directory.add(replace(next(vip.board.directory.numbers()), e164="74950000000"))
    assert placed(at.arrive(HIS_TURN + 1_000, "v", number="74950000000")) == []
    assert placed(answers(at)) == [("leg1-v", FIRST)]
    assert states(at)[BACK] is State.WAITING


def test_who_does_not_answer_is_let_go_and_the_next_goes_first_during_the_pause() -> None:
    at = called_back(desk())
    waits(at, HIS_TURN + 100, "c")
    orders = at.wake(HIS_TURN + 30_000)
    assert HangUp(BACK, Cause.NO_ANSWER) in orders
    orders = does_not_answer(at, BACK, HIS_TURN + 30_010)
    assert placed(orders) == [("leg1-c", FIRST)]
    assert over(orders) == []


def test_after_the_pause_he_is_called_again_and_after_the_last_try_the_place_goes() -> None:
    at = called_back(desk())
    at.wake(HIS_TURN + 30_000)
    does_not_answer(at, BACK, HIS_TURN + 30_010)
    assert at.wake(HIS_TURN + 90_009) == []
    assert placed(at.wake(HIS_TURN + 90_010)) == [("back2-b", CALLER)]
    at.hear(LegReady("back2-b"), HIS_TURN + 90_050)
    at.wake(HIS_TURN + 120_010)
    orders = does_not_answer(at, "back2-b", HIS_TURN + 120_020)
    assert over(orders) == [(B, 2, PromiseEnd.NO_ANSWER)]
    assert at.board.lines.waiting == 0
    assert (at.account.held, at.board.deadline_ms()) == (0, None)


def test_a_phone_that_is_busy_counts_as_a_try() -> None:
    at = promised(desk(called_back="{tries: 1}"))
    member_is_free(at)
    orders = busy(at, BACK, HIS_TURN + 100)
    bills = {
        order.leg_id: (order.cause, order.charge.amount) for order in orders if isinstance(order, LegSettled)
    }
    assert bills == {f"leg0-{BACK}": (Cause.BUSY, 0)}
    assert over(orders) == [(B, 1, PromiseEnd.BUSY)]


def test_a_phone_that_cannot_be_reached_is_called_over_the_next_trunk_at_once() -> None:
    terms = CallTerms(("carrier", "other"), "carrier", warning_ms=0)
    at = promised(Desk(100_000, terms, scheme=queue([FIRST], call_back_digit=f'"{DIGIT}"')))
    member_is_free(at)
    orders = hears(at, HIS_TURN + 100, LegReady(BACK), LegEnded(BACK), LegGone(BACK, Cause.CONGESTION))
    places = [order.endpoint for order in orders if isinstance(order, PlaceLeg)]
    assert places == [Trunk("other", CALLER)]


def test_when_there_is_no_money_for_it_the_place_goes_and_the_member_is_free() -> None:
    at = desk(balance=300)
    asks_at_once(at)
    at.pay(-300, 4_500)
    orders = at.wake(9_020)
    assert [order.connection.number for order in orders if isinstance(order, LegRefused)] == [CALLER]
    assert placed(orders) == []
    assert over(orders) == [("a", 1, PromiseEnd.REFUSED)]
    assert [order.call_id for order in orders if isinstance(order, CallOver)] == ["back1-a"]
    assert at.board.lines.waiting == 0


def test_when_the_record_cannot_be_written_he_is_called_later() -> None:
    at = promised(desk())
    place = next(order for order in member_is_free(at) if isinstance(order, PlaceLeg))
    orders = at.hear(OrderRefused(place, Why.NOT_RECORDED), HIS_TURN + 50)
    assert (placed(orders), over(orders), at.account.held) == ([], [], 0)
    assert placed(at.wake(HIS_TURN + 60_050)) == [("back2-b", CALLER)]


def test_a_member_who_has_gone_when_he_answers_leaves_him_first_in_line() -> None:
    at = desk(["{seat: anna}"])
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-desk",)))
    at.hear(DeviceSeen("anna-desk", is_reachable=True), 0)
    asks_at_once(at)
    at.wake(9_020)
    at.hear(LegReady("back1-a"), 9_050)
    at.hear(DeviceSeen("anna-desk", is_reachable=False), 10_000)
    at.hear(LegAnswered("back1-a"), 12_000)
    orders = at.hear(DeviceSeen("anna-desk", is_reachable=True), 20_000)
    assert [order.leg_id for order in orders if isinstance(order, PlaceLeg)] == ["leg1-back1-a"]


def test_his_own_hanging_up_while_he_waits_again_is_the_end_of_it() -> None:
    at = called_back(desk())
    answers(at)
    orders = hangs_up(at, BACK, HIS_TURN + 5_000)
    assert HangUp(f"leg1-{BACK}", Cause.NORMAL) not in orders  # it was not there yet
    hears(at, HIS_TURN + 5_100, LegReady(f"leg1-{BACK}"), LegGone(f"leg1-{BACK}", 16))
    assert (at.board.lines.waiting, at.account.held, states(at)) == (0, 0, {})


def test_who_asks_twice_has_one_place() -> None:
    at = promised(desk())
    waits(at, 30_000, "c")
    orders = asks(at, "c", 31_000)
    assert HangUp("c", Cause.NORMAL) in orders
    assert at.board.lines.waiting == 1
    assert placed(member_is_free(at)) == [(BACK, CALLER)]


def test_who_is_called_back_cannot_ask_again() -> None:
    at = called_back(desk())
    answers(at)
    orders = at.hear(DigitPressed(BACK, DIGIT), HIS_TURN + 4_000)
    assert [order.media for order in orders if isinstance(order, PlayToLeg)] == [("ru/menu/wrong-choice",)]
    assert states(at)[BACK] is State.WAITING


def test_kept_places_count_for_the_length_of_the_line() -> None:
    at = promised(desk(length_max=1, full="bye"))
    assert at.arrive(30_000, "c")[-1:] == [HangUp("c", Cause.CONGESTION)]


@pytest.mark.parametrize("caller", ["", "anonymous"])
def test_a_caller_without_a_number_hears_that_he_cannot_be_called_and_waits_on(caller: str) -> None:
    at = desk()
    at.arrive(caller=caller)
    at.hear(LegAnswered(A), 5)
    orders = at.hear(DigitPressed(A, DIGIT), 3_000)
    assert [order.media for order in orders if isinstance(order, PlayToLeg)] == [("ru/call-back/no-number",)]
    assert states(at) == {A: State.WAITING}


def test_a_caller_whom_the_subscriber_may_not_call_keeps_waiting() -> None:
    at = desk()
    at.account.barred = ("7903",)
    waits(at)
    orders = at.hear(DigitPressed(A, DIGIT), 3_000)
    assert [order.media for order in orders if isinstance(order, PlayToLeg)] == [("ru/menu/wrong-choice",)]
    assert states(at) == {A: State.WAITING}


@pytest.mark.parametrize(("caller", "is_offered"), [(CALLER, True), ("anonymous", False)])
def test_only_who_can_be_called_back_is_offered_it(caller: str, is_offered: bool) -> None:
    at = desk(announce="{position: true, call_back: true, first_after_s: 10}")
    at.arrive(caller=caller)
    at.hear(LegAnswered(A), 5)
    (play,) = (order for order in at.wake(10_000) if isinstance(order, PlayToLeg))
    assert play.media == ("ru/queue/next", *(("ru/call-back/offer", "ru/digits/9") if is_offered else ()))


def test_a_promise_that_could_not_be_kept_in_time_is_over() -> None:
    at = promised(desk(called_back="{within_s: 600}"))
    assert over(at.wake(604_999)) == []
    assert over(at.wake(605_000)) == [(B, 0, PromiseEnd.TOO_LATE)]
    assert placed(member_is_free(at, 700_000)) == []


def test_a_service_that_ends_calls_nobody_back() -> None:
    at = promised(desk())
    orders = at.board.close(HIS_TURN)
    orders += ends(at, "leg1-a", A, HIS_TURN + 10)
    assert (placed(orders), over(orders)) == ([], [])
    assert at.board.lines.waiting == 0


def test_a_service_that_ends_while_he_is_called_lets_him_go() -> None:
    at = called_back(desk())
    orders = at.board.close(HIS_TURN + 1_000)
    assert HangUp(BACK, Cause.UNAVAILABLE) in orders
    orders += hears(at, HIS_TURN + 1_010, LegEnded(BACK), LegGone(BACK, 16))
    assert (placed(orders), over(orders), kept(orders)) == ([], [], [])
    assert (at.account.held, states(at)) == (0, {})


def test_an_answer_that_crosses_our_giving_up_costs_nothing_and_he_is_called_again() -> None:
    at = called_back(desk())
    at.wake(HIS_TURN + 30_000)
    orders = hears(at, HIS_TURN + 30_005, LegAnswered(BACK), LegEnded(BACK), LegGone(BACK, Cause.NO_ANSWER))
    assert over(orders) == []
    assert at.account.balance == 100_000 - 100 * 10
    assert placed(at.wake(HIS_TURN + 90_005)) == [("back2-b", CALLER)]


def test_what_the_scheme_had_set_before_the_line_still_holds() -> None:
    text = f"""
start: name
nodes:
  name: {{kind: set_name, name: Guest, then: wait}}
  wait: {{kind: queue, members: ["{FIRST}"], call_back_digit: "{DIGIT}"}}
"""
    at = Desk(100_000, scheme=text)
    asks_at_once(at)
    at.wake(9_020)
    at.hear(LegReady("back1-a"), 9_050)
    orders = at.hear(LegAnswered("back1-a"), 12_000)
    assert [order.caller_name for order in orders if isinstance(order, PlaceLeg)] == ["Guest"]


def test_he_is_not_led_through_what_lies_before_the_line_again() -> None:
    text = f"""
start: hello
nodes:
  hello: {{kind: play, prompt: hello, then: wait}}
  wait: {{kind: queue, members: ["{FIRST}"], call_back_digit: "{DIGIT}"}}
"""
    at = Desk(100_000, scheme=text)
    waits(at)
    at.hear(PromptEnded(A, 1), 2_000)
    asks(at, A, 3_000)
    hears(at, 4_020, LegReady("leg1-a"), LegGone("leg1-a", Cause.ANSWERED_ELSEWHERE))
    at.wake(9_020)
    orders = hears(at, 12_000, LegReady("back1-a"), LegAnswered("back1-a"))
    assert [order.media for order in orders if isinstance(order, PlayToLeg)] == [("ru/call-back/connecting",)]


def test_a_scheme_that_is_changed_meanwhile_is_not_that_of_the_promise() -> None:
    at = promised(desk(leave='{"5": bye}'))
    old = next(at.board.directory.numbers())
    at.board.directory.add(replace(old, scheme=sound_scheme("start: x\nnodes:\n  x: {kind: hang_up}\n")))
    member_is_free(at)
    at.hear(LegReady(BACK), HIS_TURN + 40)
    answers(at)
    assert HangUp(BACK, Cause.CONGESTION) in at.hear(DigitPressed(BACK, "5"), HIS_TURN + 4_000)


def test_his_place_is_seen_in_the_line() -> None:
    at = promised(desk())
    (line,) = view(at.board.lines, at.board.seats, at.board.directory, HIS_TURN)
    (one,) = line.waiting
    assert (one.call_id, one.caller, one.since_ms, one.is_called_back) == (B, CALLER, 2_000, True)


def test_the_promise_is_told_only_when_its_record_is_durable() -> None:
    at = desk()
    waits(at)
    orders = at.hear(DigitPressed(A, DIGIT), 3_000)
    (place,) = kept(orders)
    (play,) = [order for order in orders if isinstance(order, PlayToLeg)]
    assert (place.call_id, place.caller, place.since_ms, play.is_promise) == (A, CALLER, 0, True)
    assert orders.index(place) < orders.index(play)
    assert not any(order.is_promise for order in waits(at, 4_000, B) if isinstance(order, PlayToLeg))


def test_a_promise_that_cannot_be_written_is_not_told_but_kept() -> None:
    at = desk()
    waits(at)
    (play,) = [order for order in at.hear(DigitPressed(A, DIGIT), 3_000) if isinstance(order, PlayToLeg)]
    orders = at.hear(OrderRefused(play, Why.NOT_RECORDED), 5_000)
    assert HangUp(A, Cause.NORMAL) in orders
    assert NodeFailed(A, "wait", "a promise is not told, as it could not be written") in orders
    assert (over(orders), len(left_by(at))) == ([], 1)


def test_each_try_that_failed_is_written() -> None:
    at = called_back(desk())
    (place,) = kept(does_not_answer(at, BACK, HIS_TURN + 10_000))
    assert (place.call_id, place.tries) == (B, 1)


def test_who_was_promised_a_call_by_an_earlier_life_is_called_when_it_is_his_turn() -> None:
    left = left_by(promised(desk()))
    at = desk()
    assert placed(at.hear(LegReady("nobodys"), 100_000)) == []
    at._told(at.board.adopt([], left, 100_000))
    assert placed(at.wake(104_999)) == []
    ((leg_id, number),) = placed(at.wake(105_000))
    assert (asked_in(leg_id), number) == (B, CALLER)
    assert leg_id != BACK, "that may have been used"
    orders = hears(at, 108_000, LegReady(leg_id), LegAnswered(leg_id))
    assert over(orders) == [(B, 0, PromiseEnd.ANSWERED)]


def test_places_of_an_earlier_life_keep_their_order() -> None:
    at = desk()
    waits(at)
    talks(at, "leg1-a", 1_000)
    for place, leg_id in enumerate(("x", "y"), 1):
        at.arrive(1_000 + place, leg_id, caller=f"7903000000{place}")
        at.hear(LegAnswered(leg_id), 2_000)
        asks(at, leg_id, 4_000 - place)
    left = left_by(at)
    again = desk()
    again._told(again.board.adopt([], reversed(left), 100_000))
    assert [number for _, number in placed(again.wake(200_000))] == ["79030000001"]


def test_an_earlier_life_s_place_whose_time_is_over_goes() -> None:
    left = left_by(promised(desk(called_back="{within_s: 600}")))
    at = desk()
    at._told(at.board.adopt([], left, 700_000))
    assert over(at.wake(700_000)) == [(B, 0, PromiseEnd.TOO_LATE)]
