"""A mobile must take the call with a digit, so that its voicemail cannot: accepted, not accepted, paid."""

import asyncio

import pytest

from callctl.demo.media import handset
from callctl.demo.phones import Answers, ByNumber, Press
from tests.e2e.schemes import FIRST, SECOND, bill_to, given_scheme, targets_of
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    NOTED_LATE_MS,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    bills,
    dial,
    ms,
    until,
    until_state,
)

pytestmark = pytest.mark.e2e

ASKED = """
start: ring
nodes:
  ring: {kind: forward, to: [FIRST], accept: {digit: "1", patience_s: 2}, otherwise: other}
  other: {kind: forward, to: [SECOND]}
"""
ALL_ASKED = """
start: ring
nodes:
  ring: {kind: forward, to: [{all: [FIRST, SECOND]}], accept: {digit: "1", patience_s: 5}}
"""


async def test_who_presses_one_talks_to_the_caller_who_is_answered_only_then(stack: Stack) -> None:
    async with handset() as phone, handset() as callers:
        await stack.carrier.behaves(Answers(ring_ms=300, media_port=phone.port))
        who = await given_scheme(stack, 1000, ASKED)
        call = dial(stack, who.number, hang_up_after_ms=2_000, media_port=callers.port)
        await until(lambda: phone.loud_s > 0.2, "the offer is heard")
        await until_state(stack, who, "ringing")
        assert callers.loud_s < 0.5, "the caller heard the offer"
        await phone.press("1")
        await until_state(stack, who, "talking")
        speaking = asyncio.create_task(phone.speak())
        await until(lambda: callers.loud_s > 0.5, "the caller hears who pressed")
        mine = await call
        speaking.cancel()
    (theirs,) = await stack.carrier.over(who.target)
    assert ms(theirs.answered_at_us, mine.answered_at_us) > 200, "the caller was answered before the key"
    assert_bill_is_what_was_talked(await bill(stack, who), who, theirs)


async def test_a_voicemail_that_answers_is_paid_and_the_caller_goes_on_to_the_next(stack: Stack) -> None:
    async with handset() as mailbox:
        courses = {FIRST: Answers(ring_ms=200, media_port=mailbox.port), SECOND: Answers(ring_ms=200)}
        await stack.carrier.behaves(ByNumber(courses))
        who = await given_scheme(stack, 1000, ASKED)
        mine = await dial(stack, who.number, hang_up_after_ms=1_500)
        assert mailbox.loud_s > 1, "it was asked"
    targets = targets_of(who)
    (swallowed,) = await stack.carrier.over(targets.first)
    (talked,) = await stack.carrier.over(targets.second)
    assert swallowed.was_answered
    assert ms(talked.answered_at_us, mine.answered_at_us) >= -NOTED_LATE_MS
    legs = await bills(stack, who, count=2)
    assert bill_to(legs, targets.first)["charge_kopecks"] == 100, "MANGO-12.7: a device that answers is paid"
    assert bill_to(legs, targets.second)["charge_kopecks"] == 100
    await assert_money(stack, who, 800)


async def test_another_key_declines_at_once(stack: Stack) -> None:
    courses = {FIRST: Answers(ring_ms=200, presses=[Press(500, "2")]), SECOND: Answers(ring_ms=200)}
    await stack.carrier.behaves(ByNumber(courses))
    who = await given_scheme(stack, 1000, ASKED)
    await dial(stack, who.number, hang_up_after_ms=1_000)
    (declined,) = await stack.carrier.over(targets_of(who).first)
    assert 400 < declined.talked_ms < 1_500
    assert declined.ended_by == "there"


async def test_of_two_who_are_asked_the_one_who_presses_talks_and_both_are_paid(stack: Stack) -> None:
    courses = {FIRST: Answers(ring_ms=200), SECOND: Answers(ring_ms=200, presses=[Press(1_200, "1")])}
    await stack.carrier.behaves(ByNumber(courses))
    who = await given_scheme(stack, 1000, ALL_ASKED)
    await dial(stack, who.number, hang_up_after_ms=1_500)
    targets = targets_of(who)
    (left,) = await stack.carrier.over(targets.first)
    (talker,) = await stack.carrier.over(targets.second)
    assert left.talked_ms < talker.talked_ms
    assert [leg["charge_kopecks"] for leg in await bills(stack, who, count=2)] == [100, 100]


async def test_who_hangs_up_while_the_other_is_asked_leaves_him_at_once(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=200))
    who = await given_scheme(stack, 1000, ASKED)
    mine = await dial(stack, who.number, give_up_after_ms=900)
    (theirs,) = await stack.carrier.over(who.target)
    assert mine.cancelled_at_us is not None
    assert abs(ms(mine.cancelled_at_us, theirs.ended_at_us)) < 500
    assert (await bill(stack, who))["charge_kopecks"] == 100
