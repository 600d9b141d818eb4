"""What a seat orders by keys while it talks: hold, hand over, consult; with keys pressed in band."""

import asyncio

import pytest

from callctl.demo.phones import Answers
from callctl.demo.sipp import TONE_ALAW
from tests.e2e.schemes import bill_to, until_called
from tests.e2e.seats import at_work
from tests.e2e.stacks import Stack
from tests.e2e.talks import HIGH_ALAW, seat_talk
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    UNIT_KOPECKS,
    UNIT_MS,
    assert_bill_is_what_was_talked,
    assert_money,
    bills,
    given_subscriber,
    ms,
    until,
)

pytestmark = pytest.mark.e2e

HIGH = HIGH_ALAW[:160]
TONE = TONE_ALAW[:160]


def typed(number: str) -> str:
    return "8" + number[1:]


async def test_a_held_caller_hears_music_and_then_the_seat_again(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with seat_talk(stack, who, talk_ms=9_000) as talk:
        await talk.anna_ear.press("*1")
        await talk.music_is_heard()
        speaking = asyncio.create_task(talk.anna_ear.speak(HIGH_ALAW))
        await talk.music_is_heard()
        assert not talk.caller_ear.has_heard(HIGH), "a held caller hears the seat"
        speaking.cancel()
        await talk.anna_ear.press("*1")
        speaking = asyncio.create_task(talk.anna_ear.speak(HIGH_ALAW))
        await until(lambda: talk.caller_ear.has_heard(HIGH), "the caller hears the seat again")
        speaking.cancel()
        await talk.caller_is_heard()


async def test_a_caller_handed_over_to_a_mobile_talks_there_and_the_account_pays(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=2_500, rtp=True))
    who = await given_subscriber(stack, 1000)
    async with seat_talk(stack, who, talk_ms=10_000) as talk:
        await talk.anna_ear.press(f"*2{typed(who.target)}#")
        (left,) = await talk.anna.over()
        assert left.ended_by == "there"
        await talk.music_is_heard()
        await until(lambda: talk.caller_ear.has_heard(TONE), "the caller hears the mobile")
    (theirs,) = await stack.carrier.over(who.target)
    legs = await bills(stack, who, count=2)
    assert bill_to(legs, "anna")["charge_kopecks"] == 0
    paid = bill_to(legs, who.target)
    assert_bill_is_what_was_talked(paid, who, theirs)
    await assert_money(stack, who, 1000 - paid["charge_kopecks"])


async def test_a_caller_handed_over_to_a_colleague_costs_nothing(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    async with at_work(stack, who, "201", Answers(ring_ms=200, rtp=True)) as other:
        async with seat_talk(stack, who, talk_ms=6_000) as talk:
            await talk.anna_ear.press("*2201#")
            await until(lambda: talk.caller_ear.has_heard(TONE), "the caller hears the colleague")
        (theirs,) = await other.over()
        assert theirs.was_answered
    assert [leg["charge_kopecks"] for leg in await bills(stack, who, count=2)] == [0, 0]


async def test_a_caller_handed_over_with_money_for_one_unit_is_cut_at_its_end(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_subscriber(stack, UNIT_KOPECKS)
    async with seat_talk(stack, who, talk_ms=30_000) as talk:
        await talk.anna_ear.press(f"*2{typed(who.target)}#")
        mine = await talk.call
    (theirs,) = await stack.carrier.over(who.target)
    assert (mine.ended_by, theirs.ended_by) == ("there", "there")
    assert UNIT_MS <= theirs.talked_ms <= UNIT_MS + CUT_LATE_MS_MAX
    paid = bill_to(await bills(stack, who, count=2), who.target)
    assert (paid["charge_kopecks"], paid["ended_by"]) == (UNIT_KOPECKS, "balance")
    await assert_money(stack, who, 0)


async def test_whom_a_seat_consults_talks_to_it_and_then_to_its_caller(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=500, rtp=True))
    who = await given_subscriber(stack, 1000)
    async with seat_talk(stack, who, seat_hangs_up_ms=7_000, talk_ms=12_000) as talk:
        await talk.anna_ear.press(f"*3{typed(who.target)}#")
        await until(lambda: talk.anna_ear.has_heard(TONE), "anna hears whom she consults")
        await talk.music_is_heard()
        assert not talk.caller_ear.has_heard(TONE), "the caller hears a talk that is not his"
        (left,) = await talk.anna.over()
        assert left.ended_by == "here"
        await until(lambda: talk.caller_ear.has_heard(TONE), "the caller hears who was consulted")
    (theirs,) = await stack.carrier.over(who.target)
    paid = bill_to(await bills(stack, who, count=2), who.target)
    assert_bill_is_what_was_talked(paid, who, theirs)
    assert ms(left.ended_at_us, theirs.ended_at_us) > 1_000


async def test_a_seat_takes_its_caller_back_from_a_consultation_and_its_codes_work_on(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_subscriber(stack, 1000)
    async with seat_talk(stack, who, talk_ms=12_000) as talk:
        await talk.anna_ear.press(f"*3{typed(who.target)}#")
        await until_called(stack, who.target)
        await until(lambda: stack.carrier.calls_to(who.target)[0].was_answered, "the mobile answers")
        await talk.anna_ear.press("*1")
        (theirs,) = await stack.carrier.over(who.target)
        assert theirs.ended_by == "there"
        await talk.caller_is_heard()
        await talk.anna_ear.press("*1")
        await talk.music_is_heard()
