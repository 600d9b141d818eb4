"""A call to a 495 number is forwarded: what both phones see, and what the bill says of it."""

import asyncio

import pytest

from callctl.demo.phones import Answers
from callctl.demo.seen import media_sink
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CALLER,
    NOTED_LATE_MS,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    dial,
    given_subscriber,
    ms,
    until,
)

pytestmark = pytest.mark.e2e


async def test_the_bill_is_what_the_phones_saw_whoever_hangs_up(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=600, hang_up_after_ms=8_500))
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 1000)
    first, second = await asyncio.gather(
        dial(stack, anna.number, hang_up_after_ms=2_500), dial(stack, boris.number)
    )
    for who, mine, ended_by in ((anna, first, "caller"), (boris, second, "callee")):
        (theirs,) = stack.carrier.calls_to(who.target)
        assert theirs.caller == CALLER, "the called phone sees who calls"
        assert mine.ringing_at_us is not None
        assert ms(theirs.answered_at_us, mine.answered_at_us) >= -NOTED_LATE_MS, (
            "the caller was answered first"
        )
        assert ms(mine.invited_at_us, mine.answered_at_us) >= 600
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs)
        assert (leg["ended_by"], leg["cause"]) == (ended_by, 16)
        assert (mine.reason_cause, theirs.reason_cause) == (16, 16)
        await assert_money(stack, who, 1000 - leg["charge_kopecks"])
    assert (await bill(stack, boris))["units"] == 2, "8.5 s are two units of six"


async def test_early_media_reaches_the_caller_who_is_not_answered_by_it(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=1_500, early_media=True, rtp=True))
    who = await given_subscriber(stack, 1000)
    async with media_sink() as sink:
        call = dial(stack, who.number, hang_up_after_ms=1_000, media_port=sink.port)
        await until(lambda: sink.packets >= 10, "ten packets of early media")
        (theirs,) = stack.carrier.calls_to(who.target)
        assert theirs.answered_at_us is None, "the packets came only after the answer"
        mine = await call
    assert mine.early_media_at_us is not None
    assert ms(mine.early_media_at_us, mine.answered_at_us) > 1_000
    assert (await bill(stack, who))["charge_kopecks"] == 100
