"""What a real call leaves in the figures."""

import pytest

from callctl.demo.phones import Refuses
from tests.e2e.stacks import Stack
from tests.e2e.words import bill, dial, given_subscriber, until, until_metric

pytestmark = pytest.mark.e2e

ANSWERED = 'callctl_trunk_legs_total{end="answered",trunk="carrier"}'
BUSY = 'callctl_trunk_legs_total{end="busy",trunk="carrier"}'
RUNG = 'callctl_post_dial_delay_seconds_count{trunk="carrier"}'
RUNG_SUM = 'callctl_post_dial_delay_seconds_sum{trunk="carrier"}'
TALKED = 'callctl_calls_ended_total{state="talking"}'
AUTHORISED = "callctl_authorisation_seconds_count"
WRITTEN = "callctl_ledger_delay_seconds_count"


async def test_an_answered_call_is_counted_on_its_trunk_with_its_delays(stack: Stack) -> None:
    before = await stack.metrics()
    who = await given_subscriber(stack, 1_000)
    seen = await dial(stack, who.number, hang_up_after_ms=300)
    assert seen.was_answered
    await bill(stack, who)
    await until_metric(stack, TALKED, before[TALKED] + 1)
    after = await stack.metrics()
    assert {name: after[name] - before[name] for name in (ANSWERED, RUNG, AUTHORISED)} == {
        ANSWERED: 1,
        RUNG: 1,
        AUTHORISED: 1,
    }
    assert 0 < after[RUNG_SUM] - before[RUNG_SUM] < 10
    await until_metric(stack, WRITTEN, before[WRITTEN] + 4)


async def test_a_busy_target_is_counted_as_busy_and_never_rang(stack: Stack) -> None:
    await stack.carrier.behaves(Refuses(486))
    before = await stack.metrics()
    who = await given_subscriber(stack, 1_000)
    await dial(stack, who.number)
    await bill(stack, who)

    async def is_counted() -> bool:
        return (await stack.metrics())[BUSY] == before[BUSY] + 1

    await until(is_counted, BUSY)
    assert (await stack.metrics())[RUNG] == before[RUNG]
