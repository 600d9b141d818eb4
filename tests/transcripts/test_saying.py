"""What the service says and what callers leave behind: hear, then what is ordered. One claim each."""

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
    PromptEnded,
    RecordingEnded,
    Why,
)
from callctl.calls.orders import (
    Answer,
    Bound,
    HangUp,
    Order,
    Part,
    PlayToLeg,
    RecordLeg,
    StopPlaying,
    StopRecording,
)
from callctl.calls.records import CallOver, MessageTaken, NodeFailed
from dialplan.causes import Cause
from tests.transcripts.words import CALLER, NUMBER, A, B, Desk

PLAY = """
start: say
nodes:
  say: {kind: play, prompt: [hello, service/goodbye], then: bye, failed: sorry}
  bye: {kind: hang_up, cause: busy}
  sorry: {kind: hang_up, cause: congestion}
"""
MENU = """
start: menu
nodes:
  menu: {kind: menu, prompt: hello, keys: {"1": bye}, tries: 2, failed: sorry, silence: late}
  bye: {kind: hang_up, cause: busy}
  sorry: {kind: hang_up, cause: congestion}
  late: {kind: hang_up, cause: no_answer}
"""
BOX = """
start: box
nodes:
  box: {kind: voicemail, name: night, length_s_max: 60, silence_s_max: 3, then: bye, failed: sorry}
  bye: {kind: hang_up, cause: busy}
  sorry: {kind: hang_up, cause: congestion}
"""
RING = '  ring: {kind: forward, to: ["79160000001"], otherwise: box}'
HELLO = PlayToLeg(A, 1, ("own/ann/hello", "ru/goodbye"))
UNPLAYED = "a sound could not be played"
FILE = "message/ann/night/a"
One = TypeVar("One")


def only(kind: type[One], orders: list[Order]) -> list[One]:
    return [order for order in orders if isinstance(order, kind)]


def hears(at: Desk, at_ms: int, *events: Event) -> list[Order]:
    return [order for event in events for order in at.hear(event, at_ms)]


def said(scheme: str = PLAY) -> Desk:
    at = Desk(scheme=scheme)
    at.arrive()
    at.hear(LegAnswered(A), 5)
    return at


def recorded(length_ms: int = 4_000, *, was_kept: bool = True) -> RecordingEnded:
    return RecordingEnded(A, FILE, length_ms, was_kept)


def leaving_a_message() -> Desk:
    at = said(BOX)
    at.hear(PromptEnded(A, 1), 3_000)
    return at


def test_a_caller_is_answered_bounded_and_spoken_to() -> None:
    assert Desk(scheme=PLAY).arrive() == [Answer(A), Bound(A, 350_000), HELLO]


def test_what_is_said_early_answers_nobody() -> None:
    early = PLAY.replace("prompt:", "early: true, prompt:")
    assert Desk(scheme=early).arrive() == [Bound(A, 350_000), HELLO]


def test_after_what_was_said_the_scheme_goes_on() -> None:
    assert said().hear(PromptEnded(A, 1), 4_000) == [HangUp(A, Cause.BUSY)]


@pytest.mark.parametrize(
    "news",
    [
        PromptEnded(A, 1, was_played=False),
        OrderRefused(HELLO, Why.REJECTED),
        OrderRefused(HELLO, Why.UNKNOWN),
    ],
)
def test_what_cannot_be_said_is_told_with_its_node_and_the_scheme_goes_on(news: Event) -> None:
    orders = said().hear(news, 10)
    assert only(NodeFailed, orders) == [NodeFailed(A, "say", UNPLAYED)]
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_a_saying_of_which_there_is_no_news_does_not_keep_the_caller_for_ever() -> None:
    orders = said().wake(330_000)
    assert only(StopPlaying, orders) == [StopPlaying(A, 1)]
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_the_end_of_another_playing_is_no_news() -> None:
    assert said().hear(PromptEnded(A, 7), 4_000) == []


def test_a_caller_who_hangs_up_while_it_speaks_ends_the_call() -> None:
    at = said()
    (over,) = only(CallOver, hears(at, 2_000, LegEnded(A), LegGone(A, Cause.NORMAL)))
    assert (over.ending, [passed.node for passed in over.way]) == ("prompting", ["say"])
    assert list(at.board.calls()) == []


