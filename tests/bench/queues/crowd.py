"""A crowd: callers of one queue, always as many, and callers of a menu who press a key every few seconds.

Rule 1: whoever leaves is followed by a new caller: a member took the call, or it failed.
Rule 2: nobody of it hangs up by himself: Asterisk is told to release everybody, when all is measured.
"""

import asyncio
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import aiohttp

from callctl.demo.phones import Answers, ByNumber, Caller, Phone, Press
from callctl.demo.seen import CallSeen
from tests.bench.plan import QueuePlan
from tests.bench.subscribers import add_number, read_figures
from tests.bench.ways import Way, ask, caller_number, target_number

PLENTY_KOPECKS = 1_000_000_00
QUEUE, MENU, RINGING_QUEUE = "74990000001", "74990000002", "74990000003"
MEMBERS = "7926"  # what a member's number begins with
RING_MS = 200
TALK_MS = 10_000
KEY_EVERY_MS = 4_000
LIVES_MS = 240_000
PLACED_PER_SECOND = 40
GATHER_S_MAX, RELEASE_S_MAX, POLL_S = 10.0, 30.0, 0.25

FAR_END = ByNumber(
    {target_number(0)[:4]: Answers(), MEMBERS: Answers(ring_ms=RING_MS, hang_up_after_ms=TALK_MS)}
)
MENU_SCHEME = """
start: menu
nodes:
  menu: {kind: menu, prompt: service/queue/nobody, keys: {"1": menu, "2": bye}, otherwise: bye}
  bye: {kind: hang_up}
"""


WAITING, IN_MENUS = 'callctl_calls{state="waiting"}', 'callctl_calls{state="prompting"}'


@dataclass(frozen=True, slots=True)
class Crowd:
    """`in_queue` with those who talk to a member just now."""

    in_queue: int
    in_menus: int
    hears_ringing: bool = False


async def add_crowds_numbers(api_url: str, plan: QueuePlan) -> None:
    members = ", ".join(f'"{MEMBERS}{index:07d}"' for index in range(plan.members))
    queue = (
        "start: line\nnodes:\n  line:\n    kind: queue\n"
        f"    members: [{members}]\n    strategy: longest_idle\n"
    )
    says = "    announce: {first_after_s: 15, every_s: 60, position: true, wait: true}\n"
    await add_number(api_url, "bench-queue", QUEUE, queue + says, PLENTY_KOPECKS)
    await add_number(api_url, "bench-ringing", RINGING_QUEUE, f"{queue}    hears: ringing\n", PLENTY_KOPECKS)
    await add_number(api_url, "bench-menu", MENU, MENU_SCHEME, PLENTY_KOPECKS)


@asynccontextmanager
async def gathered(way: Way, crowd: Crowd, plan: QueuePlan, folder: Path, first: int) -> AsyncIterator[None]:
    """All wait and all listen, from here until the block is left."""
    phones = []
    try:
        if crowd.in_queue:
            follow = plan.members * plan.lasts_s_max * 1000 // TALK_MS
            number = RINGING_QUEUE if crowd.hears_ringing else QUEUE
            phones.append(await _place(way, folder, number, crowd.in_queue, follow, first))
        if crowd.in_menus:
            presses = [Press(KEY_EVERY_MS, "1")] * (LIVES_MS // KEY_EVERY_MS // 2)
            first += plan.callers_max
            menus = await _place(way, folder, MENU, crowd.in_menus, crowd.in_menus, first, presses)
            phones.append(menus)
        await _until_gathered(way, crowd, plan)
        yield
    finally:
        await _release(way, phones)


async def _place(
    way: Way,
    folder: Path,
    number: str,
    at_once: int,
    follow: int,
    first: int,
    presses: Sequence[Press] = (),
) -> Phone:
    count = at_once + follow
    return await Caller(way.sip_port, folder).place(
        [(number, caller_number(first + i)) for i in range(count)],
        ring_ms=LIVES_MS,
        talk_ms=LIVES_MS,
        count=count,
        per_second=PLACED_PER_SECOND,
        at_once_max=at_once,
        presses=presses,
    )


async def _until_gathered(way: Way, crowd: Crowd, plan: QueuePlan) -> None:
    """Or until it is clear that so many cannot be had: how many there are is told with the figures."""
    assert way.api_url
    waiting = max(0, crowd.in_queue - plan.members)
    give_up_at = time.monotonic() + crowd.in_queue / PLACED_PER_SECOND + GATHER_S_MAX
    async with aiohttp.ClientSession(way.api_url) as http:
        while True:
            figures = await read_figures(http)
            if figures[WAITING] >= waiting and figures[IN_MENUS] >= crowd.in_menus:
                return
            if time.monotonic() > give_up_at:
                return
            await asyncio.sleep(POLL_S)


async def _release(way: Way, phones: Sequence[Phone]) -> None:
    """SIPp places no more calls after this signal, and ends when it has none."""
    for phone in phones:
        if phone.sipp.child.is_running:
            phone.sipp.child.process.send_signal(signal.SIGUSR1)
    if phones:
        await ask(way.cli, "channel request hangup all")
    for phone in phones:
        await phone.over(RELEASE_S_MAX)


def free_to_ringing_ms(heard: Sequence[CallSeen], began_us: int, ended_us: int) -> tuple[float, ...]:
    """From the end of a member's talk to the next call that reaches him, by his own phone."""
    by_member: dict[str, list[CallSeen]] = defaultdict(list)
    for call in heard:
        if call.number.startswith(MEMBERS):
            by_member[call.number].append(call)
    return tuple(
        (after.invited_at_us - before.ended_at_us) / 1000
        for calls in by_member.values()
        for before, after in pairwise(calls)
        if before.ended_at_us and began_us <= before.ended_at_us and after.invited_at_us <= ended_us
    )
