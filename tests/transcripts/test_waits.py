"""How long a caller waited in a line, and what ended it: told once, whatever happened."""

from typing import Any

import pytest

from callctl.calls.events import DigitPressed, LegAnswered
from callctl.calls.lines.lines import WaitEnd
from tests.transcripts.test_queues import FIRST, B, desk, hangs_up, talks, waits
from tests.transcripts.words import A, Desk

Waits = list[tuple[int, WaitEnd]]


def watched(at: Desk) -> Waits:
    told: Waits = []
    at.board.lines.on_waited = lambda wait_ms, end: told.append((wait_ms, end))
    return told


def test_a_wait_ends_when_a_member_takes_the_call() -> None:
    at = desk()
    told = watched(at)
    waits(at, 1_000)
    assert told == []
    talks(at, "leg1-a", 8_000)
    hangs_up(at, A, 20_000)
    assert told == [(7_000, WaitEnd.TAKEN)]


def test_a_wait_ends_when_the_caller_hangs_up() -> None:
    at = desk()
    told = watched(at)
    waits(at, 1_000)
    hangs_up(at, A, 4_500)
    assert told == [(3_500, WaitEnd.LEFT)]


@pytest.mark.parametrize(
    ("fields", "at_ms", "end"),
    [
        ({"leave": '{"5": bye}'}, 3_000, WaitEnd.DIGIT),
        ({"call_back_digit": '"5"'}, 3_000, WaitEnd.CALL_BACK),
        ({"wait_s_max": "60", "timeout": "bye"}, 60_000, WaitEnd.TIMEOUT),
    ],
)
def test_a_wait_ends_by_the_callers_choice_or_by_patience(
    fields: dict[str, Any], at_ms: int, end: WaitEnd
) -> None:
    at = desk(**fields)
    told = watched(at)
    waits(at)
    if end is WaitEnd.TIMEOUT:
        at.wake(at_ms)
    else:
        at.hear(DigitPressed(A, "5"), at_ms)
    assert told == [(at_ms, end)]


def test_who_finds_the_line_full_has_not_waited() -> None:
    at = desk((FIRST,), length_max=1, full="bye")
    told = watched(at)
    waits(at, 0, A)
    waits(at, 500, B)
    assert told == [(0, WaitEnd.FULL)]


def test_a_seat_queue_without_anybody_was_never_waited_in() -> None:
    at = desk(("{seat: anna}",), empty="bye")
    told = watched(at)
    at.arrive()
    at.hear(LegAnswered(A), 5)
    assert told == [(0, WaitEnd.EMPTY)]
