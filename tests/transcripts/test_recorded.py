"""A talk that its scheme has recorded."""

from collections.abc import Callable

import pytest

from callctl.calls.events import LegAnswered, LegEnded, LegReady, OrderRefused, Why
from callctl.calls.orders import Answer, HangUp, Join, Order, Part, RecordBridge
from callctl.calls.records import NodeFailed, RecordingBegan
from callctl.calls.states import State
from tests.transcripts.test_seats import ANNA, C, desk, gone, hears, state, types
from tests.transcripts.words import MOBILE, A, B, Desk

FILE = "talk/ann/a"
RECORD = RecordBridge(A, FILE, beep=False)
RECORDED = """
start: record
nodes:
  record: {kind: record, keep_days: 30, then: anna}
  anna: {kind: extension, seat: anna, patience_s: 20}
"""
MENU_FIRST = RECORDED.replace(
    "{kind: extension, seat: anna, patience_s: 20}",
    '{kind: forward, to: ["MOBILE", {seat: anna}], hears: music}',
).replace("MOBILE", MOBILE)


def recorded(scheme: str = RECORDED) -> Desk:
    at = desk(scheme=scheme)
    at.arrive()
    return at


def began(orders: list[Order]) -> list[RecordingBegan]:
    return [order for order in orders if isinstance(order, RecordingBegan)]


def test_a_recording_begins_before_the_caller_is_answered() -> None:
    at = recorded()
    at.hear(LegReady(B), 50)
    orders = at.hear(LegAnswered(B), 2_000)
    assert orders.index(RECORD) < orders.index(Answer(A))
    assert began(orders) == [RecordingBegan("ann", A, FILE, 2_000, 30)]


def test_who_rang_alone_is_recorded_before_the_caller_can_hear_him() -> None:
    at = recorded(MENU_FIRST)
    at.hear(LegReady(B), 50)
    orders = at.hear(LegAnswered(B), 2_000)
    assert orders.index(Join(A, (B,))) < orders.index(RECORD) < orders.index(Join(A, (A,)))


def test_what_nobody_talks_in_is_not_recorded() -> None:
    at = recorded()
    at.hear(LegReady(B), 50)
    assert began(gone(at, A, 2_000)) == []


def test_a_talk_without_such_a_node_is_not_recorded() -> None:
    at = recorded(ANNA)
    at.hear(LegReady(B), 50)
    assert RECORD not in at.hear(LegAnswered(B), 2_000)


def test_a_caller_handed_over_is_recorded_once() -> None:
    at = recorded()
    hears(at, 2_000, LegReady(B), LegAnswered(B), LegAnswered(A))
    types(at, "*2201#", 5_000)
    gone(at, B, 5_010)
    at.hear(LegReady(C), 5_050)
    orders = at.hear(LegAnswered(C), 8_000)
    assert state(at) is State.TALKING
    assert (began(orders), RECORD in orders) == ([], False)
    assert Join(A, (C,)) in orders, (
        "the caller would leave the bridge to come in again, and end the recording"
    )


def test_a_recording_that_cannot_begin_is_told_and_the_talk_goes_on() -> None:
    at = recorded()
    hears(at, 2_000, LegReady(B), LegAnswered(B), LegAnswered(A))
    (told,) = at.hear(OrderRefused(RECORD, Why.REJECTED), 2_100)
    assert told == NodeFailed(A, "record", "it is not recorded: rejected")
    assert state(at) is State.TALKING


def follow(inside: set[str], orders: list[Order]) -> set[str]:
    """Who is in the bridge afterwards; never nobody, who would end the recording, and never a third."""
    for order in orders:
        match order:
            case Join(_, leg_ids):
                inside = inside | set(leg_ids)
            case Part(_, leg_id) | HangUp(leg_id):
                inside = inside - {leg_id}
        assert len(inside) in (1, 2), orders
    return inside


def takes_back(at: Desk) -> list[Order]:
    return types(at, "*1", 9_000)


@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize(
    ("left", "ends"),
    [
        pytest.param(B, lambda at: at.hear(LegEnded(B), 9_000), id="the seat hangs up"),
        pytest.param(C, lambda at: gone(at, C, 9_000), id="who is consulted hangs up"),
        pytest.param("", takes_back, id="the seat takes its caller back"),
    ],
)
def test_somebody_is_in_the_bridge_as_long_as_a_consultation_is_recorded(
    left: str, ends: Callable[[Desk], list[Order]], *, is_answered: bool
) -> None:
    at = recorded()
    hears(at, 2_000, LegReady(B), LegAnswered(B), LegAnswered(A))
    inside = follow({A, B}, types(at, "*3201#", 5_000) + at.hear(LegReady(C), 5_050))
    if is_answered:
        inside = follow(inside, at.hear(LegAnswered(C), 7_000))
        assert inside == {B, C}
    inside = follow(inside - {left}, ends(at))
    assert inside == {A, *({B, C} if is_answered else {B})} - {left or C}
