"""One step: a far end, calls at a rate, and what both ends saw of them.

Rule 1: nothing is read or reckoned while calls run; the phones' logs are read afterwards.
Rule 2: a step ends when no call is left, or says that some were.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from callctl.demo.phones import Answers, Behaviour, Caller, Load, Phone, start_callee
from callctl.demo.seen import CallSeen
from tests.bench.cpu import cpu_ms, ended_children_cpu_ms
from tests.bench.figures import Step
from tests.bench.ways import Way, is_empty

TALK_MS = 1_000
RING_MS_MAX = 5_000
# What a step may last beyond its calls: they ring, talk, and SIP repeats itself.
TAIL_S_MAX = 12.0
DRAIN_S_MAX = 30.0
DRAIN_POLL_S = 0.25
DEFAULT = Answers()


@asynccontextmanager
async def far_end(way: Way, folder: Path, behaviour: Behaviour = DEFAULT) -> AsyncIterator[Phone]:
    """Left alone, it rings and answers at once, and waits to be hung up on."""
    async with await start_callee(behaviour, folder=folder, port=way.far_end_port) as phone:
        yield phone


@asynccontextmanager
async def step_folder(folder: Path) -> AsyncIterator[Path]:
    """Message logs grow by megabytes a step; they go as soon as they are read."""
    own = Path(tempfile.mkdtemp(prefix="step-", dir=folder))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


async def load(way: Way, purpose: str, per_second: float, lasts_s: float, folder: Path, first: int) -> Step:
    count = max(1, round(per_second * lasts_s))
    before = {name: cpu_ms(pid) for name, pid in way.pids.items()}
    phones_before = ended_children_cpu_ms()
    async with step_folder(folder) as own:
        async with far_end(way, own) as callee:
            dialled = await dial(way, own, per_second, count, first)
        heard = callee.calls()
    used = {name: cpu_ms(pid) - before[name] for name, pid in way.pids.items()}
    used["sipp"] = ended_children_cpu_ms() - phones_before
    load_average = os.getloadavg()[0]
    drained_after_s = await drain(way)
    return Step(
        way=way.name,
        purpose=purpose,
        per_second=per_second,
        wanted=count,
        failed=dialled.failed,
        offered_per_second=_offered(dialled.calls),
        cpu_ms={name: round(ms / count, 3) for name, ms in used.items()},
        to_callee_ms=_to_callee(dialled.calls, heard),
        to_ringing_ms=_since_invite([(call, call.ringing_at_us) for call in dialled.calls]),
        to_answer_ms=_since_invite([(call, call.answered_at_us) for call in dialled.calls]),
        refused_with=_refusals(dialled.calls),
        drained_after_s=drained_after_s,
        load_average=load_average,
    )


async def dial(way: Way, folder: Path, per_second: float, count: int, first: int) -> Load:
    caller = Caller(way.sip_port, folder)
    return await caller.many(
        way.pairs(count, first),
        count=count,
        per_second=per_second,
        hang_up_after_ms=TALK_MS,
        ring_at_most_ms=RING_MS_MAX,
        within_s=count / per_second + TAIL_S_MAX,
    )


async def drain(way: Way) -> float | None:
    """How long until nothing is left; None when something stays."""
    started = time.monotonic()
    while not await is_empty(way):
        if time.monotonic() - started > DRAIN_S_MAX:
            return None
        await asyncio.sleep(DRAIN_POLL_S)
    return round(time.monotonic() - started, 2)


def _offered(calls: Sequence[CallSeen]) -> float:
    """Calls a second as SIPp really placed them."""
    if len(calls) < 2:
        return 0.0
    span_us = calls[-1].invited_at_us - calls[0].invited_at_us
    return round((len(calls) - 1) * 1e6 / max(1, span_us), 1)


def _to_callee(dialled: Sequence[CallSeen], heard: Sequence[CallSeen]) -> tuple[float, ...]:
    """The first INVITE that reached the far end for each caller."""
    reached: dict[str, int] = {}
    for call in heard:
        reached.setdefault(call.caller, call.invited_at_us)
    return _since_invite([(call, reached.get(call.caller)) for call in dialled])


def _since_invite(moments: Sequence[tuple[CallSeen, int | None]]) -> tuple[float, ...]:
    return tuple((at_us - call.invited_at_us) / 1000 for call, at_us in moments if at_us is not None)


def _refusals(calls: Sequence[CallSeen]) -> dict[str, int]:
    """Final statuses of the calls that failed; `none`: SIPp heard no final response."""
    failed = [call for call in calls if not (call.was_answered and call.is_over)]
    return dict(Counter(str(call.final_status or "none") for call in failed))
