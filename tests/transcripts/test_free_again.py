"""Callers who wait, and members who are free again, whatever they did before. One claim each."""

from dataclasses import replace

from callctl.calls.directory import Number
from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    MemberPaused,
    SeatDialled,
)
from callctl.calls.orders import Device, Join, Order, PlaceLeg
from callctl.calls.phones import SeatChanged
from callctl.calls.seats import SeatTold
from dialplan.causes import Cause
from dialplan.targets import Seat
from tests.transcripts.test_queues import B, ends, hangs_up, hears, queue, talks, waits
from tests.transcripts.words import A, Desk, sound_scheme

ANNA, BOTH = ("{seat: anna}",), ("{seat: anna}", "{seat: boris}")
ANNA_SEAT, BORIS = Seat("anna"), ("ann", Seat("boris"))
DIRECT, OTHER = "74950000000", "74950000001"
TO_MOBILE = "89161110002"


def desk(*members: str, **fields: object) -> Desk:
    """A line, a number that rings Anna, and three seats at their phones."""
    at = Desk(100_000, scheme=queue(members, **fields))
    extension = sound_scheme("start: anna\nnodes:\n  anna: {kind: extension, seat: anna}\n")
    at.board.directory.add(Number(DIRECT, "ann", extension))
    for name in ("anna", "boris", "clara"):
        at.board.seats.tell(SeatTold("ann", name, (phone(name),)))
        at.hear(DeviceSeen(phone(name), is_reachable=True), 0)
    return at


def phone(seat: str) -> str:
    return f"{seat}-phone"


def phones(orders: list[Order]) -> list[tuple[str, str]]:
    """Which legs ring, and on which phones."""
    return [
        (order.leg_id, order.endpoint.name)
        for order in orders
        if isinstance(order, PlaceLeg) and isinstance(order.endpoint, Device)
    ]


def calls_out(at: Desk, leg_id: str = "s", at_ms: int = 0) -> None:
    """Anna, to a mobile."""
    at.hear(SeatDialled(leg_id, phone("anna"), TO_MOBILE), at_ms)
    hears(at, at_ms + 100, LegReady(f"leg1-{leg_id}"), LegAnswered(f"leg1-{leg_id}"), LegAnswered(leg_id))


def takes(at: Desk, caller: str, leg_id: str, at_ms: int, number: str | None = None) -> None:
    """Boris dials for a call that rings at a colleague's."""
    at.arrive(at_ms, caller, number)
    at.hear(LegAnswered(caller), at_ms + 5)
    at.hear(SeatDialled(leg_id, phone("boris"), "*8"), at_ms + 50)
    at.hear(LegAnswered(leg_id), at_ms + 60)


def test_a_seat_whose_own_call_is_over_is_offered_who_waits() -> None:
    at = desk(*ANNA)
    calls_out(at)
    assert phones(waits(at, 5_000)) == []
    assert phones(hangs_up(at, "s", 60_000)) == [("leg1-a", phone("anna"))]


def test_a_seat_that_hands_its_caller_over_is_offered_who_waits() -> None:
    at = desk(*ANNA)
    at.arrive(0, B, number=DIRECT)
    talks(at, "leg1-b", 1_000)
    assert phones(waits(at, 2_000)) == []
    orders = hears(at, 5_000, *(DigitPressed("leg1-b", key) for key in f"*2{TO_MOBILE}#"))
    assert phones(orders) == [("leg1-a", phone("anna"))]


def test_a_member_who_resumes_is_offered_who_waits() -> None:
    at = desk(*ANNA, "{seat: boris}")
    at.hear(MemberPaused("ann", ANNA_SEAT, True), 0)
    waits(at)
    assert phones(waits(at, 10, B)) == []
    assert phones(at.hear(MemberPaused("ann", ANNA_SEAT, False), 3_000)) == [("leg1-b", phone("anna"))]


def test_a_seat_that_may_be_disturbed_again_is_offered_who_waits() -> None:
    at = desk(*ANNA, "{seat: boris}")
    told = SeatTold("ann", "anna", (phone("anna"),))
    at.hear(SeatChanged("ann", "anna", replace(told, is_undisturbed=True)), 0)
    waits(at)
    assert phones(waits(at, 10, B)) == []
    assert phones(at.hear(SeatChanged("ann", "anna", told), 3_000)) == [("leg1-b", phone("anna"))]


