"""A caller leaves a message: what he hears, what is on disk, what is remembered of it."""

import asyncio
import wave
from pathlib import Path

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import BUSY, Answers
from tests.e2e.schemes import given_scheme, spoken, targets_of
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import CALLER, Subscriber, assert_money, dial, until

pytestmark = pytest.mark.e2e

GREETING = "ru/voicemail/leave-message"
BOX = """
start: box
nodes:
  box: {kind: voicemail, name: office, silence_s_max: 2, length_s_max: 10, then: after}
  after: {kind: forward, to: [FIRST]}
"""
AFTER_BUSY = """
start: ring
nodes:
  ring: {kind: forward, to: [FIRST], otherwise: box}
  box: {kind: voicemail, name: office, silence_s_max: 2}
"""


async def _messages(stack: Stack, who: Subscriber, count: int = 1) -> list[Json]:
    query = "SELECT * FROM message WHERE account_id = $1"
    rows: list[Json] = []

    async def are_there() -> bool:
        rows[:] = await stack.database.fetch(query, who.account_id)
        return len(rows) >= count

    await until(are_there, f"{count} messages for {who.account_id}")
    return rows


def _file(stack: Stack, message: Json) -> Path:
    return stack.state / "asterisk" / "spool" / "recording" / f"{message['recording']}.wav"


def _recorded_bytes(stack: Stack, who: Subscriber) -> int:
    mailbox = stack.state / "asterisk" / "spool" / "recording" / "message" / who.account_id / "office"
    return sum(file.stat().st_size for file in mailbox.glob("*.wav"))


def _loudest(file: Path) -> int:
    with wave.open(str(file)) as wav:
        frames = wav.readframes(wav.getnframes())
    return max(
        abs(int.from_bytes(frames[at : at + 2], "little", signed=True)) for at in range(0, len(frames), 2)
    )


async def test_what_the_caller_says_is_on_disk_and_remembered(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_scheme(stack, 1000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await call
        speaking.cancel()
    (message,) = await _messages(stack, who)
    assert (message["caller"], message["mailbox"], message["number"]) == (CALLER, "office", who.number)
    assert message["length_ms"] >= 2_000
    assert _loudest(_file(stack, message)) > 1_000
    assert stack.carrier.calls_to(targets_of(who).first) == [], "who has left is not forwarded"
    await assert_money(stack, who, 1000)


async def test_the_hash_key_ends_the_message_and_the_scheme_goes_on(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_scheme(stack, 1000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await until(lambda: _recorded_bytes(stack, who) > 24_000, "a second and a half is on disk")
        await phone.press("#")
        speaking.cancel()
        await call
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.was_answered
    (message,) = await _messages(stack, who)
    assert message["length_ms"] >= 1_000


async def test_a_caller_whose_target_was_busy_leaves_a_message(stack: Stack) -> None:
    await stack.carrier.behaves(BUSY)
    who = await given_scheme(stack, 1000, AFTER_BUSY)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await call
        speaking.cancel()
    (message,) = await _messages(stack, who)
    assert _loudest(_file(stack, message)) > 1_000
