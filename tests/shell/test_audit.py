"""The witness followed while it speaks: differences become a metric, what is wrong with it is said once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callctl import audit as audits
from callctl.asterisk.witness import STRIDE_BYTES
from callctl.audit import Audit
from callctl.calls.legs import leg_id_of
from callctl.clock import milliseconds
from callctl.mending import Mender
from callctl.metrics import REGISTRY
from tests.shell.notebook import FIRST_MS, Desk, began_ms, call_id_of, desk_at
from tests.shell.office import until
from tests.shell.shop import NOW_MS
from tests.shell.test_reconcile import MINUTE, charged_by

LATER = leg_id_of(call_id_of(2), 1)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's clock stands still: whatever is to be done some time is done now."""
    for name in ("AFTER_END_MS", "UNSEEN_MS", "AGAIN_MS"):
        monkeypatch.setattr(audits, name, 0)
    monkeypatch.setattr(audits, "LOOK_EVERY_S", 0.01)


@pytest.fixture
async def desk(database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(database, tmp_path / "cel.jsonl") as desk:
        await desk.shop.open(20_000)
        yield desk


@asynccontextmanager
async def watching(desk: Desk, since_ms: int = FIRST_MS) -> AsyncIterator[Audit]:
    audit = Audit(desk.notebook.path, since_ms, desk.shop.till.clock, desk.inspector)
    running = asyncio.create_task(audit.run())
    try:
        yield audit
    finally:
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled(), running.exception()


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


def difference() -> float:
    return metric("callctl_reconcile_difference_kopecks")


async def becomes(true: Callable[[], bool], what: str) -> None:
    async def is_true() -> bool:
        return true()

    await until(is_true, what)


async def test_calls_are_compared_by_themselves_and_what_differs_is_a_metric_until_it_is_mended(
    desk: Desk,
) -> None:
    before = metric("callctl_reconciled_legs_total")
    async with watching(desk) as audit:
        await desk.talk(1, 130)
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 1, "it is compared")
        assert (difference(), audit.differences) == (0, [])
        await desk.bill(2, 130)
        await charged_by(desk, LATER, -MINUTE)
        desk.notebook.talk(2, 130)
        await becomes(lambda: difference() == MINUTE, "the difference is known")
        assert metric("callctl_reconcile_differences", kind="shorter") == 1
        assert audit.health()["difference_kopecks"] == MINUTE
        desk.shop.till.account("ann").balance += MINUTE  # type: ignore[assignment]
        mender = Mender(desk.shop.till, desk.journal.write)
        (found,) = audit._standing.values()
        assert await mender.mend(found) is None
        await becomes(lambda: difference() == 0, "it is mended")


EDITED = {
    "a balance": ("UPDATE account SET balance_kopecks = balance_kopecks + 1234", 1_234),
    "a line": ("UPDATE entry SET amount_kopecks = amount_kopecks - 500 WHERE kind = 'connection'", 500),
    "a line is gone": ("DELETE FROM entry WHERE kind = 'connection'", 3 * MINUTE),
}


@pytest.mark.parametrize(("statement", "kopecks"), EDITED.values(), ids=EDITED)
async def test_a_ledger_edited_by_hand_is_found_by_itself_and_named(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    statement: str,
    kopecks: int,
) -> None:
    monkeypatch.setattr(audits, "BALANCES_EVERY_MS", 0)
    before = metric("callctl_reconciled_legs_total")
    async with watching(desk) as audit:
        await desk.talk(1, 130)
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 1, "it is compared")
        await becomes(lambda: audit.differences == [], "all is right")
        await desk.sql.execute(statement)
        await becomes(lambda: difference() == kopecks, "the sum by which it differs")
        (found,) = audit.differences
        assert (found.kind.value, found.account_id) == ("balance", "ann")
        assert any("reconcile: " in line and "ann" in line for line in told(caplog))


async def test_a_ledger_that_is_right_again_is_no_difference(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "BALANCES_EVERY_MS", 0)
    async with watching(desk):
        await desk.move_balance(1_234)
        await becomes(lambda: difference() == 1_234, "the sum by which it differs")
        await desk.move_balance(-1_234)
        await becomes(lambda: difference() == 0, "it is right again")


async def test_it_reads_only_from_the_moment_that_matters(desk: Desk) -> None:
    for number in range(600):
        desk.notebook.talk(number, 10)
    async with watching(desk, since_ms=began_ms(590)) as audit:
        await becomes(lambda: audit._evidence.until_ms == began_ms(599) + 10_003, "it is read")
        assert desk.notebook.path.stat().st_size > 2 * STRIDE_BYTES
        assert audit._evidence.from_ms is not None and audit._evidence.from_ms > began_ms(300)


