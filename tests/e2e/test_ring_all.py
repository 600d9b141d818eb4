"""Several phones rung for one caller, in turn and at once: who talks, what the others see, who is billed."""

import pytest

from callctl.demo.phones import BUSY, UNAVAILABLE, Answers, AnswersCancelled, ByNumber
from callctl.demo.seen import CallSeen, media_sink
from tests.e2e.schemes import FIRST, SECOND, THIRD, bill_to, given_scheme, targets_of
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    Subscriber,
    assert_bill_is_what_was_talked,
    assert_money,
    assert_refused_by_nobody_paying,
    bills,
    dial,
    live_call,
    ms,
    until,
    until_state,
)

pytestmark = pytest.mark.e2e

ELSEWHERE = 26
ALL = "start: ring\nnodes:\n  ring: {kind: forward, to: [{all: [FIRST, SECOND, THIRD]}]}\n"
TWO = "start: ring\nnodes:\n  ring: {kind: forward, to: [{all: [FIRST, SECOND]}]}\n"
IN_TURN = "start: ring\nnodes:\n  ring: {kind: forward, to: [FIRST, SECOND, THIRD], patience_s: 20}\n"


async def _over(stack: Stack, who: Subscriber) -> tuple[CallSeen, CallSeen, CallSeen]:
    targets = targets_of(who)
    (first,) = await stack.carrier.over(targets.first)
    (second,) = await stack.carrier.over(targets.second)
    (third,) = await stack.carrier.over(targets.third)
    return first, second, third


async def test_the_first_to_answer_talks_and_the_others_see_that_it_was_answered_elsewhere(
    stack: Stack,
) -> None:
    await stack.carrier.behaves(
        ByNumber({FIRST: Answers(ring_ms=9_000), SECOND: Answers(ring_ms=600), THIRD: Answers(ring_ms=8_000)})
    )
    who = await given_scheme(stack, 1000, ALL)
    mine = await dial(stack, who.number, hang_up_after_ms=1_500)
    assert mine.ringing_at_us is not None
    first, second, third = await _over(stack, who)
    assert second.was_answered
    for loser in (first, third):
        assert not loser.was_answered
        assert loser.cancelled_at_us is not None
        assert loser.reason_cause == ELSEWHERE
    legs = await bills(stack, who, count=3)
    talked = bill_to(legs, second.number)
    assert_bill_is_what_was_talked(talked, Subscriber(who.account_id, who.number, second.number), second)
    for loser in (first, third):
        assert_refused_by_nobody_paying(bill_to(legs, loser.number), cause=ELSEWHERE, ended_by="service")
    await assert_money(stack, who, 1000 - talked["charge_kopecks"])


async def test_a_phone_that_answers_its_cancel_costs_nothing(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: AnswersCancelled(), SECOND: Answers(ring_ms=400)}))
    who = await given_scheme(stack, 1000, TWO)
    await dial(stack, who.number, hang_up_after_ms=1_500)
    targets = targets_of(who)
    (late,) = await stack.carrier.over(targets.first)
    assert (late.was_answered, late.reason_cause) == (True, ELSEWHERE)
    legs = await bills(stack, who, count=2)
    assert bill_to(legs, late.number)["charge_kopecks"] == 0
    await assert_money(stack, who, 900)


async def test_who_hangs_up_while_several_ring_leaves_nobody_ringing(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=30_000))
    who = await given_scheme(stack, 1000, ALL)
    mine = await dial(stack, who.number, give_up_after_ms=1_000)
    assert mine.cancelled_at_us is not None
    for theirs in await _over(stack, who):
        assert theirs.cancelled_at_us is not None
    await assert_money(stack, who, 1000)


async def test_busy_then_unavailable_then_an_answer_in_turn(stack: Stack) -> None:
    await stack.carrier.behaves(ByNumber({FIRST: BUSY, SECOND: UNAVAILABLE, THIRD: Answers(ring_ms=300)}))
    await stack.spare.behaves(UNAVAILABLE)
    who = await given_scheme(stack, 1000, IN_TURN)
    await dial(stack, who.number, hang_up_after_ms=1_500)
    first, second, third = await _over(stack, who)
    assert (first.final_status, second.final_status, third.final_status) == (486, 503, 200)
    assert first.ended_at_us is not None
    assert ms(first.ended_at_us, second.invited_at_us) < 500
    legs = await bills(stack, who, count=4)  # the second was tried over the spare carrier too
    assert [leg["charge_kopecks"] for leg in legs if leg["to"] != third.number] == [0, 0, 0]
    assert bill_to(legs, third.number)["charge_kopecks"] == 100


async def test_both_sides_are_heard_when_they_were_joined_after_the_answer(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=300, rtp=True))
    who = await given_scheme(stack, 1000, TWO)
    async with media_sink() as sink:
        call = dial(stack, who.number, hang_up_after_ms=2_500, media_port=sink.port)
        await until_state(stack, who, "talking")
        await until(lambda: sink.packets >= 25, "half a second of the other's voice")
        shown = await live_call(stack, who)
        assert shown is not None
        bridge = await stack.ask_ari(f"/bridges/{shown['call_id']}")
        assert bridge["technology"] == "simple_bridge", "digits would not be told"
        await call
