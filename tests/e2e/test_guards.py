"""Real calls that a guard of the account refuses: the caller is told, nobody is rung, nothing is held."""

import pytest

from tests.e2e.stacks import Stack
from tests.e2e.words import Subscriber, assert_money, bills, dial, given_subscriber, until_metric, until_state

pytestmark = pytest.mark.e2e


async def guard(stack: Stack, who: Subscriber, *guards: str) -> None:
    told = (word for one in guards for word in ("--set", one))
    await stack.callctl("account", "guards", who.account_id, *told, "--state", str(stack.state))


async def refusals(stack: Stack, guard: str) -> float:
    return (await stack.metrics())[f'callctl_connections_refused_total{{reason="{guard}"}}']


async def test_one_call_more_than_may_be_at_once_is_refused_until_one_ends(stack: Stack) -> None:
    who = await given_subscriber(stack, 10_000)
    already = await refusals(stack, "calls_at_once")
    await guard(stack, who, "calls-at-once=1")
    first = dial(stack, who.number, hang_up_after_ms=4_000)
    await until_state(stack, who, "talking")
    second = await dial(stack, who.number)
    assert (second.final_status, second.reason_cause) == (403, 21)
    await until_metric(stack, 'callctl_connections_refused_total{reason="calls_at_once"}', already + 1)
    assert (await first).was_answered
    third = await dial(stack, who.number, hang_up_after_ms=500)
    assert third.was_answered
    legs = await bills(stack, who, 3)
    assert sorted(str(leg["refusal"]) for leg in legs) == ["None", "None", "calls_at_once"]


async def test_what_is_too_dear_at_night_is_refused_at_night_but_help_is_not(stack: Stack) -> None:
    who = await given_subscriber(stack, 10_000)
    already = await refusals(stack, "night_price")
    await guard(stack, who, "night-price=1", "night-begin=00:00", "night-until=24:00")
    refused = await dial(stack, who.number)
    assert (refused.final_status, refused.reason_cause) == (403, 21)
    assert not stack.carrier.calls_to(who.target)
    assert await refusals(stack, "night_price") == already + 1
    helped = await dial(stack, "112", caller=who.number, hang_up_after_ms=500)
    assert helped.was_answered
    await assert_money(stack, who, 10_000)
