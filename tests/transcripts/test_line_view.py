"""The lines as people look at them: who waits, and what each member does. One claim each."""

import pytest

from callctl.calls.events import DeviceSeen, MemberPaused
from callctl.calls.lines.line_view import LineView, view
from callctl.calls.seats import SeatTold
from dialplan.targets import Outside, Seat, Target
from tests.transcripts.test_queues import FIRST, SECOND, B, busy, desk, ends, talks, waits
from tests.transcripts.words import A, Desk

ANNA = Seat("anna")


def looked_at(at: Desk, at_ms: int, only: str | None = "ann") -> list[LineView]:
    board = at.board
    return view(board.lines, board.seats, board.directory, at_ms, only)


def members(at: Desk, at_ms: int) -> dict[Target, tuple[str, int]]:
    """What each does, and how many calls he took."""
    (line,) = looked_at(at, at_ms)
    return {member.target: (member.state, member.calls_taken) for member in line.members}


def test_a_line_of_a_scheme_is_there_before_anybody_waits_in_it() -> None:
    (line,) = looked_at(desk(), 0)
    assert (line.account_id, line.name, line.waiting) == ("ann", "wait", ())
    assert [member.target for member in line.members] == [Outside(FIRST), Outside(SECOND)]


def test_of_all_accounts_those_lines_are_told_in_which_somebody_waits() -> None:
    at = desk()
    assert looked_at(at, 0, None) == []
    waits(at, 100)
    (line,) = looked_at(at, 200, None)
    assert [one.call_id for one in line.waiting] == [A]


def test_another_accounts_lines_are_not_told() -> None:
    at = desk()
    waits(at)
    assert looked_at(at, 10, "bob") == []


def test_callers_stand_in_their_order_with_the_moment_they_came_and_who_is_rung_for_them() -> None:
    at = desk((FIRST,))
    waits(at, 1_000)
    waits(at, 2_000, B)
    (line,) = looked_at(at, 3_000)
    first, second = line.waiting
    assert (first.call_id, first.since_ms, first.offered) == (A, 1_000, (Outside(FIRST),))
    assert (second.call_id, second.since_ms, second.offered) == (B, 2_000, ())
    assert first.caller == second.caller == "79031112233"


def test_a_member_is_free_offered_talking_resting_and_free_again() -> None:
    at = desk((FIRST,), wrap_up_s=30)
    assert members(at, 0) == {Outside(FIRST): ("free", 0)}
    waits(at, 0)
    assert members(at, 10) == {Outside(FIRST): ("offered", 0)}
    talks(at, "leg1-a", 5_000)
    assert members(at, 6_000) == {Outside(FIRST): ("talking", 1)}
    assert looked_at(at, 6_000)[0].waiting == ()
    ends(at, "leg1-a", A, 10_000)
    (line,) = looked_at(at, 11_000)
    assert [(one.state, one.rests_until_ms) for one in line.members] == [("resting", 40_000)]
    assert members(at, 40_000) == {Outside(FIRST): ("free", 1)}


def test_who_was_busy_rests_a_moment() -> None:
    at = desk((FIRST,))
    waits(at)
    busy(at, "leg1-a", 1_000)
    assert members(at, 1_500) == {Outside(FIRST): ("resting", 0)}


@pytest.mark.parametrize("is_pausing", [True, False])
def test_a_member_who_pauses_is_told_so(is_pausing: bool) -> None:
    at = desk((FIRST,))
    at.hear(MemberPaused("ann", Outside(FIRST), is_pausing), 0)
    assert members(at, 0) == {Outside(FIRST): ("pausing" if is_pausing else "free", 0)}


def test_a_seat_is_there_when_its_phone_is_and_talks_whoever_rang_it() -> None:
    at = desk(("{seat: anna}",))
    assert members(at, 0) == {ANNA: ("not there", 0)}
    at.board.seats.tell(SeatTold("ann", "anna", ("ann-anna-1",)))
    at.hear(DeviceSeen("ann-anna-1", True), 1)
    assert members(at, 1) == {ANNA: ("free", 0)}
    at.board.seats.engage("ann", "anna", A, lambda: False)
    assert members(at, 2) == {ANNA: ("talking", 0)}
