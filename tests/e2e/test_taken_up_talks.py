"""A service that is killed, and the next one: seats that hold and consult, callers who leave a message."""

import asyncio
import signal

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import Answers
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.conftest import Bring
from tests.e2e.lifetimes import LONG, another_life
from tests.e2e.mailbox import BOX, GREETING, loudest, message_file, messages, recorded_bytes
from tests.e2e.schemes import bill_to, given_scheme, spoken
from tests.e2e.seats import until_seat
from tests.e2e.stacks import serve_again, stop_service
from tests.e2e.talks import HIGH_ALAW, seat_talk
from tests.e2e.words import (
    assert_bill_is_what_was_talked,
    assert_money,
    bills,
    dial,
    given_subscriber,
    until,
)

pytestmark = pytest.mark.e2e

HIGH, TONE = HIGH_ALAW[:160], TONE_ALAW[:160]


def typed(number: str) -> str:
    return "8" + number[1:]


async def test_a_caller_on_hold_hears_his_seat_again(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_subscriber(stack, 1_000)
    async with seat_talk(stack, who, talk_ms=24_000) as talk:
        await talk.anna_ear.press("*1")
        await talk.music_is_heard()
        async with another_life(stack):
            await talk.caller_is_heard()
            speaking = asyncio.create_task(talk.anna_ear.speak(HIGH_ALAW))
            talk.caller_ear.heard.clear()
            await until(lambda: talk.caller_ear.has_heard(HIGH), "the caller hears the seat")
            speaking.cancel()
            await until_seat(stack, who, "anna", "talking")
            await talk.call
            assert [leg["charge_kopecks"] for leg in await bills(stack, who)] == [0]


async def test_a_seat_whose_colleague_still_rings_has_its_caller_back(bring: Bring) -> None:
    stack = await bring(config=LONG)
    await stack.carrier.behaves(Answers(ring_ms=30_000))
    who = await given_subscriber(stack, 1_000)
    async with seat_talk(stack, who, talk_ms=24_000) as talk:
        await talk.anna_ear.press(f"*3{typed(who.target)}#")
        await until(lambda: bool(stack.carrier.calls_to(who.target)), "the mobile rings")
        async with another_life(stack):
            await talk.caller_is_heard()
            (theirs,) = await stack.carrier.over(who.target)
            assert not theirs.was_answered
            await talk.call
            assert [leg["charge_kopecks"] for leg in await bills(stack, who, 2)] == [0, 0]
            await assert_money(stack, who, 1_000)


async def test_whom_a_seat_consults_is_let_go_and_billed_and_the_seat_has_its_caller_back(
    bring: Bring,
) -> None:
    stack = await bring(config=LONG)
    await stack.carrier.behaves(Answers(ring_ms=300, rtp=True))
    who = await given_subscriber(stack, 1_000)
    async with seat_talk(stack, who, talk_ms=24_000) as talk:
        await talk.anna_ear.press(f"*3{typed(who.target)}#")
        await until(lambda: bool(stack.carrier.calls_to(who.target)), "the mobile is called")
        talk.anna_ear.heard.clear()
        await until(lambda: talk.anna_ear.has_heard(TONE), "anna hears whom she consults")
        async with another_life(stack):
            (theirs,) = await stack.carrier.over(who.target)
            assert theirs.ended_by == "there"
            await talk.caller_is_heard()
            await talk.anna_ear.press("*1")
            await talk.music_is_heard()
            await talk.call
            paid = bill_to(await bills(stack, who, 2), who.target)
            assert_bill_is_what_was_talked(paid, who, theirs)
            await assert_money(stack, who, 1_000 - paid["charge_kopecks"])


async def test_what_a_caller_has_said_is_a_message_and_he_is_asked_to_go_on(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_scheme(stack, 1_000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=22_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await until(lambda: recorded_bytes(stack, who) > 24_000, "a second and a half is on disk")
        async with another_life(stack):
            phone.heard.clear()
            await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard again")
            await call
            first, second = await messages(stack, who, 2)
        speaking.cancel()
    assert first["recording"] != second["recording"]
    for message in (first, second):
        assert message["length_ms"] >= 1_000
        assert loudest(message_file(stack, message)) > 1_000


async def test_a_message_whose_caller_hung_up_while_nobody_served_is_not_lost(bring: Bring) -> None:
    stack = await bring(config=LONG)
    who = await given_scheme(stack, 1_000, BOX)
    async with handset() as phone:
        call = dial(stack, who.number, hang_up_after_ms=9_000, media_port=phone.port)
        await until(lambda: phone.has_heard(spoken(GREETING)), "the greeting is heard")
        speaking = asyncio.create_task(phone.speak())
        await until(lambda: recorded_bytes(stack, who) > 24_000, "a second and a half is on disk")
        await stop_service(stack, signal.SIGKILL)
        await call
        speaking.cancel()
    async with serve_again(stack, stack.settings_file):
        (message,) = await messages(stack, who)
        assert message["length_ms"] >= 1_500
        assert loudest(message_file(stack, message)) > 1_000
