"""Orders of one call, one after the other; calls do not wait for each other.

Rule 1: what costs money from this order on waits until its hold is durable, and what promises something until
that is; each is given up when that takes too long, counted from the moment that it was ordered; whatever else
stands behind it in its lane waits too.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from time import monotonic

from callctl import metrics
from callctl.calls.legs import call_id_of_order
from callctl.calls.orders import Answer, MediaOrder, PlaceLeg, PlayToLeg

Work = Coroutine[None, None, None]


@dataclass(frozen=True, slots=True)
class Waiting:
    order: MediaOrder
    hold: "asyncio.Future[None] | None"
    since_s: float


class Lanes:
    def __init__(
        self,
        carry_out: Callable[[MediaOrder], Work],
        give_up: Callable[[MediaOrder], None],
        hold_of: Callable[[str], "asyncio.Future[None] | None"],
        start: Callable[[Work], None],
        grace_s: float,
    ) -> None:
        """`hold_of`: the last hold of a call, while it is not durable; it is waited for `grace_s`."""
        self._carry_out = carry_out
        self._give_up = give_up
        self._hold_of = hold_of
        self._start = start
        self._grace_s = grace_s
        self._lanes: dict[str, deque[Waiting]] = {}

    def take(self, order: MediaOrder) -> None:
        call_id = call_id_of_order(order)
        is_paid = isinstance(order, PlaceLeg | Answer) and order.is_paid
        waits = is_paid or (isinstance(order, PlayToLeg) and order.is_promise)
        waiting = Waiting(order, self._hold_of(call_id) if waits else None, monotonic())
        lane = self._lanes.get(call_id)
        if lane is not None:
            lane.append(waiting)
            return
        self._lanes[call_id] = deque([waiting])
        self._start(self._follow(call_id))

    async def _follow(self, call_id: str) -> None:
        lane = self._lanes[call_id]
        try:
            while lane:
                waiting = lane.popleft()
                if await self._may_begin(waiting):
                    await self._carry_out(waiting.order)
                else:
                    self._give_up(waiting.order)
        finally:
            del self._lanes[call_id]

    async def _may_begin(self, waiting: Waiting) -> bool:
        order, hold = waiting.order, waiting.hold
        at_s = monotonic()
        if hold is not None:
            if not hold.done():
                await asyncio.wait([hold], timeout=max(0, waiting.since_s + self._grace_s - at_s))
            if not hold.done() or hold.cancelled():
                return False
        if isinstance(order, Answer) and order.is_paid:
            metrics.ANSWER_WAIT.observe(monotonic() - at_s)
        return True
