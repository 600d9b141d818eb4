"""Two stacks on one machine, and a stack that is ended in the middle of everything."""

import asyncio

import pytest

from tests.e2e import leaks
from tests.e2e.conftest import Bring
from tests.e2e.stacks import Stack
from tests.e2e.words import assert_money, bill, dial, given_subscriber, until_state

pytestmark = pytest.mark.e2e


async def test_two_stacks_take_calls_at_once_and_know_nothing_of_each_other(
    stack: Stack, guarded: Stack
) -> None:
    here, there = await given_subscriber(stack, 200), await given_subscriber(guarded, 100)
    calls = [dial(stack, here.number), dial(guarded, there.number)]
    await until_state(stack, here, "talking")
    await until_state(guarded, there, "talking")
    assert len(await stack.get("/calls")) == len(await guarded.get("/calls")) == 1
    assert len(await stack.ask_ari("/channels")) == len(await guarded.ask_ari("/channels")) == 2
    stranger = await dial(stack, there.number)
    assert stranger.final_status == 404
    for seen in await asyncio.gather(*calls):
        assert seen.ended_by == "there"
    assert not stack.carrier.calls_to(there.target)
    assert not guarded.carrier.calls_to(here.target)
    assert (await bill(stack, here))["charge_kopecks"] == 200
    assert (await bill(guarded, there))["charge_kopecks"] == 100
    await assert_money(stack, here, 0)
    await assert_money(guarded, there, 0)


async def test_a_stack_that_is_ended_in_mid_call_leaves_nobody_and_nothing(bring: Bring) -> None:
    stack = await bring()
    who = await given_subscriber(stack, 1_000)
    call = dial(stack, who.number)
    await until_state(stack, who, "talking")
    await leaks.end(stack)
    call.cancel()
    await asyncio.wait([call])
