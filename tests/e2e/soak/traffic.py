"""Mixed traffic: the crowd of the kill tests, and beside it seats, messages, recordings, refusals and 112.

Rule 1: as in the crowd, each caller from outside calls once and has a number of his own.
Rule 2: whoever comes, comes until `leave`.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from callctl.demo.media import Handset, handset
from callctl.demo.phones import Answers
from callctl.demo.seen import CallSeen
from tests.e2e.kill.crowd import PLENTY, Crowd, crowd_of
from tests.e2e.schemes import given_scheme, scheme_now
from tests.e2e.seats import SeatPhone, given_seat, phone_of, until_seat
from tests.e2e.stacks import Stack
from tests.e2e.words import Subscriber, given_subscriber

OFFICE = """
start: notice
nodes:
  notice: {kind: play, prompt: service/record/notice, then: record}
  record: {kind: record, keep_days: 30, then: line}
  line: {kind: queue, members: [{seat: anna}, {seat: boris}], wait_s_max: 60, otherwise: bye}
  bye: {kind: hang_up}
"""
MAILBOX = """
start: box
nodes:
  box: {kind: voicemail, name: office, silence_s_max: 2, length_s_max: 10}
"""
NOBODY, EMERGENCY = "74959999999", "112"
ANSWER = Answers(ring_ms=300, hang_up_after_ms=5_000, rtp=True)
QUIET_CALLS = 5
DESK_TALKS_MS, DESK_RESTS_S = 4_000, 8.0
HEARD_BYTES_MAX = 80_000


@dataclass(frozen=True, slots=True)
class Flow:
    """Callers of one number."""

    number: str
    at_once: int
    per_second: float
    talk_ms: int
    media_port: int | None = None
    most: int | None = None  # for as long as the traffic lasts, unless so many


@dataclass(slots=True)
class Traffic:
    stack: Stack
    crowd: Crowd
    office: Subscriber
    mailbox: Subscriber
    quiet: Subscriber  # some calls at the beginning
    seats: dict[str, SeatPhone]
    ear: Handset
    dialled: list[CallSeen] = field(default_factory=list)  # by the desk
    _busy: list[asyncio.Task[None]] = field(default_factory=list)

    async def leave(self, within_s: float) -> list[CallSeen]:
        """What all callers from outside saw, as soon as the last has left."""
        desk, *others = self._busy
        desk.cancel()
        await asyncio.wait({desk})
        seen = await self.crowd.leave(within_s)
        for other in others:
            other.cancel()
        await asyncio.wait(others)
        return seen

    def heard(self) -> list[CallSeen]:
        """What everybody saw who was called, seats by their names."""
        by_seats = [
            replace(seen, number=name) for name, phone in self.seats.items() for seen in phone.far_end.calls()
        ]
        return self.crowd.heard() + by_seats

    def read_on(self) -> None:
        """The phones' logs, while they are short."""
        self.heard()
        for phone in self.crowd.phones:
            phone.calls()

    def look(self) -> None:
        """A fault of the traffic itself is raised."""
        for task in self._busy:
            if task.done():
                task.result()


@asynccontextmanager
async def traffic(stack: Stack, lasts_s: float) -> AsyncIterator[Traffic]:
    async with AsyncExitStack() as ending:
        office = await given_scheme(stack, PLENTY, OFFICE.replace("{seat: anna}, {seat: boris}", "FIRST"))
        mailbox = await given_scheme(stack, PLENTY, MAILBOX)
        quiet = await given_subscriber(stack, PLENTY)
        seats = {name: await _seat(ending, stack, office, name, ANSWER) for name in ("anna", "boris")}
        desk = await _seat(ending, stack, office, "vera", Answers())
        await scheme_now(stack, office, OFFICE)
        ear = await ending.enter_async_context(handset())
        crowd = await ending.enter_async_context(crowd_of(stack, lasts_s))
        mixed = Traffic(stack, crowd, office, mailbox, quiet, seats, ear)
        await _besides(mixed, lasts_s)
        mixed._busy += [
            asyncio.create_task(_dial_on(mixed, desk), name="the desk calls"),
            asyncio.create_task(ear.speak(), name="messages are spoken"),
        ]
        try:
            yield mixed
        finally:
            for task in mixed._busy:
                task.cancel()
            await asyncio.wait(mixed._busy)
            for phone in crowd.phones:
                await phone.stop()


async def _seat(
    ending: AsyncExitStack, stack: Stack, who: Subscriber, name: str, answer: Answers
) -> SeatPhone:
    (login,) = await given_seat(stack, who, name)
    phone = await ending.enter_async_context(phone_of(stack, login))
    await phone.log_in(answer)
    await until_seat(stack, who, name, "free")
    return phone


async def _besides(mixed: Traffic, lasts_s: float) -> None:
    """They leave with the crowd."""
    stack, ear = mixed.stack, mixed.ear
    pauper = await given_subscriber(stack, 99)
    flows = (
        Flow(mixed.office.number, at_once=3, per_second=0.5, talk_ms=20_000),
        Flow(mixed.mailbox.number, at_once=1, per_second=0.2, talk_ms=9_000, media_port=ear.port),
        Flow(mixed.quiet.number, at_once=2, per_second=0.5, talk_ms=2_000, most=QUIET_CALLS),
        Flow(pauper.number, at_once=2, per_second=0.5, talk_ms=1_000),
        Flow(NOBODY, at_once=2, per_second=0.2, talk_ms=1_000),
        Flow(EMERGENCY, at_once=1, per_second=0.1, talk_ms=2_000),
    )
    callers = _callers()
    for flow in flows:
        count = flow.most or round(flow.per_second * lasts_s) + flow.at_once
        mixed.crowd.phones.append(
            await stack.caller.place(
                [(flow.number, caller) for caller in itertools.islice(callers, count)],
                ring_ms=60_000,
                talk_ms=flow.talk_ms,
                count=count,
                per_second=flow.per_second,
                at_once_max=flow.at_once,
                media_port=flow.media_port,
            )
        )


async def _dial_on(mixed: Traffic, desk: SeatPhone) -> None:
    """A seat calls a mobile, logs out, logs in again, and so on."""
    while True:
        mixed.ear.heard = mixed.ear.heard[-HEARD_BYTES_MAX:]
        call = desk.dial(mixed.office.target, hang_up_after_ms=DESK_TALKS_MS)
        try:
            mixed.dialled.append(await asyncio.shield(call))
        except asyncio.CancelledError:
            mixed.dialled.append(await call)
            raise
        await desk.log_out()
        await desk.log_in(Answers())
        await asyncio.sleep(DESK_RESTS_S)


def _callers() -> Iterator[str]:
    """In Moscow, apart from those of the crowd."""
    return (f"7495{number:07}" for number in itertools.count(8_000_000))
