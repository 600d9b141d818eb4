"""A caller leaves a message: what he hears, what is on disk, what is remembered of it."""

import asyncio

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import BUSY, Answers
from tests.e2e.mailbox import BOX, GREETING, loudest, message_file, messages, recorded_bytes
from tests.e2e.schemes import given_scheme, spoken, targets_of
from tests.e2e.stacks import Stack
from tests.e2e.words import CALLER, assert_money, dial, until

pytestmark = pytest.mark.e2e

AFTER_BUSY = """
start: ring
nodes:
  ring: {kind: forward, to: [FIRST], otherwise: box}
  box: {kind: voicemail, name: office, silence_s_max: 2}
"""


async def test_what_the_caller_says_is_on_disk_and_remembered(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_scheme(stack, 1000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await call
        speaking.cancel()
    (message,) = await messages(stack, who)
    assert (message["caller"], message["mailbox"], message["number"]) == (CALLER, "office", who.number)
    assert message["length_ms"] >= 2_000
    assert loudest(message_file(stack, message)) > 1_000
    assert stack.carrier.calls_to(targets_of(who).first) == [], "who has left is not forwarded"
    await assert_money(stack, who, 1000)


async def test_the_hash_key_ends_the_message_and_the_scheme_goes_on(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_scheme(stack, 1000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await until(lambda: recorded_bytes(stack, who) > 24_000, "a second and a half is on disk")
        await phone.press("#")
        speaking.cancel()
        await call
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.was_answered
    (message,) = await messages(stack, who)
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
    (message,) = await messages(stack, who)
    assert loudest(message_file(stack, message)) > 1_000
