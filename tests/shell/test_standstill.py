"""How late the loop comes round is measured by the beat that notices standstills."""

import asyncio
import time

from callctl import metrics
from callctl.standstill import Standstill
from tests.e2e.words import until


async def _ours() -> bool:
    return True


def _later_than(seconds: float) -> float:
    """How many beats so far."""
    (family,) = metrics.LOOP_LAG.collect()
    below = [one.value for one in family.samples if one.labels.get("le") == str(seconds)]
    total = [one.value for one in family.samples if one.name.endswith("_count")]
    return total[0] - below[0]


async def test_whoever_holds_the_loop_is_seen_in_its_lag() -> None:
    watch = Standstill(lambda: time.monotonic_ns() // 1_000_000, _ours)
    watching = asyncio.create_task(watch.watch())
    await asyncio.sleep(0)
    before = _later_than(0.2)
    time.sleep(0.6)  # noqa: ASYNC251 the one that holds it
    await until(lambda: _later_than(0.2) > before, "a late beat is counted")
    watching.cancel()
    await asyncio.wait({watching})
