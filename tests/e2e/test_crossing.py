"""Two things that happen in the same instant, many times over: one of them counts, and everybody sees which.

Rule 1: the phones' timers are a few milliseconds apart, on either side of each other: every order is met.
"""

import pytest

from callctl.demo.phones import Answers
from callctl.demo.seen import CallSeen
from tests.e2e.schemes import bill_to, given_scheme, targets_of
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import CALLER, UNIT_KOPECKS, Subscriber, assert_bill_is_what_was_talked, bill, bills, ms

pytestmark = pytest.mark.e2e

CALLS = 8
ROUNDS_MAX = 8
ELSEWHERE = 26
RING_MS = 900
# How much later than the target the caller is; further on only while the same always comes first.
LATE_MS = (-1, 2, 10, -10, 30, -30, 100, 300)
TWO = "start: ring\nnodes:\n  ring: {kind: forward, to: [{all: [FIRST, SECOND]}]}\n"
ONE = "start: ring\nnodes:\n  ring: {kind: forward, to: [FIRST]}\n"
LINE = "start: line\nnodes:\n  line: {kind: queue, members: [FIRST]}\n"
BOTH_IN_LINE = "start: line\nnodes:\n  line: {kind: queue, members: [FIRST, SECOND], strategy: ring_all}\n"


async def given_many(stack: Stack, scheme: str) -> list[Subscriber]:
    return [await given_scheme(stack, 1000, scheme) for _ in range(CALLS)]


@pytest.mark.parametrize("scheme", [TWO, BOTH_IN_LINE], ids=["forward", "queue"])
async def test_of_two_who_answer_in_the_same_instant_one_talks_and_the_other_is_told_and_unpaid(
    stack: Stack, scheme: str
) -> None:
    await stack.carrier.behaves(Answers(ring_ms=RING_MS))
    for _ in range(ROUNDS_MAX):
        everybody = await given_many(stack, scheme)
        pairs = [(who.number, CALLER) for who in everybody]
        load = await stack.caller.many(pairs, count=CALLS, per_second=50, hang_up_after_ms=2_500)
        assert load.failed == 0
        losers = [await _loser_of_two(stack, who) for who in everybody]
        if any(loser.was_answered for loser in losers):
            return
    raise AssertionError("no second answer came before our CANCEL: this test proves nothing")


async def _loser_of_two(stack: Stack, who: Subscriber) -> CallSeen:
    talker, loser = await _talker_and_loser(stack, who)
    assert (loser.reason_cause, loser.ended_by) == (ELSEWHERE, "there")
    assert loser.talked_ms < talker.talked_ms / 2, "it was let go at once"
    legs = await bills(stack, who, 2)
    talked = Subscriber(who.account_id, who.number, talker.number)
    assert_bill_is_what_was_talked(bill_to(legs, talker.number), talked, talker)
    assert bill_to(legs, loser.number)["charge_kopecks"] == 0
    return loser


async def _talker_and_loser(stack: Stack, who: Subscriber) -> tuple[CallSeen, CallSeen]:
    targets = targets_of(who)
    (one,) = await stack.carrier.over(targets.first)
    (other,) = await stack.carrier.over(targets.second)
    return (one, other) if one.talked_ms > other.talked_ms else (other, one)


@pytest.mark.parametrize("scheme", [ONE, LINE], ids=["forward", "queue"])
async def test_a_caller_who_leaves_as_the_target_answers_leaves_nobody_talking_to_nobody(
    stack: Stack, scheme: str
) -> None:
    """Of a forward CANCEL against 200, of a queue BYE against 200; from before it to after it."""
    await stack.carrier.behaves(Answers(ring_ms=RING_MS))
    charges: set[int] = set()
    for late_ms in LATE_MS:
        if charges == {0, UNIT_KOPECKS}:
            break
        everybody = await given_many(stack, scheme)
        load = await stack.caller.many(
            [(who.number, CALLER) for who in everybody],
            count=CALLS,
            per_second=50,
            ring_at_most_ms=RING_MS + late_ms,
            hang_up_after_ms=RING_MS + late_ms,
        )
        seen = {mine.number: mine for mine in load.calls}
        for who in everybody:
            mine, (theirs,) = seen[who.number], await stack.carrier.over(who.target)
            leg = await bill(stack, who)
            assert abs(ms(mine.ended_at_us, theirs.ended_at_us)) < 1_000
            assert_paid_by_who_talked(leg, mine, theirs)
            charges.add(leg["charge_kopecks"])
    assert charges == {0, UNIT_KOPECKS}, "always the same came first: this test proves little"


def assert_paid_by_who_talked(leg: Json, mine: CallSeen, theirs: CallSeen) -> None:
    """At most one unit, and only if both were answered."""
    assert leg["charge_kopecks"] in ({0, UNIT_KOPECKS} if mine.was_answered and theirs.was_answered else {0})
