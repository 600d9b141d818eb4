"""A real call's story, and a log in which nobody's number is."""

import json
import re

import pytest

from tests.e2e.conftest import Bring
from tests.e2e.stacks import Stack
from tests.e2e.words import CALLER, bill, dial, given_subscriber

pytestmark = pytest.mark.e2e

MASKED = '[log]\nnumbers = "masked"\nform = "json"\nlevel = "debug"\n'


async def story(stack: Stack, call_id: str, *words: str) -> str:
    return await stack.callctl("call", call_id, "--story", "--state", str(stack.state), *words)


async def test_a_story_is_told_by_ledger_and_log_in_the_order_of_time(stack: Stack) -> None:
    who = await given_subscriber(stack, 1_000)
    await dial(stack, who.number, hang_up_after_ms=500)
    leg = await bill(stack, who)
    told = json.loads(await story(stack, leg["call_id"], "--json"))
    assert [moment["at"] for moment in told] == sorted(moment["at"] for moment in told)
    by_log = [moment for moment in told if moment["source"] == "log"]
    (arrival,) = [moment for moment in by_log if moment["said"] == "CallArrived"]
    assert (arrival["from"], arrival["number"], arrival["node"]) == (CALLER, who.number, "ring")
    assert any(f"LegSettled({leg['leg_id']},100,caller,16)" in moment.get("orders", "") for moment in by_log)
    said = await story(stack, leg["leg_id"])
    assert re.search(
        rf"ledger  {leg['leg_id']} to {who.target}: ended by caller, cause 16: 1 s, 1 units, 1.00", said
    )
    assert len(said.splitlines()) == len(told)


async def test_where_numbers_are_masked_none_is_in_log_nor_story(bring: Bring) -> None:
    stack = await bring(config=MASKED)
    who, broke = await given_subscriber(stack, 1_000), await given_subscriber(stack, 0)
    await dial(stack, who.number, hang_up_after_ms=500)
    await dial(stack, broke.number)
    await dial(stack, "74959999999")
    leg = await bill(stack, who)
    told = await story(stack, leg["call_id"])
    log = stack.service_log()
    numbers = (CALLER, who.number, who.target, broke.number, broke.target, "74959999999")
    assert not [number for number in numbers if number in log]
    assert not [number for number in numbers if number in told]
    assert leg["leg_id"] in told and "7903*****33 calls 7495" in told
    assert all(json.loads(line)["msg"] for line in log.splitlines())
