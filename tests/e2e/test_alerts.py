"""Alerts fire when the thing itself breaks: a real Prometheus beside a service whose world is taken apart.

The others fire by `promtool` alone (tests/monitoring): for them a bug is needed, an hour, or a crowd.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from callctl.demo.phones import UNAVAILABLE
from callctl.settings import CallSettings
from tests.e2e.hole import End, Hole
from tests.e2e.parts import Parts, parts_up
from tests.e2e.schemes import given_sound, scheme_now
from tests.e2e.stacks import Stack
from tests.e2e.words import UNIT_MS, bill, dial, given_subscriber, until, until_metric, until_state
from tests.monitoring.prometheus import Prometheus, prometheus_for

pytestmark = pytest.mark.e2e

SECOND_CUT_S = 3
CALLS = CallSettings(second_cut_s=SECOND_CUT_S, warning_s=0)
ROOM = 10
SLOW_S = 1.0
WINDOW = "10s"
LONGER = "UPDATE leg SET seconds = 60, ended_at = answered_at + interval '60 s' WHERE leg_id = $1"
PLAY = "start: say\nnodes:\n  say: {kind: play, prompt: gone}\n"

Watch = Callable[..., Awaitable[Prometheus]]
BringParts = Callable[..., Awaitable[Parts]]


@pytest.fixture
async def ending() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as ending:
        yield ending


@pytest.fixture
async def bring_parts(tmp_path: Path, ending: AsyncExitStack) -> BringParts:
    async def bring(**changes: Any) -> Parts:
        return await ending.enter_async_context(parts_up(tmp_path / "parts", CALLS, **changes))

    return bring


@pytest.fixture
async def watch(tmp_path: Path, ending: AsyncExitStack) -> Watch:
    async def watch(stack: Stack, window: str = WINDOW) -> Prometheus:
        """From now on; it has seen the service at peace."""
        beside = prometheus_for(stack.note["api"], tmp_path / "prometheus", window=window)
        prometheus = await ending.enter_async_context(beside)
        await prometheus.until_answers('count_over_time(up{job="callctl"}[1m]) > 2')
        return prometheus

    return watch


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def fires(prometheus: Prometheus, *alerts: str) -> None:
    firing = await prometheus.until_firing(*alerts)
    for alert in alerts:
        summary = firing[alert]["annotations"]["summary"]
        assert summary and "no value" not in summary and "error" not in summary, summary


async def test_postgresql_is_killed(bring_parts: BringParts, watch: Watch) -> None:
    parts = await bring_parts(records_waiting_max=ROOM)
    stack = parts.stack
    rich, broke = await given_subscriber(stack, 1_000), await given_subscriber(stack, 0)
    prometheus = await watch(stack)
    await parts.kill_postgres()
    await fires(prometheus, "CallctlDatabaseAway")
    assert (await dial(stack, rich.number)).final_status == 503
    await fires(prometheus, "CallctlPaidCallsRefused")
    for _ in range(ROOM):
        await dial(stack, broke.number)
    await fires(prometheus, "CallctlRecordsLeftOut")
    await parts.start_postgres()
    await prometheus.until_silent("CallctlDatabaseAway", "CallctlPaidCallsRefused", "CallctlRecordsLeftOut")


async def test_asterisk_is_killed(bring_parts: BringParts, watch: Watch) -> None:
    parts = await bring_parts()
    prometheus = await watch(parts.stack)
    await parts.kill_asterisk()
    await fires(prometheus, "CallctlAriAway", "CallctlAmiAway")
    await parts.start_asterisk()
    await prometheus.until_silent("CallctlAriAway", "CallctlAmiAway")


async def test_the_service_hangs_while_the_money_of_a_call_ends_and_beyond_its_second_cut(
    bring_parts: BringParts, watch: Watch
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    poor, rich = await given_subscriber(stack, 100), await given_subscriber(stack, 1_000)
    prometheus = await watch(stack)
    call = dial(stack, poor.number)
    await until_state(stack, poor, "talking")
    with stopped(parts.service.pid):
        await fires(prometheus, "CallctlDown")
        await until(lambda: talked_ms(stack, poor.target) > UNIT_MS + 1_000, "the money is gone")
    await call
    assert (await bill(stack, poor))["ended_by"] == "balance"
    await fires(prometheus, "CallctlCutsLate", "CallctlLoopLate")
    await prometheus.until_silent("CallctlDown")

    call = dial(stack, rich.number)
    await until_state(stack, rich, "talking")
    await until(lambda: talked_ms(stack, rich.target) > 1_000, "it is bounded")
    with stopped(parts.service.pid):
        await call
        await stack.carrier.over(rich.target)
    await fires(prometheus, "CallctlSecondCut")


def talked_ms(stack: Stack, target: str) -> float:
    """Of the one call to it, up to now."""
    (seen,) = stack.carrier.calls_to(target)
    return time.time() * 1000 - seen.answered_at_us / 1000 if seen.answered_at_us else 0


async def test_the_service_dies_again_and_again_and_cannot_read_a_row(
    bring_parts: BringParts, watch: Watch
) -> None:
    parts = await bring_parts()
    who = await given_subscriber(parts.stack, 1_000)
    await parts.stack.database.execute(
        "UPDATE account SET standing = 'odd' WHERE account_id = $1", who.account_id
    )
    prometheus = await watch(parts.stack, "5m")
    for _ in range(3):
        await parts.kill_service()
        await fires(prometheus, "CallctlDown")
        await parts.start_service()
        await prometheus.until_silent("CallctlDown")
    await fires(prometheus, "CallctlRestarts", "CallctlRowsDamaged")


async def test_the_ledger_is_edited_the_witness_is_damaged_and_a_sound_is_missing(
    bring_parts: BringParts, watch: Watch
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    prometheus = await watch(stack, "1m")
    who = await given_subscriber(stack, 1_000)
    await dial(stack, who.number, hang_up_after_ms=300)
    leg = await bill(stack, who)
    await stack.database.execute(LONGER, leg["leg_id"])
    await fires(prometheus, "CallctlLedgerDiffers")
    damage(Path(stack.settings.witness or ""))
    await fires(prometheus, "CallctlWitnessDamaged")
    other = await given_subscriber(stack, 1_000)
    sound = await given_sound(stack, other, "gone")
    await scheme_now(stack, other, PLAY)
    sound.unlink()
    await dial(stack, other.number)
    await fires(prometheus, "CallctlNodesFail")


def damage(witness: Path) -> None:
    with witness.open("a", encoding="utf-8") as file:
        file.write("{half a li\n")


async def test_the_stream_of_ari_is_lost_again_and_again(holed: tuple[Stack, Hole], watch: Watch) -> None:
    stack, hole = holed
    prometheus = await watch(stack, "1m")
    lost = 'callctl_connection_lost_total{to="ari"}'
    before = (await stack.metrics())[lost]
    for times in range(1, 6):
        hole.drop(End.FIN)
        await until_metric(stack, lost, before + times)
        await until_metric(stack, 'callctl_connection_up{to="ari"}', 1)
    await fires(prometheus, "CallctlConnectionLost")


async def test_the_carriers_refuse(bring_parts: BringParts, watch: Watch) -> None:
    stack = (await bring_parts()).stack
    for far_end in (stack.carrier, stack.spare):
        await far_end.behaves(UNAVAILABLE)
    prometheus = await watch(stack, "1m")
    who = await given_subscriber(stack, 10_000)
    for _ in range(4):
        await asyncio.gather(*(dial(stack, who.number) for _ in range(3)))
    await fires(prometheus, "CallctlTrunkFails")


async def test_postgresql_is_slow(bring_parts: BringParts, watch: Watch) -> None:
    parts = await bring_parts(record_grace_s=10)
    stack = parts.stack
    who = await given_subscriber(stack, 1_000)
    prometheus = await watch(stack, "1m")
    with stopped(*parts.backends()):
        call = dial(stack, who.number, hang_up_after_ms=300)
        await until_waiting(stack)
        late_at = asyncio.get_running_loop().time() + SLOW_S
        await until(lambda: asyncio.get_running_loop().time() > late_at, "it is late")
    await call
    await fires(prometheus, "CallctlAuthorisationSlow")


async def until_waiting(stack: Stack) -> None:
    async def is_so() -> bool:
        return (await stack.metrics())["callctl_ledger_records_waiting"] > 0

    await until(is_so, "a record waits")
