"""Fifty callers in all phases of a call: ringing, in a menu, waiting, talking, in the last unit, transferred.

Rule 1: each caller calls once and has a number of his own, so that every bill is somebody's.
Rule 2: whoever leaves is followed by another, until nobody is wanted any more.
Rule 3: a seat hands each caller over by its keys, or consults first and leaves the two alone.
"""

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from callctl.demo.phones import Answers, ByNumber, Phone, Press
from callctl.demo.seen import CallSeen
from tests.e2e.schemes import FIRST, SECOND, THIRD, given_scheme, scheme_now, targets_of
from tests.e2e.seats import SeatPhone, at_work
from tests.e2e.stacks import Stack
from tests.e2e.words import Subscriber

RING_MS = 25_000
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
SEAT = "start: seat\nnodes:\n  seat: {kind: extension, seat: anna}\n"
HAND_OVER, CONSULT = "*2", "*3"
CODES = (HAND_OVER, CONSULT, HAND_OVER, CONSULT)
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


# A seat takes one caller at a time; the next finds it busy and comes again.
TO_SEATS = Kind(FORWARD, PLENTY, at_once=1, per_second=0.5, talk_ms=20_000)
KINDS = (
    Kind(FORWARD, PLENTY, at_once=12, per_second=3, talk_ms=4_300),
    Kind(FORWARD, PLENTY, at_once=8, per_second=1, talk_ms=13_700),
    Kind(FORWARD, POOR, at_once=4, per_second=1, talk_ms=35_000),
    Kind(LINE, PLENTY, at_once=10, per_second=2, talk_ms=25_000),
    Kind(MENU, PLENTY, at_once=8, per_second=2, talk_ms=6_100, presses=(Press(2_000, "1"),)),
    Kind(FORWARD, PLENTY, at_once=8, per_second=2, talk_ms=7_300, plan="demo/toll-free", code="7800"),
)


@dataclass(frozen=True, slots=True)
class Crowd:
    stack: Stack
    given: dict[str, int]  # kopecks by account
    phones: list[Phone]
    seats: list[SeatPhone]

    async def leave(self, within_s: float) -> list[CallSeen]:
        """Nobody else calls; what all have seen, as soon as the last has left."""
        for phone in self.phones:
            if phone.sipp.child.is_running:
                phone.sipp.child.process.send_signal(signal.SIGUSR1)
        seen = await asyncio.gather(*(phone.over(within_s) for phone in self.phones))
        return [call for calls in seen for call in calls]

    def heard(self) -> list[CallSeen]:
        """By all who were called."""
        of_seats = [replace(seen, number="anna") for seat in self.seats for seen in seat.rung()]
        return self.stack.carrier.calls() + self.stack.spare.calls() + of_seats


@asynccontextmanager
async def crowd_of(stack: Stack, lasts_s: float) -> AsyncIterator[Crowd]:
    """Callers for so long; afterwards let them `leave`."""
    for far_end in (stack.carrier, stack.spare):
        await far_end.behaves(FAR_END)
    crowd, callers = Crowd(stack, {}, [], []), _callers()
    async with AsyncExitStack() as ending:
        for kind in KINDS:
            await _call(crowd, await _subscriber(crowd, kind), kind, callers, lasts_s)
        for code in CODES:
            who = await _subscriber(crowd, TO_SEATS)
            anna = await ending.enter_async_context(at_work(stack, who, "anna", _hands_over(who, code)))
            crowd.seats.append(anna)
            await scheme_now(stack, who, SEAT)
            await _call(crowd, who, TO_SEATS, callers, lasts_s)
        yield crowd


async def _subscriber(crowd: Crowd, kind: Kind) -> Subscriber:
    who = await given_scheme(crowd.stack, kind.kopecks, kind.scheme, plan=kind.plan, code=kind.code)
    crowd.given[who.account_id] = kind.kopecks
    return who


async def _call(crowd: Crowd, who: Subscriber, kind: Kind, callers: Iterator[str], lasts_s: float) -> None:
    count = round(kind.per_second * lasts_s) + kind.at_once
    crowd.phones.append(
        await crowd.stack.caller.place(
            [(who.number, caller) for caller in itertools.islice(callers, count)],
            ring_ms=RING_MS,
            talk_ms=kind.talk_ms,
            count=count,
            per_second=kind.per_second,
            at_once_max=kind.at_once,
            presses=kind.presses,
        )
    )


def _hands_over(who: Subscriber, code: str) -> Answers:
    keys = f"{code}8{targets_of(who).second[1:]}#"
    presses = [Press(1_200, keys[0])] + [Press(120, key) for key in keys[1:]]
    return Answers(ring_ms=200, presses=presses, hang_up_after_ms=2_500)


def _callers() -> Iterator[str]:
    """In Moscow, which the toll-free plan knows."""
    return (f"7495{number:07}" for number in itertools.count(2_000_000))
