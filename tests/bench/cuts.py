"""Cuts as SIPp sees them: many accounts whose money ends, each at its own moment.

Rule 1: lateness is counted on each side from its own 200 OK, so no clock is compared with another.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from callctl.demo.phones import Caller
from callctl.demo.seen import CallSeen
from callctl.demo.subscribers import Subscriber
from tests.bench.figures import Cuts
from tests.bench.load import RING_MS_MAX, TAIL_S_MAX, dial, drain, far_end, step_folder
from tests.bench.subscribers import UNIT_MS
from tests.bench.ways import Pair, Way, caller_number

CALLS_PER_SECOND = 20
LONGER_MS = 20_000  # the caller's patience beyond the paid units


async def cuts(
    way: Way,
    poor: Sequence[Subscriber],
    units: int,
    folder: Path,
    *,
    first: int,
    side_load_per_second: float = 0,
) -> Cuts:
    """Each of `poor` calls once, with money for `units` units."""
    pairs = [(subscriber.number, caller_number(first + i)) for i, subscriber in enumerate(poor)]
    seconds = units * UNIT_MS / 1000
    aside = round(side_load_per_second * (len(poor) / CALLS_PER_SECOND + seconds))
    async with step_folder(folder) as own:
        async with far_end(way, own) as callee, asyncio.TaskGroup() as both:
            watched = both.create_task(until_cut(way, pairs, units, own))
            others = dial(way, own, side_load_per_second, aside, first + len(poor)) if aside else None
            beside = both.create_task(others) if others else None
        heard = callee.calls()
    await drain(way)
    callers = {caller for _, caller in pairs}
    at_caller = late_ms(watched.result(), units)
    at_callee = late_ms([call for call in heard if call.caller in callers], units)
    return Cuts(
        title="beside other calls" if aside else "alone",
        wanted=len(poor),
        cut=len(at_caller),
        early=sum(late < 0 for late in (*at_caller, *at_callee)),
        units=units,
        side_load_per_second=side_load_per_second,
        side_load_failed=beside.result().failed if beside else 0,
        at_caller_ms=at_caller,
        at_callee_ms=at_callee,
    )


async def until_cut(
    way: Way,
    pairs: Sequence[Pair],
    units: int,
    folder: Path,
    per_second: float = CALLS_PER_SECOND,
) -> list[CallSeen]:
    talk_ms = units * UNIT_MS + LONGER_MS
    load = await Caller(way.sip_port, folder).many(
        pairs,
        count=len(pairs),
        per_second=per_second,
        hang_up_after_ms=talk_ms,
        ring_at_most_ms=RING_MS_MAX,
        within_s=len(pairs) / per_second + talk_ms / 1000 + TAIL_S_MAX,
    )
    return list(load.calls)


def late_ms(calls: Sequence[CallSeen], units: int) -> tuple[float, ...]:
    """How much later than the last paid unit; only of calls that the service ended."""
    return tuple(
        (call.ended_at_us - call.answered_at_us) / 1000 - units * UNIT_MS
        for call in calls
        if call.answered_at_us is not None and call.ended_at_us is not None and call.ended_by == "there"
    )
