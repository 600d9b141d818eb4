"""Calls that nobody answers: what the caller is told, and that nobody pays for them."""

import asyncio

import pytest

from callctl.demo.phones import (
    BUSY,
    DECLINES,
    UNAVAILABLE,
    Answers,
    AnswersCancelled,
    NeverAnswers,
    Refuses,
)
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    account,
    assert_money,
    assert_refused_by_nobody_paying,
    bill,
    bills,
    dial,
    given_subscriber,
    ms,
    until_state,
)

pytestmark = pytest.mark.e2e

GAVE_UP = 16


@pytest.mark.parametrize(("far_end", "cause", "status"), [(BUSY, 17, 486), (DECLINES, 21, 486)])
async def test_a_busy_phone_is_told_and_costs_nothing(
    stack: Stack, far_end: Refuses, cause: int, status: int
) -> None:
    await stack.carrier.behaves(far_end)
    who = await given_subscriber(stack, 100)
    mine = await dial(stack, who.number)
    assert (mine.final_status, mine.answered_at_us) == (status, None)
    assert_refused_by_nobody_paying(await bill(stack, who), cause=cause, ended_by="callee")
    assert not stack.spare.calls_to(who.target), "busy is no reason to try another trunk"
    await assert_money(stack, who, 100)


async def test_a_carrier_that_is_down_is_followed_by_the_next_and_one_unit_pays_for_both(
    stack: Stack,
) -> None:
    await stack.carrier.behaves(UNAVAILABLE)
    who = await given_subscriber(stack, 100)
    mine = await dial(stack, who.number, hang_up_after_ms=500)
    assert mine.was_answered
    failed, answered = await bills(stack, who, 2)
    assert_refused_by_nobody_paying(failed, cause=34, ended_by="callee")
    assert (answered["charge_kopecks"], answered["ended_by"]) == (100, "caller")
    await assert_money(stack, who, 0)


async def test_when_every_carrier_is_down_the_caller_hears_so(stack: Stack) -> None:
    await stack.carrier.behaves(UNAVAILABLE)
    await stack.spare.behaves(UNAVAILABLE)
    who = await given_subscriber(stack, 100)
    mine = await dial(stack, who.number)
    assert (mine.final_status, mine.answered_at_us) == (503, None)
    for leg in await bills(stack, who, 2):
        assert_refused_by_nobody_paying(leg, cause=34, ended_by="callee")
    await assert_money(stack, who, 100)


async def test_patience_ends_the_ringing_and_the_scheme_goes_on(stack: Stack) -> None:
    await stack.carrier.behaves(NeverAnswers())
    who = await given_subscriber(stack, 100, patience_s=1, otherwise="congestion")
    mine = await dial(stack, who.number)
    assert (mine.final_status, mine.reason_cause) == (503, 34), "as the scheme says it"
    (theirs,) = stack.carrier.calls_to(who.target)
    assert theirs.cancelled_at_us is not None
    assert_refused_by_nobody_paying(await bill(stack, who), cause=19, ended_by="service")
    await assert_money(stack, who, 100)


async def test_a_caller_who_gives_up_takes_the_ringing_with_him_and_gets_the_hold_back(stack: Stack) -> None:
    await stack.carrier.behaves(NeverAnswers())
    who = await given_subscriber(stack, 100)
    call = dial(stack, who.number, give_up_after_ms=1_000)
    await until_state(stack, who, "ringing")
    assert (await account(stack, who))["held_kopecks"] == 100, "the first unit is held before it rings"
    mine = await call
    assert (mine.final_status, mine.ended_by) == (487, "here")
    (theirs,) = await stack.carrier.over(who.target)
    assert theirs.cancelled_at_us is not None
    assert_refused_by_nobody_paying(await bill(stack, who), cause=GAVE_UP, ended_by="caller")
    await assert_money(stack, who, 100)


async def test_an_answer_that_comes_too_late_is_hung_up_and_not_charged(stack: Stack) -> None:
    """It crosses our CANCEL: once because the caller gave up, once because the patience was over."""
    await stack.carrier.behaves(AnswersCancelled())
    quitter = await given_subscriber(stack, 100)
    waiter = await given_subscriber(stack, 100, patience_s=1)
    mine, _ = await asyncio.gather(
        dial(stack, quitter.number, give_up_after_ms=700), dial(stack, waiter.number)
    )
    assert mine.answered_at_us is None
    for who, cause, ended_by in ((quitter, GAVE_UP, "caller"), (waiter, 19, "service")):
        (theirs,) = await stack.carrier.over(who.target)
        assert theirs.was_answered, "the answer did not cross the CANCEL: this test proves nothing"
        assert theirs.ended_by == "there"
        assert_refused_by_nobody_paying(await bill(stack, who), cause=cause, ended_by=ended_by)
        await assert_money(stack, who, 100)


async def test_nobody_is_answered_while_the_far_end_rings(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=3_000))
    who = await given_subscriber(stack, 100)
    mine = await dial(stack, who.number, give_up_after_ms=1_500)
    assert (mine.final_status, mine.answered_at_us) == (487, None)
    assert ms(mine.ringing_at_us, mine.cancelled_at_us) >= 1_500 - 5
