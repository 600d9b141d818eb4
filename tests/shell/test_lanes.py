"""Orders in their lanes, on a real loop: what waits for what."""

import asyncio
from dataclasses import dataclass, field

import pytest

from callctl import lanes as lanes_room
from callctl.calls.orders import Answer, MediaOrder, Part, PlayToLeg, RingBack
from callctl.lanes import Lanes, Work
from callctl.metrics import REGISTRY

A, B = "callctl-1.1", "callctl-1.2"
PAID = Answer(A, is_paid=True)


@dataclass
class Hall:
    """Whatever is carried out takes until it is let through."""

    done: list[MediaOrder] = field(default_factory=list)
    given_up: list[MediaOrder] = field(default_factory=list)
    holds: dict[str, "asyncio.Future[None]"] = field(default_factory=dict)
    slow: dict[MediaOrder, asyncio.Event] = field(default_factory=dict)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def lanes(self, grace_s: float = 60) -> Lanes:
        return Lanes(self._carry_out, self.given_up.append, self.holds.get, self._start, grace_s)

    async def end(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self.tasks), 10)

    async def _carry_out(self, order: MediaOrder) -> None:
        if order in self.slow:
            await self.slow[order].wait()
        self.done.append(order)

    def _start(self, work: Work) -> None:
        self.tasks.append(asyncio.create_task(work))


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def waits() -> tuple[float, float]:
    """How many answers waited, and how long together."""
    told = [REGISTRY.get_sample_value(f"callctl_answer_wait_seconds_{word}") for word in ("count", "sum")]
    return told[0] or 0, told[1] or 0


async def test_orders_of_a_call_keep_their_order_and_another_call_does_not_wait() -> None:
    hall = Hall(slow={RingBack(A): asyncio.Event()})
    lanes = hall.lanes()
    for order in (RingBack(A), Part(A, A), RingBack(B)):
        lanes.take(order)
    await turns()
    assert hall.done == [RingBack(B)]
    hall.slow[RingBack(A)].set()
    await hall.end()
    assert hall.done == [RingBack(B), RingBack(A), Part(A, A)]


async def test_a_paid_answer_waits_for_its_hold_and_the_wait_is_measured() -> None:
    hold: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    hall = Hall(holds={A: hold})
    answers, seconds = waits()
    lanes = hall.lanes()
    for order in (PAID, Answer(B)):
        lanes.take(order)
    await turns()
    assert hall.done == [Answer(B)], "what costs nothing waits for no record"
    hold.set_result(None)
    await hall.end()
    assert hall.done == [Answer(B), PAID]
    assert waits()[0] == answers + 1
    assert waits()[1] > seconds


async def test_a_paid_answer_whose_record_is_late_or_not_kept_is_given_up_and_the_lane_goes_on() -> None:
    late: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    never.cancel()
    before = waits()
    for hold in (late, never):
        hall = Hall(holds={A: hold})
        lanes = hall.lanes(grace_s=0.01)
        for order in (PAID, RingBack(A)):
            lanes.take(order)
        await hall.end()
        assert (hall.given_up, hall.done) == ([PAID], [RingBack(A)])
    assert waits() == before


async def test_a_promise_is_told_when_it_is_durable_and_not_at_all_when_it_is_not_in_time() -> None:
    durable = asyncio.get_running_loop().create_future()
    promise, word = PlayToLeg(A, 1, ("sound:booked",), is_promise=True), PlayToLeg(A, 2, ("sound:hello",))
    hall = Hall(holds={A: durable})
    lanes = hall.lanes()
    lanes.take(promise)
    await turns()
    assert hall.done == []
    durable.set_result(None)
    await hall.end()
    assert hall.done == [promise]
    late = Hall(holds={A: asyncio.get_running_loop().create_future()})
    lanes = late.lanes(grace_s=0.01)
    for order in (promise, word):
        lanes.take(order)
    await late.end()
    assert (late.given_up, late.done) == ([promise], [word])


async def test_who_waited_behind_another_has_waited_for_his_record_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else five targets at once would make their caller wait five times."""
    clock_s = 0.0
    monkeypatch.setattr(lanes_room, "monotonic", lambda: clock_s)
    hall = Hall(holds={A: asyncio.get_running_loop().create_future()}, slow={RingBack(A): asyncio.Event()})
    lanes = hall.lanes(grace_s=60)
    for order in (RingBack(A), PAID):
        lanes.take(order)
    await turns()
    clock_s = 61
    hall.slow[RingBack(A)].set()
    await hall.end()
    assert (hall.given_up, hall.done) == ([PAID], [RingBack(A)])
