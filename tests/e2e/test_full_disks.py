"""What docs/failures.md promises of full disks, on small file systems of the tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import BringParts
from tests.e2e.disks import fill, small_disk
from tests.e2e.leaks import assert_nothing_left, assert_written_before_the_end
from tests.e2e.parts import start_run
from tests.e2e.words import (
    DATABASE_UP,
    assert_bill_is_what_was_talked,
    assert_money,
    bill,
    dial,
    given_subscriber,
    show,
    until,
    until_metric,
    until_state,
)

pytestmark = pytest.mark.e2e


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as place:
        yield place


@pytest.fixture
def witness_disk(tmp_path: Path) -> Iterator[Path]:
    """Where Asterisk will write its own record of calls."""
    place = tmp_path / "parts" / "state" / "asterisk" / "log" / "cel-custom"
    with small_disk(tmp_path, place):
        yield place


async def test_a_full_disk_under_postgresql_is_a_database_that_is_away_and_loses_nothing(
    disk: Path, bring_parts: BringParts
) -> None:
    parts = await bring_parts(data_dir=disk / "postgres")
    stack = parts.stack
    talker, newcomer = await given_subscriber(stack, 1_000), await given_subscriber(stack, 100_000)
    call = dial(stack, talker.number)
    await until_state(stack, talker, "talking")
    ballast = fill(disk)

    async def is_refused() -> bool:
        """A hold is small, and may still find its room when the rest does not."""
        seen = await dial(stack, newcomer.number, hang_up_after_ms=100)
        return seen.final_status == 503 and not (await stack.health())["database"]

    await until(is_refused, "the database has no room, and nobody pays", within_s=60)
    assert not call.done(), "who talks notices nothing"
    ballast.unlink()
    show(f"PostgreSQL on a full disk {'goes on' if parts.postgres.child.is_running else 'has ended'}")
    if not parts.postgres.child.is_running:
        parts.postgres.home.leave()
        await parts.start_postgres()
    await until_metric(stack, DATABASE_UP, 1, within_s=30)
    await until_metric(stack, "callctl_ledger_records_waiting", 0)
    await assert_written_before_the_end(parts, talker)
    await call


async def test_a_full_disk_under_the_log_stops_no_call_and_the_log_goes_on_when_there_is_room(
    disk: Path, bring_parts: BringParts
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    await parts.kill_service()
    log = disk / "service.log"
    parts.service = await start_run(stack.settings_file, log)
    await until(parts.is_healthy, "it serves")
    who = await given_subscriber(stack, 1_000)
    ballast = fill(disk)
    before = log.stat().st_size
    for _ in range(3):
        seen = await dial(stack, who.number, hang_up_after_ms=300)
        assert seen.was_answered
    assert log.stat().st_size - before < 4096, "there was no room for a line"
    ballast.unlink()
    seen = await dial(stack, who.number, hang_up_after_ms=300)
    assert seen.was_answered
    await until(lambda: log.stat().st_size > before + 1_000, "lines are written again")
    await assert_money(stack, who, 600)
    await assert_nothing_left(stack)


async def test_a_full_disk_under_the_witness_stops_no_call_and_costs_talk_only_with_a_death(
    witness_disk: Path, bring_parts: BringParts
) -> None:
    parts = await bring_parts()
    stack = parts.stack
    heard, unheard, later = [await given_subscriber(stack, 1_000) for _ in range(3)]
    ballast = fill(witness_disk)
    seen = await dial(stack, heard.number, hang_up_after_ms=6_500)
    assert seen.ended_by == "here"
    leg = await bill(stack, heard)
    (theirs,) = await stack.carrier.over(heard.target)
    assert_bill_is_what_was_talked(leg, heard, theirs)
    await until_metric(stack, "callctl_unwitnessed_legs_total", 1, within_s=60)
    (fault,) = (await stack.health())["witness"]["faults"]
    assert f"does not say how call {leg['call_id']} ended" in fault

    call = dial(stack, unheard.number, hang_up_after_ms=6_500)
    await until_state(stack, unheard, "talking")
    await parts.kill_service()
    assert (await call).ended_by == "here"
    await parts.start_service()
    leg = await bill(stack, unheard)
    assert (leg["seconds"], leg["units"], leg["ended_by"]) == (1, 1, "lost"), "in the subscriber's favour"
    ballast.unlink()
    await dial(stack, later.number, hang_up_after_ms=300)
    leg = await bill(stack, later)
    witnessed = [line["eventtype"] for line in stack.witness() if line["uniqueid"] == leg["leg_id"]]
    assert "HANGUP" in witnessed
    await assert_nothing_left(stack)
