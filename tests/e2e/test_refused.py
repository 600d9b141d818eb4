"""Calls that are not admitted: the caller is told why, and nobody is rung."""

import asyncio

import pytest

from callctl.demo.seen import media_sink
from tests.e2e.stacks import Stack
from tests.e2e.words import (
    CALLER,
    Subscriber,
    assert_money,
    bill,
    dial,
    given_subscriber,
    until,
)

pytestmark = pytest.mark.e2e


async def assert_refused_for_money(stack: Stack, who: Subscriber, kopecks: int) -> None:
    assert not stack.carrier.calls_to(who.target), "nobody is rung who cannot be paid"
    assert not stack.spare.calls_to(who.target)
    leg = await bill(stack, who)
    assert (leg["refusal"], leg["ended_by"], leg["cause"]) == ("not_enough", "refused", 21)
    assert (leg["answered_at"], leg["units"], leg["charge_kopecks"]) == (None, 0, 0)
    await assert_money(stack, who, kopecks)


async def test_without_money_for_the_first_unit_the_caller_gets_403_and_nobody_is_rung(stack: Stack) -> None:
    who = await given_subscriber(stack, 99)
    mine = await dial(stack, who.number)
    assert (mine.final_status, mine.reason_cause) == (403, 21)
    assert mine.early_media_at_us is None, "no prompt is set here"
    await assert_refused_for_money(stack, who, 99)


async def test_a_prompt_that_is_set_is_heard_before_the_403(guarded: Stack) -> None:
    who = await given_subscriber(guarded, 99)
    async with media_sink() as sink:
        call = dial(guarded, who.number, media_port=sink.port)
        await until(lambda: sink.packets >= 20, "the prompt as early media")
        assert not call.done(), "the refusal came before the prompt"
        mine = await call
    assert mine.early_media_at_us is not None
    assert (mine.final_status, mine.answered_at_us) == (403, None)
    await assert_refused_for_money(guarded, who, 99)


async def test_a_number_that_is_nobodys_is_404(stack: Stack) -> None:
    mine = await dial(stack, "74959999999")
    assert (mine.final_status, mine.reason_cause) == (404, 1)


@pytest.mark.parametrize("number", ["112", "101", "01"])
async def test_an_emergency_number_is_reached_by_anybody_free_and_without_a_bound(
    stack: Stack, number: str
) -> None:
    poor = await given_subscriber(stack, 0)
    callers = (poor.number, CALLER)
    already = len(stack.carrier.calls_to(number))
    calls = [dial(stack, number, caller=caller, hang_up_after_ms=3_000) for caller in callers]

    async def are_unbounded() -> bool:
        channels = [channel["id"] for channel in await stack.ask_ari("/channels") if channel["state"] == "Up"]
        limits = [await _time_limit(stack, channel) for channel in channels]
        return limits == ["0"] * 4

    await until(are_unbounded, "four legs that talk without a time limit")
    for seen in await asyncio.gather(*calls):
        assert (seen.was_answered, seen.ended_by) == (True, "here")
    assert {seen.caller for seen in stack.carrier.calls_to(number)[already:]} == set(callers)
    assert_free(await bill(stack, poor), number)
    of_nobody = "SELECT * FROM leg WHERE account_id = '' AND number = $1 AND ended_at IS NOT NULL"

    async def is_billed() -> bool:
        return bool(await stack.database.fetch(of_nobody, number))

    await until(is_billed, "his bill, too")
    rows = await stack.database.fetch(of_nobody, number)
    assert [(row["caller"], row["charge_kopecks"]) for row in rows] == [(CALLER, 0)]
    await assert_money(stack, poor, 0)


def assert_free(leg: dict[str, object], number: str) -> None:
    assert (leg["to"], leg["seconds"], leg["units"], leg["charge_kopecks"]) == (number, 3, 0, 0)


async def _time_limit(stack: Stack, channel_id: str) -> str:
    answer = await stack.ask_ari(f"/channels/{channel_id}/variable", variable="TIMEOUT(absolute)")
    return str(answer["value"])