def test_a_seat_that_is_removed_and_made_anew_does_not_pause() -> None:
    at = desk(*ANNA)
    at.hear(MemberPaused("ann", ANNA_SEAT, True), 0)
    at.hear(SeatChanged("ann", "anna", None), 1_000)
    at.hear(SeatChanged("ann", "anna", SeatTold("ann", "anna", (phone("anna"),))), 2_000)
    at.hear(DeviceSeen(phone("anna"), is_reachable=True), 3_000)
    assert phones(waits(at, 4_000)) == [("leg1-a", phone("anna"))]


def test_what_is_known_of_a_talk_goes_with_it() -> None:
    at = desk(*ANNA)
    for n in range(3):
        calls_out(at, f"s{n}", n * 10_000)
        ends(at, f"leg1-s{n}", f"s{n}", n * 10_000 + 5_000)
    assert at.board.seats.talks == 0


def test_a_member_who_takes_two_calls_is_free_when_he_has_rested_from_the_second() -> None:
    at = desk("{seat: anna}", "{seat: clara}", strategy="ring_all", wrap_up_s=30)
    takes(at, A, "p1", 0)
    takes(at, B, "p2", 100)
    ends(at, "p2", B, 5_000)
    assert at.board.lines.members.state(BORIS).talks == 1
    ends(at, "p1", A, 20_000)
    at.wake(49_999)
    assert not at.board.lines.members.is_free(BORIS)
    at.wake(50_000)
    assert at.board.lines.members.is_free(BORIS)


def test_a_short_rest_does_not_end_a_longer_one() -> None:
    at = desk("{seat: anna}", "{seat: clara}", strategy="ring_all", wrap_up_s=30)
    hurried = sound_scheme(queue(["{seat: anna}", "{seat: clara}"], name="other", wrap_up_s=10))
    at.board.directory.add(Number(OTHER, "ann", hurried))
    takes(at, A, "p1", 0)
    takes(at, B, "p2", 100, number=OTHER)
    ends(at, "p1", A, 5_000)
    ends(at, "p2", B, 6_000)
    at.wake(34_999)
    assert not at.board.lines.members.is_free(BORIS)
    at.wake(35_000)
    assert at.board.lines.members.is_free(BORIS)


def test_a_member_whose_rest_is_over_is_not_lost_by_news_that_are_older() -> None:
    at = desk(*BOTH)
    waits(at)
    at.hear(LegReady("leg1-a"), 40)
    assert phones(at.wake(20_000)) == [("leg2-a", phone("boris"))], "Anna did not answer: she rests"
    at.hear(LegGone("leg1-a", Cause.NO_ANSWER), 20_005)
    at.hear(LegReady("leg2-a"), 20_010)
    at.wake(21_000)
    orders = hears(at, 20_998, LegEnded("leg2-a"), LegGone("leg2-a", Cause.BUSY))
    assert phones(orders) == [("leg3-a", phone("anna"))]


def test_nobody_else_is_rung_while_a_colleague_picks_the_call_up() -> None:
    at = desk(*ANNA, "{seat: clara}")
    waits(at)
    at.hear(LegReady("leg1-a"), 50)
    at.hear(SeatDialled("p", phone("boris"), "*8"), 1_000)
    assert phones(hears(at, 1_005, LegEnded("leg1-a"), LegGone("leg1-a", Cause.BUSY))) == []
    assert Join(A, (A, "p")) in at.hear(LegAnswered("p"), 1_010)


def test_when_who_picked_up_is_gone_the_next_member_is_rung() -> None:
    at = desk(*ANNA, "{seat: clara}")
    waits(at)
    at.hear(LegReady("leg1-a"), 50)
    at.hear(SeatDialled("p", phone("boris"), "*8"), 1_000)
    hears(at, 1_005, LegEnded("leg1-a"), LegGone("leg1-a", Cause.BUSY))
    assert phones(hangs_up(at, "p", 1_010)) == [("leg3-a", phone("clara"))]
