"""Calls of one desk, told apart by their order: what does not fit is named."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from callctl.demo.seen import CallSeen
from tests.e2e.soak.compared import in_turn

DESK, MOBILE = "74950000001", "79160000001"
AT_S = 1_800_000_000


def talk(nth: int, seconds: int = 4) -> CallSeen:
    at_us = (AT_S + 20 * nth) * 1_000_000
    return CallSeen(
        call_id=str(nth),
        number=MOBILE,
        caller=DESK,
        invited_at_us=at_us - 500_000,
        answered_at_us=at_us,
        ended_at_us=at_us + seconds * 1_000_000,
        final_status=200,
        ended_by="there",
    )


def leg(nth: int, seconds: int = 4) -> dict[str, Any]:
    at_s = AT_S + 20 * nth
    return {
        "caller": DESK,
        "number": MOBILE,
        "answered_at": datetime.fromtimestamp(at_s, UTC),
        "answered_ms": at_s * 1_000,
        "seconds": seconds,
        "units": 1,
        "ended_by": "caller",
    }


THRICE = [talk(nth) for nth in range(3)]
BILLED = [leg(nth) for nth in range(3)]


def test_three_calls_that_are_billed_as_they_were_talked_differ_in_nothing() -> None:
    assert in_turn(BILLED, THRICE, list(reversed(THRICE))) == []


def test_a_call_that_is_not_billed_is_named() -> None:
    (found,) = in_turn(BILLED[:2], THRICE, THRICE)
    assert "is billed 2 times" in found


def test_a_call_that_is_billed_for_too_long_is_named() -> None:
    (found,) = in_turn([*BILLED[:2], leg(2, seconds=9)], THRICE, THRICE)
    assert found.startswith("talked 4000")


def test_a_bill_of_another_moment_than_the_talk_is_named() -> None:
    moved = [replace(one, answered_at_us=(one.answered_at_us or 0) + 9_000_000) for one in THRICE[:1]]
    found = in_turn(BILLED[:1], moved, THRICE[:1])
    assert [one.split(":")[0] for one in found] == ["billed and not talked"]
