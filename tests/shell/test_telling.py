"""What a call's lines in the log say: hear, then one line."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from callctl.calls.events import (
    CallArrived,
    DeviceSeen,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    OrderRefused,
    Why,
)
from callctl.calls.orders import Order
from callctl.telling import tell
from tests.transcripts.words import CALLER, MOBILE, NUMBER, A, B, Desk

Lines = list[dict[str, Any]]


class Told:
    """A desk whose events and orders are told."""

    def __init__(self, caplog: pytest.LogCaptureFixture, level: int) -> None:
        self._caplog = caplog
        self._desk = Desk()
        caplog.set_level(level)

    def hear(self, event: Event, at_ms: int) -> Lines:
        return self._lines(event, self._desk.board.handle(event, at_ms))

    def wake(self, at_ms: int) -> Lines:
        return self._lines(None, self._desk.board.wake(at_ms))

    def _lines(self, event: Event | None, orders: Sequence[Order]) -> Lines:
        self._caplog.clear()
        tell(event, orders, self._desk.board.where)
        return [
            {"level": record.levelname, "msg": record.msg, **getattr(record, "fields", {})}
            for record in self._caplog.records
        ]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    return Told(caplog, logging.DEBUG)


def arrival() -> CallArrived:
    return CallArrived(A, CALLER, NUMBER)


def test_an_arrival_says_who_calls_whom_what_is_held_and_where_the_call_is(told: Told) -> None:
    (line,) = told.hear(arrival(), 0)
    orders = line.pop("orders").split()
    assert line == {
        "level": "INFO",
        "msg": "CallArrived",
        "call": A,
        "node": "ring",
        "state": "ringing",
        "from": CALLER,
        "number": NUMBER,
    }
    assert f"LegHeld({B},{MOBILE},100)" in orders
    assert f"PlaceLeg({B},carrier/{MOBILE})" in orders


def test_a_bill_says_how_much_and_by_whom_it_ended(told: Told) -> None:
    told.hear(arrival(), 0)
    for event, at_ms in ((LegReady(B), 50), (LegAnswered(B), 1_000), (LegAnswered(A), 1_010)):
        told.hear(event, at_ms)
    told.hear(LegEnded(A), 3_000)
    (line,) = told.hear(LegGone(A, 16), 3_010)
    assert (line["level"], line["leg"], line["cause"]) == ("INFO", A, 16)
    assert f"LegSettled({B},100,caller,16)" in line["orders"]


def test_what_is_no_money_is_told_only_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(caplog, logging.INFO)
    assert told.hear(arrival(), 0)
    assert told.hear(LegReady(B), 50) == []
    (line,) = Told(caplog, logging.DEBUG).hear(LegReady(B), 50)
    assert line["level"] == "DEBUG"


def test_what_was_due_is_told_of_each_call_that_it_touched(told: Told) -> None:
    told.hear(arrival(), 0)
    told.hear(CallArrived("z", CALLER, NUMBER), 10)
    lines = told.wake(60_000)
    assert [(line["msg"], line["call"]) for line in lines] == [("Time", A), ("Time", "z")]


def test_an_order_that_was_refused_says_which_and_why(told: Told) -> None:
    orders = told._desk.board.handle(arrival(), 0)
    (place,) = [order for order in orders if type(order).__name__ == "PlaceLeg"]
    (line,) = told.hear(OrderRefused(place, Why.REJECTED), 20)  # type: ignore[arg-type]
    assert (line["level"], line["call"], line["why"], line["refused"]) == ("INFO", A, "rejected", "PlaceLeg")


def test_a_phone_that_comes_or_goes_is_told(told: Told) -> None:
    (line,) = told.hear(DeviceSeen("anna", True), 0)
    assert line == {"level": "INFO", "msg": "DeviceSeen", "device": "anna", "phone": "there"}


def test_a_call_that_is_over_is_told_without_a_place(told: Told) -> None:
    told.hear(arrival(), 0)
    told.hear(LegReady(B), 50)
    for leg in (A, B):
        told.hear(LegEnded(leg), 3_000)
    told.hear(LegGone(A, 16), 3_010)
    (line,) = told.hear(LegGone(B, 16), 3_020)
    assert "node" not in line and "CallOver(ringing)" in line["orders"]
