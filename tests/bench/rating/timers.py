"""What it costs to know who is due: armed, cancelled, fired, with many alive."""

from collections.abc import Callable
from functools import partial
from random import Random

from tests.bench.rating.wheel import Due, Heap, Wheel
from tests.bench.rating.yardstick import Figure, figure, no_collection, one_core, timed

SPREAD_MS = 60_000
BEGIN_MS = 1_795_000_000_000
STEP_MS = 10
WAYS: dict[str, Callable[[], Heap | Wheel]] = {
    "heap": Heap,
    "wheel of 10 ms": partial(Wheel, 10),
    "wheel of 1 ms": partial(Wheel, 1),
}


def timer_figures(*, is_quick: bool) -> list[Figure]:
    figures = []
    for count, short in ((100_000, "100k"),) if is_quick else ((100_000, "100k"), (1_000_000, "1M")):
        for name, of in WAYS.items():
            samples: dict[str, list[float]] = {}
            for _ in range(1 if is_quick else 3):
                for what, ns in _life(of(), count).items():
                    samples.setdefault(what, []).append(ns)
            figures += [figure(f"{name}: {what}, {short}", taken) for what, taken in samples.items()]
    return figures


def _life(timers: Heap | Wheel, count: int) -> dict[str, float]:
    """Of `count` calls with deadlines over a minute: a tenth is armed and cancelled again, then all fire."""
    luck = Random(count)
    calls = [Due(age) for age in range(count)]
    moments = [BEGIN_MS + luck.randrange(SPREAD_MS) for _ in calls]
    few = [Due(count + age) for age in range(count // 10)]
    fired: list[Due] = []

    def arm() -> None:
        for call, due_ms in zip(calls, moments, strict=True):
            timers.arm(call, due_ms)

    def churn() -> None:
        for call, due_ms in zip(few, moments, strict=False):
            timers.arm(call, due_ms)
            timers.cancel(call)

    def cancel() -> None:
        for call in few:
            timers.cancel(call)

    def fire() -> None:
        for at_ms in range(BEGIN_MS, BEGIN_MS + SPREAD_MS + STEP_MS, STEP_MS):
            fired.extend(timers.due(at_ms))

    with one_core(), no_collection():
        costs = {"arm": timed(arm, count), "arm and cancel": timed(churn, len(few))}
        for call, due_ms in zip(few, moments, strict=False):
            timers.arm(call, due_ms)
        costs["cancel"] = timed(cancel, len(few))
        costs["fire"] = timed(fire, count)
    order = [(call.due_ms, call.is_talking, call.age) for call in fired]
    assert len(fired) == count and order == sorted(order)
    return costs
