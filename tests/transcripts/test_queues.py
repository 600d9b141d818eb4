"""Callers who wait, and members who are rung for them: hear, then what is ordered. One claim each."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    OrderRefused,
    PromptEnded,
    Why,
)
from callctl.calls.orders import (
    Answer,
    Bound,
    Device,
    Dial,
    HangUp,
    Join,
    MusicOff,
    MusicOn,
    Order,
    PlaceLeg,
    PlayToLeg,
    RingBack,
    StopPlaying,
    Trunk,
)
from callctl.calls.records import CallOver, LegRefused, LegSettled, NodeFailed
from callctl.calls.seats import SeatTold
from callctl.calls.states import State
from dialplan.causes import Cause
from tests.transcripts.words import A, Desk, sound_scheme

FIRST, SECOND, THIRD = "79160000001", "79160000002", "79160000003"
B = "b"


def queue(members: Sequence[str] = (FIRST, SECOND), **fields: object) -> str:
    lines = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    people = ", ".join(f'"{member}"' if member.isdigit() else member for member in members)
    bye = "  bye: {kind: hang_up, cause: congestion}\n" if "bye" in lines else ""
    wait = f"  wait:\n    kind: queue\n    members: [{people}]\n    member_patience_s: 20\n{lines}"
    return f"start: wait\nnodes:\n{wait}{bye}"


def desk(members: Sequence[str] = (FIRST, SECOND), balance: int = 100_000, **fields: object) -> Desk:
    return Desk(balance, scheme=queue(members, **fields))


def placed(orders: list[Order]) -> list[tuple[str, str]]:
    """Which legs, and whom they ring."""
    return [
        (order.leg_id, order.endpoint.number if isinstance(order.endpoint, Trunk) else str(order.endpoint))
        for order in orders
        if isinstance(order, PlaceLeg)
    ]


def rung(orders: list[Order]) -> list[str]:
    return [number for _, number in placed(orders)]


def hears(at: Desk, at_ms: int, *events: Event) -> list[Order]:
    return [order for event in events for order in at.hear(event, at_ms)]


def waits(at: Desk, at_ms: int = 0, leg_id: str = A) -> list[Order]:
    orders = at.arrive(at_ms, leg_id)
    return orders + at.hear(LegAnswered(leg_id), at_ms + 5)


def talks(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, LegReady(leg_id), LegAnswered(leg_id))


def hangs_up(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, LegEnded(leg_id), LegGone(leg_id, 16))


def ends(at: Desk, member_leg: str, caller_leg: str, at_ms: int) -> list[Order]:
    return hangs_up(at, member_leg, at_ms) + hangs_up(at, caller_leg, at_ms)


def busy(at: Desk, leg_id: str, at_ms: int) -> list[Order]:
    return hears(at, at_ms, LegReady(leg_id), LegEnded(leg_id), LegGone(leg_id, Cause.BUSY))


def states(at: Desk) -> dict[str, State]:
    return {call.call_id: call.state for call in at.board.calls()}


def test_a_caller_is_answered_hears_music_and_the_first_member_is_rung() -> None:
    orders = desk().arrive()
    assert orders[:3] == [Answer(A), Bound(A, 300_000), MusicOn(A, "default")]
    assert rung(orders) == [FIRST]


def test_a_caller_who_hears_ringing_is_answered_when_a_member_has() -> None:
    at = desk(hears="ringing")
    orders = at.arrive()
    assert orders[:2] == [Bound(A, 300_000), RingBack(A)]
    assert (rung(orders), states(at)) == ([FIRST], {A: State.WAITING})
    at.hear(LegReady("leg1-a"), 40)
    assert at.hear(LegAnswered("leg1-a"), 3_000)[:2] == [Answer(A), Join(A, (A, "leg1-a"))]


def test_who_hears_ringing_hears_it_anew_every_minute_whoever_is_rung_meanwhile() -> None:
    at = desk([FIRST], hears="ringing")
    at.arrive()
    busy(at, "leg1-a", 1_000)
    rung_again = [ms for ms in range(1_000, 130_000, 1_000) if RingBack(A) in at.wake(ms)]
    assert rung_again == [60_000, 120_000]


def test_who_hears_ringing_and_waits_too_long_goes_on_unanswered() -> None:
    at = desk(hears="ringing", wait_s_max=30)
    orders = at.arrive()
    at.hear(LegReady("leg1-a"), 40)
    orders += at.wake(30_000)
    assert HangUp(A, Cause.NO_ANSWER) in orders
    assert Answer(A) not in orders


def test_a_member_rings_unheard_and_is_joined_when_he_answers() -> None:
    at = desk()
    waits(at)
    assert at.hear(LegReady("leg1-a"), 40) == [Dial("leg1-a", 19_960, 0)]
    orders = at.hear(LegAnswered("leg1-a"), 3_000)
    assert orders[:2] == [MusicOff(A), Join(A, (A, "leg1-a"))]
    assert states(at) == {A: State.TALKING}


def test_who_does_not_answer_in_his_patience_is_let_go_and_the_next_is_rung() -> None:
    at = desk()
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    orders = at.wake(20_000)
    assert HangUp("leg1-a", Cause.NO_ANSWER) in orders
    assert rung(orders) == [SECOND]


def test_a_busy_member_is_not_rung_again_in_the_same_instant() -> None:
    at = desk([FIRST])
    waits(at)
    assert rung(busy(at, "leg1-a", 1_000)) == []
    assert at.wake(5_999) == []
    assert rung(at.wake(6_000)) == [FIRST]


def test_two_callers_are_offered_to_two_members() -> None:
    at = desk()
    assert rung(waits(at) + waits(at, 100, B)) == [FIRST, SECOND]


def test_a_member_takes_one_call_at_a_time_and_the_first_who_waits_gets_him() -> None:
    at = desk([FIRST])
    waits(at)
    talks(at, "leg1-a", 1_000)
    assert rung(waits(at, 2_000, B) + waits(at, 3_000, "c")) == []
    assert placed(ends(at, "leg1-a", A, 9_000)) == [("leg1-b", FIRST)]


def test_an_offer_that_came_to_nothing_costs_no_place() -> None:
    at = desk([FIRST])
    waits(at)
    waits(at, 100, B)
    busy(at, "leg1-a", 1_000)
    assert placed(at.wake(6_000)) == [("leg2-a", FIRST)]


def test_the_higher_priority_goes_first() -> None:
    at = desk([FIRST])
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    vip = Desk(scheme=queue([FIRST], priority=5))
    at.board.directory.add(replace(next(vip.board.directory.numbers()), e164="74950000000"))
    at.arrive(3_000, "v", number="74950000000")
    orders = ends(at, "leg1-a", A, 9_000)
    assert placed(orders) == [("leg1-v", FIRST)]


def test_two_queues_share_a_member() -> None:
    at = desk([FIRST])
    other = Desk(scheme=queue([FIRST], name="other"))
    at.board.directory.add(replace(next(other.board.directory.numbers()), e164="74950000000"))
    waits(at)
    assert rung(at.arrive(100, B, number="74950000000")) == []
    talks(at, "leg1-a", 1_000)
    assert placed(ends(at, "leg1-a", A, 9_000)) == [("leg1-b", FIRST)]


def test_a_member_rests_after_a_talk() -> None:
    at = desk([FIRST], wrap_up_s=10)
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    assert rung(ends(at, "leg1-a", A, 9_000)) == []
    assert rung(at.wake(18_999)) == []
    assert rung(at.wake(19_000)) == [FIRST]


def test_who_did_not_answer_rests_for_his_penalty() -> None:
    at = desk([FIRST], penalty_s=60)
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    assert rung(at.wake(20_000)) == []
    assert rung(at.wake(79_999)) == []
    assert rung(at.wake(80_000)) == [FIRST]


def test_all_members_ring_and_the_others_are_let_go_as_answered_elsewhere() -> None:
    at = desk([FIRST, SECOND, THIRD], strategy="ring_all")
    assert rung(waits(at)) == [FIRST, SECOND, THIRD]
    for leg_id in ("leg1-a", "leg2-a", "leg3-a"):
        at.hear(LegReady(leg_id), 100)
    orders = at.hear(LegAnswered("leg2-a"), 2_000)
    lost = [HangUp(leg_id, Cause.ANSWERED_ELSEWHERE) for leg_id in ("leg1-a", "leg3-a")]
    assert [order for order in orders if isinstance(order, HangUp)] == lost
    bills = [order for order in orders if isinstance(order, LegSettled)]
    assert [(bill.leg_id, bill.charge.amount) for bill in bills] == [("leg1-a", 0), ("leg3-a", 0)]


def test_a_member_who_answers_a_call_that_another_took_is_free_for_the_next() -> None:
    at = desk([FIRST, SECOND], strategy="ring_all")
    waits(at)
    for leg_id in ("leg1-a", "leg2-a"):
        at.hear(LegReady(leg_id), 100)
    at.hear(LegAnswered("leg1-a"), 2_000)
    assert at.hear(LegAnswered("leg2-a"), 2_000) == []
    assert rung(waits(at, 2_500, B)) == [SECOND]


def test_a_caller_who_leaves_takes_his_offer_with_him() -> None:
    at = desk([FIRST])
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    waits(at, 100, B)
    orders = hangs_up(at, A, 5_000)
    assert HangUp("leg1-a", Cause.NORMAL) in orders
    assert placed(orders) == [("leg1-b", FIRST)]
    assert at.account.holds == 1


def test_a_member_who_answers_as_the_caller_leaves_talks_to_nobody_and_is_not_paid() -> None:
    at = desk([FIRST])
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    at.hear(LegEnded(A), 5_000)
    at.hear(LegAnswered("leg1-a"), 5_000)
    orders = hears(at, 5_010, LegGone(A, 16), LegGone("leg1-a", 16))
    assert [order.charge.amount for order in orders if isinstance(order, LegSettled)] == [0]
    assert any(isinstance(order, CallOver) for order in orders)
    assert (at.account.balance, at.account.held) == (100_000, 0)


def test_the_longest_wait_has_an_exit() -> None:
    at = desk([FIRST], wait_s_max=60, timeout="bye")
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    at.wake(20_000)
    orders = at.wake(60_000)
    assert HangUp(A, Cause.CONGESTION) in orders
    assert rung(waits(at, 70_000, B)) == [FIRST], "nobody stands in the way"


def test_a_line_has_a_greatest_length() -> None:
    at = desk([FIRST], length_max=2, full="bye")
    waits(at)
    waits(at, 100, B)
    assert at.arrive(200, "c")[-1:] == [HangUp("c", Cause.CONGESTION)]


def test_who_talks_does_not_count_for_the_length() -> None:
    at = desk([FIRST], length_max=1, full="bye")
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    assert states(at)[B] is State.WAITING


def test_a_digit_leads_out_of_the_line() -> None:
    at = desk([FIRST], leave='{"1": bye}')
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    orders = at.hear(DigitPressed(A, "1"), 3_000)
    assert MusicOff(A) in orders
    assert HangUp("leg1-a", Cause.ANSWERED_ELSEWHERE) in orders
    assert HangUp(A, Cause.CONGESTION) in orders


def test_another_digit_changes_nothing() -> None:
    at = desk([FIRST], leave='{"1": bye}')
    waits(at)
    assert at.hear(DigitPressed(A, "7"), 3_000) == []


def test_position_and_wait_are_said_and_the_music_goes_on() -> None:
    at = desk([FIRST], announce="{position: true, first_after_s: 10, every_s: 30}")
    waits(at)
    talks(at, "leg1-a", 1_000)
    waits(at, 2_000, B)
    waits(at, 3_000, "c")
    spoken = [order for order in at.wake(13_000) if isinstance(order, PlayToLeg)]
    assert [(play.leg_id, play.media[0]) for play in spoken] == [
        (B, "ru/queue/next"),
        ("c", "ru/queue/you-are-number"),
    ]
    assert at.hear(PromptEnded(B, 1), 16_000) == [MusicOn(B, "default")]


def test_a_member_who_answers_while_something_is_said_ends_it() -> None:
    at = desk([FIRST], announce="{position: true, first_after_s: 10, every_s: 30}")
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    at.wake(10_000)
    orders = at.hear(LegAnswered("leg1-a"), 11_000)
    assert orders[0] == StopPlaying(A, 1)
    assert Join(A, (A, "leg1-a")) in orders


def test_a_member_without_money_for_him_is_passed_over_and_nobody_is_lost() -> None:
    at = desk([FIRST], balance=50)
    orders = waits(at)
    assert [type(order) for order in orders if isinstance(order, LegRefused)] == [LegRefused]
    assert states(at) == {A: State.WAITING}
    at.pay(10_000, 10_000)
    assert rung(at.wake(30_000)) == [FIRST]


def test_seats_are_rung_on_all_their_devices_that_are_there() -> None:
    at = desk(["{seat: anna}"])
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-desk", "anna-mobile", "anna-home")))
    at.hear(DeviceSeen("anna-desk", is_reachable=True), 0)
    at.hear(DeviceSeen("anna-home", is_reachable=True), 0)
    orders = waits(at, 10)
    places = [order for order in orders if isinstance(order, PlaceLeg)]
    assert [(place.endpoint, place.is_paid) for place in places] == [
        (Device("anna-desk"), False),
        (Device("anna-home"), False),
    ]


def test_a_queue_without_anybody_there_has_an_exit() -> None:
    at = desk(["{seat: anna}"], empty="bye")
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-desk",)))
    assert at.arrive()[-1:] == [HangUp(A, Cause.CONGESTION)]


def test_a_seat_that_comes_to_work_is_offered_who_waits() -> None:
    at = desk([FIRST, "{seat: anna}"])
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-desk",)))
    waits(at)
    talks(at, "leg1-a", 1_000)
    assert rung(waits(at, 2_000, B)) == []
    orders = at.hear(DeviceSeen("anna-desk", is_reachable=True), 9_000)
    assert [order.endpoint for order in orders if isinstance(order, PlaceLeg)] == [Device("anna-desk")]


def test_a_seat_that_talks_elsewhere_is_not_offered() -> None:
    at = desk(["{seat: anna}"])
    at.board.seats.tell(SeatTold("ann", "anna", ("anna-desk",)))
    at.hear(DeviceSeen("anna-desk", is_reachable=True), 0)
    direct = Desk(scheme="start: anna\nnodes:\n  anna: {kind: extension, seat: anna}\n")
    at.board.directory.add(replace(next(direct.board.directory.numbers()), e164="74950000000"))
    at.arrive(10, B, number="74950000000")
    talks(at, "leg1-b", 1_000)
    assert placed(waits(at, 2_000)) == []
    orders = ends(at, "leg1-b", B, 9_000)
    assert [order.leg_id for order in orders if isinstance(order, PlaceLeg)] == ["leg1-a"]


def test_a_member_who_must_accept_is_asked_while_the_caller_goes_on_waiting() -> None:
    at = desk([FIRST], accept="{digit: 1}")
    waits(at)
    orders = talks(at, "leg1-a", 1_000)
    assert [order.media[0] for order in orders if isinstance(order, PlayToLeg)] == ["ru/accept"]
    assert states(at) == {A: State.WAITING}
    orders = at.hear(DigitPressed("leg1-a", "1"), 3_000)
    assert orders[:3] == [StopPlaying("leg1-a", 1), MusicOff(A), Join(A, (A, "leg1-a"))]


@pytest.mark.parametrize("needs", ["[english]", "[english, billing]"])
def test_only_who_has_the_skills_is_rung(needs: str) -> None:
    people = [f'{{number: "{FIRST}"}}', f'{{number: "{SECOND}", skills: [english, billing]}}']
    assert rung(waits(desk(people, needs=needs))) == [SECOND]


def test_a_service_that_ends_leaves_nobody_in_line() -> None:
    at = desk([FIRST])
    waits(at)
    waits(at, 100, B)
    at.board.close(5_000)
    assert at.board.lines.waiting == 0


def test_callers_are_taken_in_the_order_of_their_coming() -> None:
    at = desk([FIRST])
    for n in range(6):
        waits(at, n * 100, f"c{n}")
    taken = []
    for n in range(6):
        at_ms = 10_000 + n * 5_000
        talks(at, f"leg1-c{n}", at_ms)
        taken += [call_id for call_id, state in states(at).items() if state is State.TALKING]
        ends(at, f"leg1-c{n}", f"c{n}", at_ms + 3_000)
    assert taken == [f"c{n}" for n in range(6)]


def test_a_caller_without_number_waits_as_well() -> None:
    at = desk([FIRST])
    assert rung(at.arrive(caller="")) == [FIRST]


UNSAID = NodeFailed(A, "wait", "a sound could not be played")
REJECTED = OrderRefused(PlayToLeg(A, 1, ("ru/queue/next",)), Why.REJECTED)


@pytest.mark.parametrize("news", [PromptEnded(A, 1, was_played=False), REJECTED])
def test_an_announcement_that_cannot_be_said_is_told_and_music_goes_on(news: Event) -> None:
    at = desk(announce="{first_after_s: 5, every_s: 60, position: true}")
    waits(at)
    assert PlayToLeg(A, 1, ("ru/queue/next",)) in at.wake(5_000)
    orders = at.hear(news, 5_010)
    assert (orders[0], orders[-1]) == (UNSAID, MusicOn(A, "default"))
    assert states(at) == {A: State.WAITING}


def test_an_announcement_that_cannot_be_said_leads_to_failed_where_the_scheme_has_it() -> None:
    at = desk(announce="{first_after_s: 5, every_s: 60, position: true}", failed="bye")
    waits(at)
    at.wake(5_000)
    orders = at.hear(REJECTED, 5_010)
    assert UNSAID in orders
    assert HangUp(A, Cause.CONGESTION) in orders


def test_a_member_who_is_new_to_a_line_does_not_get_all_calls() -> None:
    at = desk((FIRST, SECOND), strategy="fewest_calls")
    rang: list[str] = []

    def one_call(leg_id: str, at_ms: int) -> None:
        ((leg, number),) = placed(waits(at, at_ms, leg_id))
        rang.append(number)
        talks(at, leg, at_ms + 1_000)
        ends(at, leg, leg_id, at_ms + 2_000)

    for number in range(4):
        one_call(f"old{number}", number * 10_000)
    (line,) = at.board.directory.numbers()
    wider = sound_scheme(queue((FIRST, SECOND, THIRD), strategy="fewest_calls"))
    at.board.directory.add(replace(line, scheme=wider))
    for number in range(3):
        one_call(f"new{number}", 100_000 + number * 10_000)
    assert rang == [FIRST, SECOND, FIRST, SECOND, FIRST, SECOND, THIRD]
