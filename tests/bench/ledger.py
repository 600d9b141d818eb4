"""How fast calls get into the ledger: all that the service writes of a forwarded call, into a real PostgreSQL
that keeps what it promised over a loss of power.

Rule 1: a flood says how many calls a second can be kept up; a paced load says how long the first record of
    each call waits, which is what a caller waits for.
Rule 2: as with a service, the records of a call come apart: others begin between its first one and its bill.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from callctl.calls.records import (
    CallAt,
    CallOver,
    Connection,
    EndedBy,
    LegBegan,
    LegHeld,
    LegSettled,
    Passed,
    Record,
)
from callctl.places import MIGRATIONS
from callctl.stack.postgres import start_postgres
from callctl.storage.database import connect
from callctl.storage.journal import Journal
from callctl.storage.migrations import migrate
from callctl.storage.ownership import take
from dialplan.causes import Cause
from dialplan.scheme import Scheme
from dialplan.straight import dialled
from dialplan.targets import Outside
from rating.charge import Secured, charge_connection
from rating.entries import EntryKind, connection_entries
from rating.money import Money
from rating.pots import BALANCE, Draw
from tests.bench.figures import Spread
from tests.plans import rate

ACCOUNTS = 1_000
FLOOD_CALLS, PACED_CALLS = 20_000, 4_000
PACED_PER_SECOND = 200  # as many as Asterisk connects here
RINGING, TALKING = 1_000, 4_000  # calls that are in that state at any time
GATHERED = 2_000
DRAINED_S_MAX = 60
RATE = rate(100, unit_s=6)
LINE, TARGET, CALLER = "74951234567", "79161110002", "79031112233"


@dataclass(frozen=True, slots=True)
class Figures:
    calls_per_second: float
    records_per_transaction: float
    first_record_waits_ms: Spread
    paced_per_second: int


def main(*, as_json: bool) -> None:
    figures = asyncio.run(_measure())
    if as_json:
        print(json.dumps({"ledger": asdict(figures)}, indent=2))
        return
    waits = figures.first_record_waits_ms
    print(f"calls written, a second: {figures.calls_per_second:,.0f}")
    print(f"records a transaction meanwhile: {figures.records_per_transaction:,.0f}")
    print(
        f"first record of a call until it is durable, at {figures.paced_per_second} calls a second: "
        f"p50 {waits.p50} ms, p99 {waits.p99} ms, most {waits.most} ms"
    )


async def _measure() -> Figures:
    with TemporaryDirectory(prefix="callctl-bench-") as folder:
        postgres = await start_postgres(Path(folder) / "postgres", lambda _line: None)
        try:
            await migrate(postgres.url, MIGRATIONS)
            await _open_accounts(postgres.url)
            ownership = await take(postgres.url)
            assert ownership
            journal = Journal(ownership, on_state=lambda _is_up: None)
            running = asyncio.create_task(journal.run())
            try:
                rate_held, gathered = await _flood(journal)
                waits_ms = await _paced(journal)
            finally:
                running.cancel()
                await asyncio.wait([running])
            ownership.leave()
        finally:
            await postgres.stop()
    return Figures(rate_held, gathered, Spread.of(waits_ms), PACED_PER_SECOND)


async def _open_accounts(url: str) -> None:
    connection = await connect(url)
    await connection.executemany(
        "INSERT INTO account VALUES ($1, 'demo', 'six', 0, now())", [(_account(n),) for n in range(ACCOUNTS)]
    )
    await connection.close()


async def _flood(journal: Journal) -> tuple[float, float]:
    began, before = time.perf_counter(), (journal.written_total, journal.transactions_total)
    durable = asyncio.get_running_loop().create_future()
    durable.set_result(None)
    for number, records in enumerate(_calls("flood", FLOOD_CALLS)):
        if number % GATHERED == 0:
            await durable  # there is always something to write, and never more than twice as much
            durable = journal.write(records[0])
            records = records[1:]
        for record in records:
            journal.write(record)
    assert await journal.drained(DRAINED_S_MAX)
    took_s = time.perf_counter() - began
    written = journal.written_total - before[0]
    return FLOOD_CALLS / took_s, written / (journal.transactions_total - before[1])


async def _paced(journal: Journal) -> list[float]:
    waits_ms: list[float] = []
    began = time.perf_counter()
    for number, records in enumerate(_calls("paced", PACED_CALLS)):
        await asyncio.sleep(max(0, began + number / PACED_PER_SECOND - time.perf_counter()))
        for record in records:
            durable = journal.write(record)
            if isinstance(record, LegHeld):
                durable.add_done_callback(partial(_note_wait, waits_ms, time.perf_counter()))
    assert await journal.drained(DRAINED_S_MAX)
    return waits_ms


def _note_wait(waits_ms: list[float], since: float, _done: "asyncio.Future[None]") -> None:
    waits_ms.append((time.perf_counter() - since) * 1000)


def _account(number: int) -> str:
    return f"account-{number % ACCOUNTS}"


SCHEME: Scheme = dialled(Outside(TARGET))


def _calls(name: str, count: int) -> Iterator[list[Record]]:
    """What is to be written when a call comes: its first records, another's answer, a third one's bill."""
    for number in range(count + RINGING + TALKING):
        records: list[Record] = []
        for of, which in (
            (_arrived, number),
            (_began, number - RINGING),
            (_over, number - RINGING - TALKING),
        ):
            if 0 <= which < count:
                records += of(f"{name}-{which}", _account(which))
        yield records


def _arrived(call_id: str, account_id: str) -> Iterator[Record]:
    leg_id, at_ms = f"leg1-{call_id}", time.time_ns() // 1_000_000
    yield LegHeld(Connection(account_id, leg_id, call_id, CALLER, TARGET, LINE), at_ms, RATE, Money(100))
    way = (Passed("ring", at_ms, ()),)
    yield CallAt(account_id, call_id, LINE, LINE, CALLER, None, 0, 1, SCHEME, True, "", None, "", at_ms, way)


def _began(call_id: str, account_id: str) -> Iterator[Record]:
    yield LegBegan(account_id, f"leg1-{call_id}", time.time_ns() // 1_000_000)


def _over(call_id: str, account_id: str) -> Iterator[Record]:
    leg_id, end_ms = f"leg1-{call_id}", time.time_ns() // 1_000_000
    way = (Passed("ring", end_ms - 23_000, ("talked",)),)
    charge = charge_connection(RATE, 18, [Secured(3, False)], (Draw(BALANCE, 300),))
    entries = connection_entries(account_id, leg_id, EntryKind.CONNECTION, charge.draws, end_ms)
    yield LegSettled(account_id, leg_id, end_ms, charge, entries, EndedBy.CALLER, Cause.NORMAL)
    began_ms, answered_ms = end_ms - 23_000, end_ms - 18_000
    yield CallOver(account_id, call_id, CALLER, LINE, 1, began_ms, end_ms, answered_ms, way, "talking")
