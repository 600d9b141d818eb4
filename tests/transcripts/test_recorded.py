"""A talk that its scheme has recorded."""

from callctl.calls.events import LegAnswered, LegReady, OrderRefused, Why
from callctl.calls.orders import Answer, Join, Order, RecordBridge
from callctl.calls.records import NodeFailed, RecordingBegan
from callctl.calls.states import State
from tests.transcripts.test_seats import ANNA, C, desk, gone, hears, state, types
from tests.transcripts.words import MOBILE, A, B, Desk, sound_scheme

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
    at = desk()
    number = at.board.directory.number(at.number)
    assert number
    at.board.directory.add(type(number)(number.e164, "ann", sound_scheme(scheme)))
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
