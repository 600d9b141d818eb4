"""How late calls are cut while the machine works: real meters, one uvloop timer, and what the collector adds.

Rule 1: the service's own way: one timer, moved as deadlines come and go, set `LATER_MS` late on purpose, as
        uvloop's timers may be a little early; what is early by the clock is counted.
"""

import asyncio
import gc
import json
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random

import uvloop

from callctl.calls.money.meter import Meter
from tests.bench.figures import quantile
from tests.bench.rating.office import Office
from tests.bench.rating.wheel import Due, Heap
from tests.bench.rating.yardstick import Figure, one_core

LATER_MS = 5
UNIT_MS = 60_000
TALK_S = 180
BUSY_S = 0.01
BUSY_SHARE = 0.5
ACCOUNTS = 100_000
CHANNEL = {
    place: {"id": f"1795000000.{place}", "state": "Up", "caller": {"name": "", "number": "79031112233"}}
    for place in ("channel", "replaced", "peer")
}
NEWS = json.dumps({"type": "StasisStart", "args": ["in", "74951234567"], **CHANNEL})


class Rush:
    """`alive` calls buy a unit a minute, each is replaced after three; other work takes half of the core."""

    def __init__(self, alive: int, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._turnover = alive / TALK_S
        self._office = Office(ACCOUNTS, alive + int(self._turnover * lasts_s * 2))
        self._heap = Heap()
        self._meters: dict[str, Meter] = {}
        self._running: deque[Due] = deque()
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_ms: int | None = None
        self._news: deque[object] = deque(maxlen=100)
        self.late_ms: list[float] = []
        luck = Random(alive)
        self._first = [luck.randrange(UNIT_MS) for _ in range(alive)]

    async def run(self) -> None:
        now_ms = _now_ms()
        for offset in self._first:
            self._begin(now_ms + 1_000 + offset)
        self._arm()
        # Only what came due after all stood ready counts.
        work = asyncio.create_task(self._work())
        await asyncio.sleep(1.5)
        self.late_ms.clear()
        await asyncio.sleep(self._lasts_s)
        work.cancel()
        if self._timer:
            self._timer.cancel()

    async def _work(self) -> None:
        """News of other calls, and calls that come and go."""
        owed = 0.0
        seen = time.perf_counter()
        while True:
            began = time.perf_counter()
            owed += (began - seen) * self._turnover
            seen = began
            while owed >= 1:
                owed -= 1
                self._end(self._running.popleft())
                self._begin(_now_ms() + UNIT_MS)
            self._arm()
            while time.perf_counter() - began < BUSY_S * BUSY_SHARE:
                self._news.append(json.loads(NEWS))
            await asyncio.sleep(BUSY_S - BUSY_S * BUSY_SHARE)

    def _begin(self, due_ms: int) -> None:
        number = next(self._numbers)
        call, meter = Due(number), self._office.open(number)
        meter.answered(due_ms - UNIT_MS)
        self._meters[call.call_id] = meter
        self._running.append(call)
        self._heap.arm(call, due_ms)

    def _end(self, call: Due) -> None:
        self._heap.cancel(call)
        self._meters.pop(call.call_id).settle(_now_ms(), is_connected=True)

    def _wake(self) -> None:
        self._timer = self._timer_at_ms = None
        now = time.time() * 1000
        for call in self._heap.due(int(now)):
            self.late_ms.append(now - call.due_ms)
            self._meters[call.call_id].buy_unit()
            self._heap.arm(call, call.due_ms + UNIT_MS)
        self._arm()

    def _arm(self) -> None:
        due_ms = self._heap.deadline_ms()
        if due_ms == self._timer_at_ms:
            return
        if self._timer:
            self._timer.cancel()
        self._timer_at_ms = due_ms
        if due_ms is not None:
            wait_ms = max(0, due_ms - _now_ms() + LATER_MS)
            self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._wake)


def _as_it_is() -> None:
    pass


def _young_only() -> None:
    """What dies soon is still found; what lives on is looked at no more."""
    gc.freeze()
    gc.set_threshold(2_000, 20, 1_000_000)


def _never() -> None:
    gc.freeze()
    gc.disable()


COLLECTORS = {
    "collector as Python has it": _as_it_is,
    "frozen, young objects only": _young_only,
    "frozen, no collector": _never,
}


def lateness_figures(*, is_quick: bool) -> list[Figure]:
    figures = []
    sizes = ((100_000, "100k", 8.0),) if is_quick else ((100_000, "100k", 20.0), (1_000_000, "1M", 40.0))
    for alive, short, lasts_s in sizes:
        for name, collect in COLLECTORS.items():
            figures += _rush(f"{short} calls, {name}", alive, lasts_s, collect)
    return figures


def _rush(name: str, alive: int, lasts_s: float, collect: Callable[[], None]) -> list[Figure]:
    pauses: list[float] = []
    began = 0.0

    def watch(phase: str, _: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.perf_counter()
        else:
            pauses.append((time.perf_counter() - began) * 1000)

    with one_core():
        rush = Rush(alive, lasts_s)
        gc.collect()
        thresholds = gc.get_threshold()
        collect()
        gc.callbacks.append(watch)
        try:
            uvloop.run(rush.run())
        finally:
            gc.callbacks.remove(watch)
            gc.enable()
            gc.set_threshold(*thresholds)
            gc.unfreeze()
    late = rush.late_ms
    told = {f"p{share:g}": quantile(late, share / 100) or 0.0 for share in (50, 99, 99.9)}
    told |= {
        "most": max(late),
        "early": float(sum(ms < 0 for ms in late)),
        "longest pause": max(pauses, default=0.0),
    }
    units = {"early": "calls"}
    return [Figure(f"{name}: {what}", ms, ms, units.get(what, "ms")) for what, ms in told.items()]


def _now_ms() -> int:
    return int(time.time() * 1000)
