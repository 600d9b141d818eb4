"""Calls whose money ends while the API is asked hundreds of times, and while some listen who never read."""

import asyncio
import json

import pytest

from callctl.demo.subscribers import Subscriber as Asked
from tests.bench.api.questions import ask_all, listeners, questions
from tests.e2e.stacks import Stack
from tests.e2e.test_cut import assert_cut_on_time
from tests.e2e.words import assert_bill_is_what_was_talked, assert_money, bill, given_subscriber, until

pytestmark = pytest.mark.e2e

CALLS, EACH_S, UNITS, QUESTIONS = 10, 0.2, 2, 300


async def test_whoever_asks_or_does_not_read_costs_no_cut_and_every_answer_is_what_it_should_be(
    stack: Stack,
) -> None:
    everybody = [await given_subscriber(stack, UNITS * 100) for _ in range(CALLS)]
    others = [await given_subscriber(stack, 100_000) for _ in range(3)]
    asked = [Asked(who.account_id, who.number, "", 0, "") for who in others]
    calling = asyncio.create_task(
        stack.caller.many(
            [(who.number, "79031112233") for who in everybody],
            count=CALLS,
            per_second=1 / EACH_S,
            hang_up_after_ms=60_000,
        )
    )
    async with listeners(stack.api_url, slow=2, dead=2, reading=2) as told:
        answers = await ask_all(
            stack.api_url, questions(asked, seed=1), at_least=QUESTIONS, is_over=calling.done
        )
        load = await calling
        await until(lambda: all(_heard_all(one, CALLS) for one in told), "who reads hears of every end")
    assert answers.wrong == [] and len(answers.all_ms) >= QUESTIONS
    assert load.failed == 0
    mine = {seen.number: seen for seen in load.calls}
    for who in everybody:
        (theirs,) = stack.carrier.calls_to(who.target)
        assert_cut_on_time(mine[who.number], UNITS)
        assert_cut_on_time(theirs, UNITS)
        leg = await bill(stack, who)
        assert_bill_is_what_was_talked(leg, who, theirs)
        assert (leg["units"], leg["ended_by"]) == (UNITS, "balance")
        await assert_money(stack, who, 0)


def _heard_all(told: bytearray, calls: int) -> bool:
    """Of as many different calls that they are over."""
    blocks = [block.split(b"data: ")[1] for block in told.split(b"\n\n") if b"event: gone\ndata: " in block]
    return len({json.loads(block.splitlines()[0])["call_id"] for block in blocks}) >= calls
