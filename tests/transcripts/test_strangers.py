"""Legs that an earlier life of the service left before it could write of them. One claim each."""

from callctl.calls.events import CallArrived, LegsListed
from callctl.calls.orders import CloseBridge, HangUp, Order, PlaceLeg
from dialplan.causes import Cause
from tests.transcripts.words import CALLER, Desk

X, RUNG = "x", "leg1-x"
FOR_HELP = {X: CallArrived(X, CALLER, "112")}
LATER_MS = 15_000


def listed(
    desk: Desk, *alive: str, up: tuple[str, ...] = (), at_ms: int = 10, help: bool = True
) -> list[Order]:
    is_first = at_ms < LATER_MS
    told = LegsListed(
        frozenset(alive),
        frozenset(up),
        at_ms,
        0,
        is_first,
        {X: frozenset(alive)} if is_first else {},
        for_help={leg_id: told for leg_id, told in FOR_HELP.items() if help and leg_id in alive},
    )
    return desk.hear(told, at_ms)


def test_whom_we_rang_for_a_stranger_is_let_go_with_him_at_once() -> None:
    gone = [HangUp(RUNG, Cause.NORMAL), HangUp(X, Cause.NORMAL), CloseBridge(X)]
    assert listed(Desk(), X, RUNG, help=False) == gone


def test_who_calls_for_help_and_whom_we_rang_for_him_are_left_alone() -> None:
    desk = Desk()
    for at_ms, up in ((10, ()), (LATER_MS, (X, RUNG)), (2 * LATER_MS, (X, RUNG))):
        assert listed(desk, X, RUNG, up=up, at_ms=at_ms) == []


def test_who_calls_for_help_and_has_nobody_is_served_at_once() -> None:
    (_, placed) = [order for order in listed(Desk(), X) if order != CloseBridge(X)]
    assert isinstance(placed, PlaceLeg) and placed.leg_id == RUNG


def test_a_newcomer_who_calls_for_help_is_served_once() -> None:
    desk = Desk()
    assert desk.arrive(leg_id=X, number="112")
    assert listed(desk, X, at_ms=LATER_MS) == []


def test_who_was_helped_while_nobody_served_is_let_go_when_he_is_left_alone() -> None:
    desk = Desk()
    listed(desk, X, RUNG, up=(X, RUNG))
    assert listed(desk, X, up=(X,), at_ms=LATER_MS) == [HangUp(X, Cause.NORMAL), CloseBridge(X)]