async def test_the_next_start_reads_on_before_all_that_differs_or_is_not_compared(
    desk: Desk,
) -> None:
    async def marked() -> int | None:
        at = await desk.sql.fetchval("SELECT compared_until FROM witness_mark")
        return milliseconds(at) if at else None

    async def is_marked(at_ms: int) -> bool:
        return await marked() == at_ms

    async with watching(desk):
        await until(lambda: is_marked(NOW_MS), "all is compared")
        await desk.bill(2, 130)
        await charged_by(desk, LATER, -MINUTE)
        desk.notebook.talk(2, 130)
        await until(lambda: is_marked(began_ms(2) - 5_000), "from the arrival of the call that differs")
        desk.running.add(call_id_of(1))
        await desk.talk(1, 10)
        await until(lambda: is_marked(began_ms(1) - 5_000), "from the arrival of the call that runs")


async def test_a_call_that_runs_is_looked_at_when_it_is_over(desk: Desk) -> None:
    desk.running.add(call_id_of(1))
    before = metric("callctl_reconciled_legs_total")
    async with watching(desk) as audit:
        await desk.talk(1, 10)
        await desk.talk(2, 10)
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 1, "the other is compared")
        assert call_id_of(1) in audit._due
        desk.running.clear()
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 2, "it is compared")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


async def test_a_damaged_line_is_said_once_and_counted(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    before = metric("callctl_witness_damaged_lines_total")
    async with watching(desk) as audit:
        for _ in range(3):
            with desk.notebook.path.open("a") as file:
                file.write("{damaged\n")
        await becomes(lambda: metric("callctl_witness_damaged_lines_total") == before + 3, "all are counted")
        assert audit.health()["damaged_lines"] == 3
        assert [line for line in told(caplog) if "cannot be read" in line] == told(caplog)[:1]


async def test_a_file_cut_short_is_said_and_read_on(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    before = metric("callctl_reconciled_legs_total")
    async with watching(desk) as audit:
        await desk.talk(1, 10)
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 1, "it is compared")
        desk.notebook.path.write_text("")
        await becomes(lambda: "cut short" in audit.faults.now, "it is said")
        await desk.talk(2, 10)
        await becomes(lambda: metric("callctl_reconciled_legs_total") == before + 2, "it goes on")
    assert sum("became shorter" in line for line in told(caplog)) == 1


async def test_the_log_of_another_host_is_said_and_no_difference_is_made_of_it(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.notebook.host = "other"
    before = metric("callctl_unwitnessed_legs_total")
    async with watching(desk) as audit:
        for number in (1, 2):
            desk.notebook.talk(number, 10)
            audit.settled(await desk.bill(number, 10))
        await becomes(lambda: metric("callctl_unwitnessed_legs_total") == before + 2, "both are counted")
        assert audit.differences == []
        assert "it speaks of host 'other'" in audit.faults.now["strange"]
        silent = [line for line in told(caplog) if "it is of 'other'" in line]
        assert len(silent) == 1 and "name the event log of 'callctl'" in silent[0]


async def test_a_clock_that_is_off_is_said_and_moves_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(desk) as audit:
        desk.notebook.write("CHAN_START", call_id_of(7), NOW_MS)
        await becomes(lambda: audit._evidence.until_ms == NOW_MS, "it is heard")
        assert "clock" not in audit.faults.now
        desk.notebook.write("CHAN_START", call_id_of(8), NOW_MS + 3_600_000)
        await becomes(lambda: "clock" in audit.faults.now, "its clock is ahead")
        assert "3600 s ahead of ours" in audit.faults.now["clock"]
        desk.notebook.write("CHAN_START", call_id_of(9), NOW_MS)
        await becomes(lambda: "set back" in audit.faults.now, "and was set back")
        await becomes(lambda: "clock" not in audit.faults.now, "which made it right")
    assert sum("ahead of ours" in line for line in told(caplog)) == 1


async def test_a_file_that_cannot_be_read_is_said_until_it_can(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.notebook.path.mkdir()
    async with watching(desk) as audit:
        await becomes(lambda: "unreadable" in audit.faults.now, "it is said")
        desk.notebook.path.rmdir()
        await becomes(lambda: "unreadable" not in audit.faults.now, "it is right again")
    assert sum("Is a directory" in line for line in told(caplog)) == 1
