"""Callers in a line whom everybody has left, or who hear nothing. One claim each."""

import pytest

from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    Event,
    LegAnswered,
    MemberPaused,
    PromptEnded,
)
from callctl.calls.orders import HangUp, MusicOn, Order, StopPlaying
from callctl.calls.phones import SeatChanged
from callctl.calls.records import NodeFailed
from callctl.calls.seats import SeatTold
from callctl.calls.states import State
from dialplan.causes import Cause
from dialplan.targets import Seat
from tests.transcripts.test_queues import FIRST, B, queue, states, talks, waits
from tests.transcripts.words import A, Desk

PHONE = SeatTold("ann", "anna", ("anna-phone",))
ALONE_MS = 45_000
UNSAID = NodeFailed(A, "wait", "a sound could not be played")


def desk(*members: str, **fields: object) -> Desk:
    """Anna is at her phone, and talks to somebody else."""
    at = Desk(100_000, scheme=queue(members or ("{seat: anna}",), **fields))
    at.board.seats.tell(PHONE)
    at.hear(DeviceSeen("anna-phone", is_reachable=True), 0)
    at.board.seats.engage("ann", "anna", "elsewhere", lambda: False)
    return at


def leaves(at: Desk, at_ms: int) -> list[Order]:
    return at.hear(DeviceSeen("anna-phone", is_reachable=False), at_ms)


@pytest.mark.parametrize(
    "news",
    [
        DeviceSeen("anna-phone", is_reachable=False),
        MemberPaused("ann", Seat("anna"), True),
        SeatChanged("ann", "anna", None),
        SeatChanged("ann", "anna", SeatTold("ann", "anna", ("anna-phone",), is_undisturbed=True)),
    ],
)
def test_when_the_last_member_goes_the_caller_leaves_by_empty(news: Event) -> None:
    at = desk(empty="bye")
    waits(at)
    at.hear(news, 1_000)
    assert at.board.deadline_ms() == 1_000 + ALONE_MS
    assert HangUp(A, Cause.CONGESTION) in at.wake(1_000 + ALONE_MS)


def test_a_phone_that_is_back_in_time_loses_nobody() -> None:
    at = desk(empty="bye")
    waits(at)
    leaves(at, 1_000)
    at.hear(DeviceSeen("anna-phone", is_reachable=True), 20_000)
    at.wake(100_000)
    assert states(at) == {A: State.WAITING}


def test_the_time_alone_begins_anew_when_she_goes_again() -> None:
    at = desk(empty="bye")
    waits(at)
    leaves(at, 1_000)
    at.hear(DeviceSeen("anna-phone", is_reachable=True), 20_000)
    leaves(at, 30_000)
    at.wake(29_999 + ALONE_MS)
    assert states(at) == {A: State.WAITING}
    assert HangUp(A, Cause.CONGESTION) in at.wake(30_000 + ALONE_MS)


def test_who_still_has_a_member_waits_on() -> None:
    at = desk("{seat: anna}", FIRST, empty="bye")
    waits(at)
    talks(at, "leg1-a", 500)
    waits(at, 1_000, B)
    leaves(at, 2_000)
    at.wake(200_000)
    assert states(at)[B] is State.WAITING


def test_who_lacks_the_skills_is_no_company() -> None:
    able, other = "{seat: anna, skills: [english]}", f'{{number: "{FIRST}"}}'
    at = desk(able, other, needs="[english]", empty="bye")
    waits(at)
    leaves(at, 1_000)
    assert HangUp(A, Cause.CONGESTION) in at.wake(1_000 + ALONE_MS)


def test_without_a_way_for_it_the_call_ends() -> None:
    at = desk()
    waits(at)
    leaves(at, 1_000)
    assert HangUp(A, Cause.NO_ANSWER) in at.wake(1_000 + ALONE_MS)


def test_an_announcement_of_whose_end_no_news_come_gives_way_to_music() -> None:
    at = desk(announce="{first_after_s: 5, every_s: 600, position: true}")
    waits(at)
    at.wake(5_000)
    assert at.wake(34_999) == []
    assert at.wake(35_000) == [UNSAID, StopPlaying(A, 1), MusicOn(A, "default")]


def test_an_answer_to_a_digit_of_whose_end_no_news_come_gives_way_to_music() -> None:
    at = desk(call_back_digit="'5'")
    at.arrive(0, caller="anonymous")
    at.hear(LegAnswered(A), 5)
    at.hear(DigitPressed(A, "5"), 1_000)
    assert MusicOn(A, "default") in at.wake(31_000)


def test_an_announcement_that_has_ended_is_not_ended_again() -> None:
    at = desk(announce="{first_after_s: 5, every_s: 600, position: true}")
    waits(at)
    at.wake(5_000)
    at.hear(PromptEnded(A, 1), 8_000)
    assert at.wake(40_000) == []


def test_a_news_lost_costs_no_place_though_the_scheme_leaves_by_failed() -> None:
    at = desk(announce="{first_after_s: 5, every_s: 600, position: true}", failed="bye")
    waits(at)
    at.wake(5_000)
    at.wake(35_000)
    assert states(at) == {A: State.WAITING}
