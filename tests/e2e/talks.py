"""A caller in a talk with a seat, both with ears, mouths and keys.

Rule 1: a phone's mouth is mute until it has heard something, so the caller hears a few words first, and
    speaks; then the seat can press keys.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from callctl.demo.media import Handset, handset
from callctl.demo.phones import Answers
from callctl.demo.seen import CallSeen
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.schemes import scheme_now
from tests.e2e.seats import SeatPhone, at_work
from tests.e2e.stacks import Stack
from tests.e2e.words import Subscriber, dial, until

HELLO = """
start: hello
nodes:
  hello: {kind: play, prompt: service/queue/thanks, then: anna}
  anna: {kind: extension, seat: anna}
"""
# One period of 1000 Hz at 8000 a second: a tone that no other phone speaks in.
HIGH_ALAW = (b"\x94" * 4 + b"\x14" * 4) * 400
LOW_HZ, HIGH_HZ = 8000 / 18, 8000 / 8

CALLERS = set(TONE_ALAW)
NEW_BYTES = 1_600  # a fifth of a second


@dataclass(frozen=True, slots=True)
class SeatTalk:
    anna: SeatPhone
    anna_ear: Handset
    caller_ear: Handset
    call: "asyncio.Task[CallSeen]"

    async def caller_is_heard(self) -> None:
        """And nothing else, from now on."""
        heard = self.anna_ear.heard
        heard.clear()
        await until(
            lambda: len(heard) > NEW_BYTES and set(heard[-NEW_BYTES:]) == CALLERS, "anna hears her caller"
        )

    async def music_is_heard(self) -> None:
        before = self.caller_ear.loud_s
        await until(lambda: self.caller_ear.loud_s > before + 0.2, "the caller hears music")


@asynccontextmanager
async def seat_talk(
    stack: Stack, who: Subscriber, *, seat_hangs_up_ms: int | None = None, talk_ms: int, scheme: str = HELLO
) -> AsyncIterator[SeatTalk]:
    """The caller speaks all the time; `talk_ms` after the answer he hangs up."""
    async with handset() as anna_ear, handset() as caller_ear:
        answers = Answers(ring_ms=100, media_port=anna_ear.port, hang_up_after_ms=seat_hangs_up_ms)
        async with at_work(stack, who, "anna", answers) as anna:
            await scheme_now(stack, who, scheme)
            call = dial(stack, who.number, hang_up_after_ms=talk_ms, media_port=caller_ear.port)
            speaking = asyncio.create_task(caller_ear.speak())
            try:
                talk = SeatTalk(anna, anna_ear, caller_ear, call)
                await talk.caller_is_heard()
                yield talk
                await call
            finally:
                speaking.cancel()
                call.cancel()
