"""Every question of the dashboards, asked of a real Prometheus beside a service with real calls."""

import asyncio
import math
from pathlib import Path

import pytest

from tests.e2e.lines import ANNA, BORIS, until_talks
from tests.e2e.schemes import given_scheme
from tests.e2e.stacks import Stack
from tests.e2e.words import dial, given_subscriber, until
from tests.monitoring.dashboards import ONLY_WHEN_IT_BREAKS, Question, questions
from tests.monitoring.prometheus import Prometheus, prometheus_for

pytestmark = pytest.mark.e2e

# All calls of the test lie within.
WINDOW = "5m"
# Here an alert fires at once; a machine that other tests share may be late for a moment.
OF_A_BUSY_MACHINE = ("Late", "Slow", "Down")
COMPARED = "callctl_reconciled_legs_total"
LINE = """
start: line
nodes:
  line: {kind: queue, members: [FIRST], otherwise: over}
  over: {kind: hang_up, cause: normal}
"""
BOX = "start: box\nnodes:\n  box: {kind: voicemail, name: office}\n"


async def test_every_panel_shows_something(stack: Stack, tmp_path: Path) -> None:
    async with prometheus_for(stack.note["api"], tmp_path / "prometheus", window=WINDOW) as prometheus:
        await prometheus.until_answers('up{job="callctl"} == 1')
        compared = (await stack.metrics())[COMPARED]
        await calls_of_an_evening(stack)

        async def are_compared() -> bool:
            return (await stack.metrics())[COMPARED] > compared

        await until(are_compared, "calls are held against the witness", within_s=30)
        silent = [
            question
            for question in questions()
            if question.panel not in ONLY_WHEN_IT_BREAKS and not await says(prometheus, question)
        ]
        assert not silent, "\n".join(map(str, silent))
        for question in questions():
            await prometheus.query(question.asked(WINDOW))
        firing = {alert for alert in await prometheus.firing() if not alert.endswith(OF_A_BUSY_MACHINE)}
        assert not firing, "an evening without faults is no alert"


async def says(prometheus: Prometheus, question: Question) -> bool:
    """A figure: what divides nothing by nothing says nothing. The last calls may not be scraped yet."""

    async def is_said() -> bool:
        told = await prometheus.query(question.asked(WINDOW))
        return any(not math.isnan(float(sample["value"][1])) for sample in told)

    try:
        await until(is_said, question.expression, within_s=5)
    except AssertionError:
        return False
    return True


async def calls_of_an_evening(stack: Stack) -> None:
    talkers = [await given_subscriber(stack, 1_000) for _ in range(5)]
    poor, broke = await given_subscriber(stack, 100), await given_subscriber(stack, 0)
    free = await given_scheme(stack, 1_000, BOX, plan="demo/toll-free", code="7800")
    await asyncio.gather(
        *(dial(stack, who.number, hang_up_after_ms=1_000) for who in talkers),
        dial(stack, poor.number),
        dial(stack, broke.number),
        dial(stack, "74959999999"),
        dial(stack, free.number, caller="74951112233", hang_up_after_ms=500),
        wait_in_line(stack),
    )


async def wait_in_line(stack: Stack) -> None:
    who = await given_scheme(stack, 1_000, LINE)
    first = dial(stack, who.number, caller=ANNA, hang_up_after_ms=4_000)
    await until_talks(stack, who, ANNA)
    await dial(stack, who.number, caller=BORIS, hang_up_after_ms=1_500)
    await first
