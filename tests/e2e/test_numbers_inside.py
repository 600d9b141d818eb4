"""A number of ours that is forwarded to another of ours, to itself, or round in a ring."""

import pytest

from callctl.demo.phones import Answers
from tests.e2e.schemes import scheme_now
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CALLER,
    CUT_LATE_MS_MAX,
    UNIT_MS,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    bills,
    dial,
    given_subscriber,
    ms,
)

pytestmark = pytest.mark.e2e


def _to(number: str) -> str:
    return f'start: on\nnodes:\n  on: {{kind: forward, to: ["{number}"]}}\n'


async def test_each_leg_of_a_chain_is_billed_to_its_own_subscriber(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=300))
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 1000)
    await scheme_now(stack, anna, _to(boris.number))
    mine = await dial(stack, anna.number, hang_up_after_ms=2_000)
    assert mine.was_answered
    (theirs,) = await stack.carrier.over(boris.target)
    assert theirs.caller == CALLER
    assert_bill_is_what_was_talked(await bill(stack, boris), boris, theirs)
    leg = await bill(stack, anna)
    assert (leg["to"], leg["charge_kopecks"]) == (boris.number, 100)
    await assert_money(stack, anna, 900)
    await assert_money(stack, boris, 900)


async def test_the_target_of_a_chain_sees_the_number_of_who_forwards_when_he_wants_it(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=300))
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 1000)
    await scheme_now(stack, anna, _to(boris.number).replace("}", ", shows: own}"))
    await dial(stack, anna.number, hang_up_after_ms=500)
    (theirs,) = await stack.carrier.over(boris.target)
    assert theirs.caller == anna.number
    assert (await bill(stack, boris))["from"] == anna.number


async def test_a_chain_ends_when_the_money_of_its_second_subscriber_does(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=300))
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 100)
    await scheme_now(stack, anna, _to(boris.number))
    mine = await dial(stack, anna.number)
    (theirs,) = await stack.carrier.over(boris.target)
    assert (mine.ended_by, theirs.ended_by) == ("there", "there")
    assert 0 <= ms(theirs.answered_at_us, theirs.ended_at_us) - UNIT_MS <= CUT_LATE_MS_MAX
    assert_bill_is_what_was_talked(await bill(stack, boris), boris, theirs)
    assert (await bill(stack, boris))["ended_by"] == "balance"
    assert (await bill(stack, anna))["charge_kopecks"] == 100
    await assert_money(stack, anna, 900)
    await assert_money(stack, boris, 0)


async def test_a_chain_whose_second_subscriber_has_no_money_costs_nobody_anything(stack: Stack) -> None:
    await stack.carrier.behaves(Answers(ring_ms=300))
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 99)
    await scheme_now(stack, anna, _to(boris.number))
    mine = await dial(stack, anna.number)
    assert not mine.was_answered
    assert stack.carrier.calls_to(boris.target) == []
    assert (await bill(stack, boris))["refusal"] == "not_enough"
    assert (await bill(stack, anna))["charge_kopecks"] == 0
    await assert_money(stack, anna, 1000)


async def test_two_numbers_that_point_at_each_other_end_soon_and_cost_nothing(stack: Stack) -> None:
    anna, boris = await given_subscriber(stack, 1000), await given_subscriber(stack, 1000)
    await scheme_now(stack, anna, _to(boris.number))
    await scheme_now(stack, boris, _to(anna.number))
    mine = await dial(stack, anna.number)
    assert (mine.was_answered, mine.final_status) == (False, 503)
    for who, count in ((anna, 3), (boris, 2)):
        legs = await bills(stack, who, count=count)
        assert {leg["charge_kopecks"] for leg in legs} == {0}
        await assert_money(stack, who, 1000)


async def test_a_scheme_that_rings_its_own_number_is_refused_and_the_one_before_stays(stack: Stack) -> None:
    await stack.carrier.behaves(Answers())
    who = await given_subscriber(stack, 1000)
    scheme = {"scheme": _to(who.number)}
    async with stack.api.put(f"/numbers/{who.number}/scheme", json=scheme) as answer:
        assert answer.status == 400
        assert "the call would come back here" in (await answer.json())["detail"]
    assert (await dial(stack, who.number, hang_up_after_ms=500)).was_answered
    assert [call.was_answered for call in await stack.carrier.over(who.target)] == [True]
