"""An 8-800 number on a real Asterisk: its owner pays for both ways, and both end together."""

import pytest

from callctl.demo.phones import Answers
from tests.e2e.schemes import scheme_now
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import (
    CUT_LATE_MS_MAX,
    UNIT_MS,
    Subscriber,
    account,
    assert_money,
    bills,
    dial,
    given_subscriber,
    ms,
    until_state,
)

pytestmark = pytest.mark.e2e

MOSCOW, MOBILE = "74951112233", "79031112233"
# Plan demo/toll-free, for six seconds begun.
WAY_IN = {MOSCOW: 50, MOBILE: 150}
WAY_OUT = 100


async def given_toll_free(stack: Stack, kopecks: int) -> Subscriber:
    return await given_subscriber(stack, kopecks, plan="demo/toll-free", code="7800")


async def both_bills(stack: Stack, who: Subscriber) -> tuple[Json, Json]:
    """Of the way in and the way out."""
    legs = sorted(await bills(stack, who, 2), key=lambda leg: leg["leg_id"])
    assert [leg["leg_id"].partition("-")[0] for leg in legs] == ["leg0", "leg1"]
    return legs[0], legs[1]


async def test_both_ways_are_billed_for_what_the_phones_talked(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=500))
    who = await given_toll_free(stack, 10_000)
    mine = await dial(stack, who.number, caller=MOSCOW, hang_up_after_ms=7_500)
    way_in, way_out = await both_bills(stack, who)
    assert (way_in["from"], way_in["to"], way_in["line"]) == (MOSCOW, who.number, who.number)
    assert (way_out["from"], way_out["to"], way_out["line"]) == (MOSCOW, who.target, who.number)
    assert (way_in["rate"]["side"], way_in["rate"]["destination"]) == ("incoming", "Moscow")
    assert (way_in["units"], way_in["charge_kopecks"]) == (2, 2 * WAY_IN[MOSCOW])
    assert (way_out["units"], way_out["charge_kopecks"]) == (2, 2 * WAY_OUT)
    assert mine.talked_ms // 1000 == way_in["seconds"] == 7
    await assert_money(stack, who, 10_000 - 2 * (WAY_IN[MOSCOW] + WAY_OUT))


async def test_both_ways_are_cut_when_one_more_unit_of_both_cannot_be_paid(stack: Stack) -> None:
    each = WAY_IN[MOBILE] + WAY_OUT
    who = await given_toll_free(stack, 2 * each + WAY_IN[MOBILE])
    call = dial(stack, who.number, caller=MOBILE)
    await until_state(stack, who, "talking")
    assert (await account(stack, who))["held_kopecks"] == each
    mine = await call
    assert mine.ended_by == "there"
    assert 0 <= ms(mine.answered_at_us, mine.ended_at_us) - 2 * UNIT_MS <= CUT_LATE_MS_MAX
    way_in, way_out = await both_bills(stack, who)
    assert [leg["ended_by"] for leg in (way_in, way_out)] == ["balance", "balance"]
    assert [leg["charge_kopecks"] for leg in (way_in, way_out)] == [2 * WAY_IN[MOBILE], 2 * WAY_OUT]
    await assert_money(stack, who, WAY_IN[MOBILE])


async def test_how_long_an_answer_waited_for_its_record_is_measured(stack: Stack) -> None:
    waits = "callctl_answer_wait_seconds_count"
    before = (await stack.metrics())[waits]
    who = await given_toll_free(stack, 1_000)
    await scheme_now(stack, who, "start: box\nnodes:\n  box: {kind: voicemail, name: office}\n")
    mine = await dial(stack, who.number, caller=MOSCOW, hang_up_after_ms=300)
    assert mine.was_answered
    assert (await stack.metrics())[waits] == before + 1


async def test_who_cannot_pay_the_way_in_is_refused_before_anybody_rings(stack: Stack) -> None:
    who = await given_toll_free(stack, WAY_IN[MOBILE] - 1)
    mine = await dial(stack, who.number, caller=MOBILE)
    assert mine.answered_at_us is None
    [refused] = await bills(stack, who)
    assert (refused["refusal"], refused["line"]) == ("not_enough", who.number)
    assert stack.carrier.calls_to(who.target) == []
    await assert_money(stack, who, WAY_IN[MOBILE] - 1)


async def test_a_caller_who_gives_up_costs_nothing_either_way(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=20_000))
    who = await given_toll_free(stack, 1_000)
    await dial(stack, who.number, caller=MOSCOW, give_up_after_ms=1_500)
    way_in, way_out = await both_bills(stack, who)
    assert (way_in["charge_kopecks"], way_out["charge_kopecks"]) == (0, 0)
    await assert_money(stack, who, 1_000)
