"""Fifty callers in every phase of a call: ringing, listening, waiting, talking, in their last unit.

Rule 1: each caller calls once and has a number of his own, so that every bill is somebody's.
Rule 2: whoever leaves is followed by another, until nobody is wanted any more.
"""

import itertools
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from callctl.demo.phones import Answers, ByNumber, Phone, Press
from callctl.demo.seen import CallSeen
from tests.e2e.schemes import FIRST, SECOND, THIRD, given_scheme
from tests.e2e.stacks import Stack
from tests.e2e.words import Subscriber

PLENTY = 1_000_000
POOR = 1_000
LINE = """
start: line
nodes:
  line: {kind: queue, members: [SECOND, FIRST], wait_s_max: 60, otherwise: bye}
  bye: {kind: hang_up}
"""
MENU = """
start: menu
nodes:
  menu: {kind: menu, prompt: service/queue/nobody, keys: {"1": third}, tries: 3, otherwise: third}
  third: {kind: forward, to: [THIRD], patience_s: 20}
"""
FORWARD = "start: ring\nnodes:\n  ring: {kind: forward, to: [THIRD], patience_s: 20}\n"
FAR_END = ByNumber(
    {
        FIRST: Answers(ring_ms=700, hang_up_after_ms=3_000),
        SECOND: Answers(ring_ms=300, hang_up_after_ms=5_000),
        THIRD: Answers(ring_ms=1_500),
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    scheme: str
    kopecks: int
    at_once: int
    per_second: float
    talk_ms: int
    plan: str = "demo/six"
    code: str = "7495"
    presses: tuple[Press, ...] = ()


KINDS = (
    Kind(FORWARD, PLENTY, at_once=12, per_second=3, talk_ms=4_300),
    Kind(FORWARD, PLENTY, at_once=8, per_second=1, talk_ms=13_700),
    Kind(FORWARD, POOR, at_once=4, per_second=1, talk_ms=60_000),
    Kind(LINE, PLENTY, at_once=10, per_second=2, talk_ms=25_000),
    Kind(MENU, PLENTY, at_once=8, per_second=2, talk_ms=6_100, presses=(Press(2_000, "1"),)),
    Kind(FORWARD, PLENTY, at_once=8, per_second=2, talk_ms=7_300, plan="demo/toll-free", code="7800"),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    subscribers: list[Subscriber]
    phones: list[Phone]

    async def leave(self, within_s: float) -> list[CallSeen]:
        """Nobody else calls; what all have seen, as soon as the last has left."""
        for phone in self.phones:
            if phone.sipp.child.is_running:
                phone.sipp.child.process.send_signal(signal.SIGUSR1)
        return [seen for phone in self.phones for seen in await phone.over(within_s)]


async def gather(stack: Stack, lasts_s: float) -> Crowd:
    """Callers for so long; afterwards let them `leave`."""
    await stack.carrier.behaves(FAR_END)
    crowd, callers = Crowd([], []), _callers()
    for kind in KINDS:
        who = await given_scheme(stack, kind.kopecks, kind.scheme, plan=kind.plan, code=kind.code)
        crowd.subscribers.append(who)
        count = round(kind.per_second * lasts_s) + kind.at_once
        crowd.phones.append(
            await stack.caller.place(
                [(who.number, caller) for caller in itertools.islice(callers, count)],
                ring_ms=60_000,
                talk_ms=kind.talk_ms,
                count=count,
                per_second=kind.per_second,
                at_once_max=kind.at_once,
                presses=kind.presses,
            )
        )
    return crowd


def _callers() -> Iterator[str]:
    """In Moscow, which the toll-free plan knows."""
    return (f"7495{number:07}" for number in itertools.count(2_000_000))