def test_a_menu_that_cannot_be_said_asks_nobody_to_choose() -> None:
    orders = said(MENU).hear(PromptEnded(A, 1, was_played=False), 10)
    assert only(NodeFailed, orders) == [NodeFailed(A, "menu", UNPLAYED)]
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_a_menu_asks_again_when_nothing_is_pressed_and_then_has_its_way_out() -> None:
    at = said(MENU)
    at.hear(PromptEnded(A, 1), 2_000)
    assert only(PlayToLeg, at.wake(7_000)) == [PlayToLeg(A, 2, ("ru/menu/no-choice", "own/ann/hello"))]
    at.hear(PromptEnded(A, 2), 10_000)
    assert only(HangUp, at.wake(15_000)) == [HangUp(A, Cause.NO_ANSWER)]


def test_digits_wait_for_the_end_of_what_must_be_heard() -> None:
    at = said(MENU.replace("tries: 2", "barge_in: false"))
    assert at.hear(DigitPressed(A, "1"), 1_000) == []
    at.hear(PromptEnded(A, 1), 2_000)
    assert at.hear(DigitPressed(A, "1"), 2_500) == [HangUp(A, Cause.BUSY)]


def test_a_message_is_recorded_after_the_greeting() -> None:
    orders = said(BOX).hear(PromptEnded(A, 1), 3_000)
    assert only(RecordLeg, orders) == [RecordLeg(A, FILE, 60_000, 3_000, beep=True)]


def test_a_message_is_kept_with_who_left_it_and_where_and_the_scheme_goes_on() -> None:
    orders = leaving_a_message().hear(recorded(), 9_000)
    assert orders == [
        MessageTaken("ann", A, CALLER, NUMBER, "night", FILE, 9_000, 4_000),
        HangUp(A, Cause.BUSY),
    ]


@pytest.mark.parametrize("news", [recorded(999), recorded(was_kept=False)])
def test_a_message_in_which_nothing_is_said_is_none(news: RecordingEnded) -> None:
    orders = leaving_a_message().hear(news, 9_000)
    assert only(MessageTaken, orders) == []
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_a_message_that_cannot_be_recorded_is_told_with_its_node() -> None:
    record = RecordLeg(A, FILE, 60_000, 3_000, beep=True)
    orders = leaving_a_message().hear(OrderRefused(record, Why.REJECTED), 3_010)
    assert only(NodeFailed, orders) == [NodeFailed(A, "box", "the recording could not begin")]
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_a_caller_who_hangs_up_has_left_his_message() -> None:
    at = leaving_a_message()
    orders = hears(at, 9_000, recorded(), LegEnded(A), LegGone(A, Cause.NORMAL))
    assert [taken.length_ms for taken in only(MessageTaken, orders)] == [4_000]
    assert only(CallOver, orders) != []


def test_a_message_whose_news_come_after_the_hang_up_is_kept_too() -> None:
    at = leaving_a_message()
    orders = hears(at, 9_000, LegEnded(A), recorded())
    assert [taken.length_ms for taken in only(MessageTaken, orders)] == [4_000]
    assert only(HangUp, orders) == []


def test_a_recording_of_which_there_is_no_news_is_stopped_and_the_scheme_goes_on() -> None:
    orders = leaving_a_message().wake(66_000)
    assert only(StopRecording, orders) == [StopRecording(A, FILE)]
    assert only(HangUp, orders) == [HangUp(A, Cause.CONGESTION)]


def test_a_message_after_a_target_that_failed_is_taken_outside_its_bridge() -> None:
    at = Desk(scheme=BOX.replace("start: box\nnodes:", f"start: ring\nnodes:\n{RING}"))
    at.arrive()
    hears(at, 50, LegReady(B), LegEnded(B), LegGone(B, Cause.BUSY), LegAnswered(A))
    orders = at.hear(PromptEnded(A, 1), 3_000)
    assert orders.index(Part(A, A)) < orders.index(RecordLeg(A, FILE, 60_000, 3_000, beep=True))
