"""A phone that lost its power says no BYE; what it sends is nothing."""

import pytest

from tests.e2e.conftest import Bring
from tests.e2e.leaks import assert_nothing_left
from tests.e2e.words import NEAR_MS, bill, dial, given_subscriber

pytestmark = pytest.mark.e2e

SILENCE_S = 4


async def test_a_call_in_which_nobody_sends_anything_ends_by_itself(bring: Bring) -> None:
    stack = await bring(config=f"silence_s = {SILENCE_S}\n")
    who = await given_subscriber(stack, 1_000)
    emergency = dial(stack, "112")
    mine = await dial(stack, who.number)
    assert mine.ended_by == "there"
    assert SILENCE_S * 1000 - NEAR_MS < mine.talked_ms < 3 * SILENCE_S * 1000
    (theirs,) = await stack.carrier.over(who.target)
    # Asterisk looks at whole seconds: which side of one the end falls on is nobody's promise.
    leg = await bill(stack, who)
    assert abs(leg["seconds"] * 1000 - theirs.talked_ms) < 1_000 + NEAR_MS
    assert (leg["units"], leg["charge_kopecks"]) == (1, 100)
    assert (await emergency).ended_by == "there", "nor does a dead call to 112 last for ever"
    await assert_nothing_left(stack)
