"""The truth about money in PostgreSQL: lines once each, balances that are their sums, records that wait for
the database and get there once, in order, whatever becomes of it.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callctl.calls.records import (
    CallAt,
    CallOver,
    Connection,
    EndedBy,
    LegBegan,
    LegHeld,
    LegRefused,
    LegSettled,
    Passed,
    Record,
)
from callctl.clock import moment
from callctl.stack.postgres import start_postgres
from callctl.storage import rows
from callctl.storage.database import connect
from callctl.storage.entries import post_entries
from callctl.storage.journal import ASK_EVERY_S, Journal
from callctl.storage.ownership import OWNER, SHARD, Owner, Ownership, take
from callctl.storage.rows import LegRow, read_entries, read_leg, read_legs, read_open_legs
from dialplan.causes import Cause
from dialplan.nodes.hang_up import HangUp
from dialplan.scheme import Scheme
from rating.charge import Secured, charge_connection, charge_nothing
from rating.entries import Entry, EntryKind, connection_entries
from rating.money import Money
from rating.pots import BALANCE, Draw
from rating.refusal import Refusal
from tests.plans import rate
from tests.shell.office import Sql, until
from tests.shell.relay import Relay

PAYMENT, CONNECTION = EntryKind.PAYMENT, EntryKind.CONNECTION
RATE = rate(100, unit_s=6)
NOON_MS = 1_790_000_000_000


def paid(account_id: str, reference: str, amount: int, at_ms: int = NOON_MS) -> Entry:
    return Entry(account_id, reference, PAYMENT, Money(amount), at_ms)


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database)
    await open_accounts(connection, "ann", "bob")
    yield connection
    await connection.close()


async def open_accounts(connection: Sql, *account_ids: str) -> None:
    for account_id in account_ids:
        await connection.execute("INSERT INTO account VALUES ($1, 'demo', 'six', 0, now())", account_id)


async def post(connection: Sql, *entries: Entry) -> tuple[set[tuple[str, str]], list[str]]:
    async with connection.transaction():
        new, clashes = await post_entries(connection, entries)
    return new, [clash.known.reference for clash in clashes]


async def balances(connection: Sql) -> dict[str, int]:
    """By account; the sum of the lines is checked on the way."""
    found = await connection.fetch(
        "SELECT account_id, balance_kopecks, (SELECT coalesce(sum(amount_kopecks), 0)::bigint FROM entry"
        " WHERE entry.account_id = account.account_id) AS lines FROM account"
    )
    assert all(row["balance_kopecks"] == row["lines"] for row in found), found
    return {row["account_id"]: row["balance_kopecks"] for row in found}


# --- lines -----------------------------------------------------------------------------------------------


async def test_a_line_counts_once_and_its_repeat_is_no_news(
    sql: Sql,
) -> None:
    assert await post(sql, paid("ann", "r1", 500)) == ({("ann", "r1")}, [])
    assert await post(sql, paid("ann", "r1", 500, NOON_MS + 9)) == (set(), [])  # whenever it comes
    assert await balances(sql) == {"ann": 500, "bob": 0}


async def test_the_same_reference_of_two_accounts_are_two_lines(
    sql: Sql,
) -> None:
    await post(sql, paid("ann", "r1", 500), paid("bob", "r1", 70))
    assert await balances(sql) == {"ann": 500, "bob": 70}


@pytest.mark.parametrize("other", [{"amount": Money(501)}, {"kind": CONNECTION}], ids=["amount", "kind"])
@pytest.mark.parametrize("at_once", [False, True], ids=["later", "in one batch"])
async def test_other_content_under_a_known_reference_is_named_and_changes_nothing(
    sql: Sql, other: dict[str, object], at_once: bool
) -> None:
    line = paid("ann", "r1", 500)
    stranger = replace(line, **other)  # type: ignore[arg-type]
    if at_once:
        assert await post(sql, line, stranger) == ({("ann", "r1")}, ["r1"])
    else:
        await post(sql, line)
        assert await post(sql, stranger, paid("bob", "r2", 3)) == ({("bob", "r2")}, ["r1"])
    assert (await balances(sql))["ann"] == 500
    assert [entry.kind for entry in await read_entries(sql, "ann")] == ["payment"]


async def test_a_large_batch_with_repeats_inside_is_every_line_once(
    sql: Sql,
) -> None:
    await post(sql, paid("ann", "r5", 5), paid("bob", "r5", 5))
    batch = [paid(account, f"r{n}", n) for n, account in product(range(1, 800), ("ann", "bob"))]
    new, clashes = await post(sql, *batch, *batch[100:300], *reversed(batch[500:700]))
    assert (len(new), clashes) == (2 * 798, [])
    assert await balances(sql) == dict.fromkeys(("ann", "bob"), 799 * 800 // 2)


async def test_a_balance_moves_only_with_its_line(sql: Sql) -> None:
    await post(sql, paid("ann", "r1", 500))
    with pytest.raises(KeyboardInterrupt):
        async with sql.transaction():
            await post_entries(sql, [paid("ann", "r2", 100)])
            raise KeyboardInterrupt
    assert await balances(sql) == {"ann": 500, "bob": 0}
    assert [entry.reference for entry in await read_entries(sql, "ann")] == ["r1"]


async def test_two_writers_who_meet_on_one_line_post_it_once(sql: Sql, database: str) -> None:
    others = [await asyncpg.connect(database) for _ in range(4)]
    told = await asyncio.gather(
        *(post(other, paid("ann", "r1", 500), paid("bob", "r1", 1)) for other in others)
    )
    for other in others:
        await other.close()
    assert sorted(len(new) for new, _ in told) == [0, 0, 0, 2]
    assert await balances(sql) == {"ann": 500, "bob": 1}


async def test_entries_show_the_balance_after_each_line_also_when_the_oldest_are_left_out(
    sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, amount in enumerate((500, -120, -120, 7), start=1):
        await post(sql, paid("ann", f"r{n}", amount), paid("bob", f"r{n}", 1))
    told = [(line.amount, line.left) for line in await read_entries(sql, "ann")]
    assert told == [(500, 500), (-120, 380), (-120, 260), (7, 267)]
    monkeypatch.setattr(rows, "LIST_MAX", 2)
    assert [line.left for line in await read_entries(sql, "ann")] == [260, 267]


# --- records ---------------------------------------------------------------------------------------------


def held(leg_id: str, at_ms: int = NOON_MS, account_id: str = "ann") -> LegHeld:
    on = Connection(account_id, leg_id, "call-1", "74951110000", "79161110002", "74951234567")
    return LegHeld(on, at_ms, RATE, Money(100))


def began(leg_id: str, at_ms: int = NOON_MS + 4_000, account_id: str = "ann") -> LegBegan:
    return LegBegan(account_id, leg_id, at_ms)


def settled(leg_id: str, units: int = 3, account_id: str = "ann") -> LegSettled:
    charge = charge_connection(RATE, units * 6, [Secured(units, False)], (Draw(BALANCE, units * 100),))
    end_ms = NOON_MS + 4_000 + units * 6_000
    entries = connection_entries(account_id, leg_id, CONNECTION, charge.draws, end_ms)
    return LegSettled(account_id, leg_id, end_ms, charge, entries, EndedBy.BALANCE, Cause.NORMAL)


async def in_the_name_of_the_owner(url: str) -> Ownership:
    """There may be a service that runs and is to see what we write."""
    connection = await connect(url)
    row = await connection.fetchrow(OWNER, SHARD)
    if row:
        owner = Owner(*row)
        connection.terminate()
        return Ownership(url, owner, await connect(url, owner.settings))
    connection.terminate()
    ownership = await take(url)
    assert ownership
    return ownership


@asynccontextmanager
async def journal_to(url: str, **wishes: Any) -> AsyncIterator[tuple[Journal, list[bool]]]:
    states: list[bool] = []
    ownership = await in_the_name_of_the_owner(url)
    journal = Journal(ownership, on_state=states.append, **wishes)
    writing = asyncio.create_task(journal.run())
    try:
        yield journal, states
    finally:
        writing.cancel()
        await asyncio.wait({writing})
        ownership.leave()
        assert writing.cancelled(), writing.exception()


async def write_down(url: str, *records: Record) -> None:
    async with journal_to(url) as (journal, _):
        for record in records:
            journal.write(record)
        assert await journal.drained(10)


async def leg(sql: Sql, leg_id: str) -> LegRow:
    found = await read_leg(sql, leg_id)
    assert found
    return found


async def test_a_calls_last_hold_is_known_until_it_is_durable(sql: Sql, database: str) -> None:
    """What it pays for waits for it, also when it is ordered in a later step of the call."""
    async with journal_to(database) as (journal, _):
        journal.write(held("l1"))
        last = journal.write(held("l2"))
        journal.write(began("l1"))
        assert journal.hold_of("call-1") is last
        assert journal.hold_of("call-2") is None
        assert await journal.drained(10)
        assert journal.hold_of("call-1") is None


async def test_a_connection_is_remembered_with_its_terms_and_its_bill(sql: Sql, database: str) -> None:
    await write_down(database, held("l1"), began("l1"))
    assert [leg.leg_id for leg in await read_open_legs(sql)] == ["l1"]
    await write_down(database, settled("l1"))
    told = await leg(sql, "l1")
    assert (told.held_at, told.answered_at, told.ended_at) == (
        moment(NOON_MS),
        moment(NOON_MS + 4_000),
        moment(NOON_MS + 22_000),
    )
    assert (told.seconds, told.units, told.charge_kopecks, told.ended_by, told.cause) == (
        18,
        3,
        300,
        "balance",
        16,
    )
    assert told.rate and rows.RATE.validate_python(told.rate) == RATE
    assert (told.line, told.draws) == ("74951234567", [{"pot": "", "amount": 300}])
    assert [(line["what"], line["quantity"], line["amount"]) for line in told.lines] == [("units", 3, 300)]
    assert await read_open_legs(sql) == []
    assert await balances(sql) == {"ann": -300, "bob": 0}


async def test_what_costs_nothing_makes_no_line(sql: Sql, database: str) -> None:
    free = LegSettled(
        "ann",
        "l1",
        NOON_MS + 1,
        charge_nothing("unanswered", "S-3"),
        (),
        EndedBy.CALLER,
        Cause.NORMAL,
    )
    refused = LegRefused(held("l2").connection, NOON_MS, Refusal.NOT_ENOUGH, Cause.REJECTED)
    await write_down(database, held("l1"), free, refused)
    assert await read_entries(sql, "ann") == []
    assert await read_open_legs(sql) == []
    told = await leg(sql, "l2")
    assert (told.refusal, told.ended_by, told.charge_kopecks, told.rate) == ("not_enough", "refused", 0, None)
    assert [leg.leg_id for leg in await read_legs(sql, "ann")] == ["l1", "l2"]


STORY: Sequence[Record] = (held("l1"), began("l1"), settled("l1"))


@pytest.mark.parametrize("upto", [1, 2, 3])
async def test_records_told_again_change_nothing(sql: Sql, database: str, upto: int) -> None:
    await write_down(database, *STORY)
    before = await leg(sql, "l1")
    await write_down(database, *STORY[:upto], *STORY[:upto])
    assert await leg(sql, "l1") == before
    assert await balances(sql) == {"ann": -300, "bob": 0}


async def test_a_second_settlement_does_not_rewrite_the_bill(
    sql: Sql, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write_down(database, *STORY, settled("l1", units=5))
    assert (await leg(sql, "l1")).units == 3
    assert await balances(sql) == {"ann": -300, "bob": 0}
    assert "the ledger refuses a line: reference 'l1'" in caplog.text


async def test_what_has_gathered_is_one_transaction_behind_that_of_its_holds(sql: Sql, database: str) -> None:
    async with journal_to(database) as (journal, _):
        for n in range(150):
            for record in (held(f"l{n}"), began(f"l{n}"), settled(f"l{n}", units=1)):
                journal.write(record)
        assert journal.waiting == 450
        assert await journal.drained(10)
        assert (journal.waiting, journal.written_total, journal.transactions_total) == (0, 450, 2)
    assert await balances(sql) == {"ann": -15_000, "bob": 0}


async def test_a_hold_waits_for_nothing_that_was_given_before_it(sql: Sql, database: str) -> None:
    async with journal_to(database) as (journal, states):
        await until(lambda: is_true(states == [True]), "it connects")
        async with sql.transaction():
            await sql.execute("LOCK TABLE call")
            before = journal.write(over("call-0"))
            await asyncio.wait_for(journal.write(held("l1")), 5)
            assert not before.done()
        await asyncio.wait_for(before, 5)


async def test_of_many_words_about_one_connection_the_first_bill_and_the_last_answer_count(
    sql: Sql, database: str
) -> None:
    dearer = replace(began("l1", NOON_MS + 3_000), rate=rate(200, unit_s=6))
    await write_down(database, held("l1"), dearer, began("l1"), settled("l1"), settled("l1", units=5))
    told = await leg(sql, "l1")
    assert (told.answered_at, told.units) == (moment(NOON_MS + 4_000), 3)
    assert told.rate and rows.RATE.validate_python(told.rate) == rate(200, unit_s=6)


async def test_of_a_call_that_moves_on_at_once_the_last_place_is_known(sql: Sql, database: str) -> None:
    later = at("call-1")
    later = replace(later, way=(*later.way, Passed("bye", NOON_MS + 1, ())))
    await write_down(database, at("call-1"), later, at("call-2"), over("call-2"))
    places = await sql.fetch("SELECT call_id, jsonb_array_length(way) FROM call_at")
    assert [tuple(place) for place in places] == [("call-1", 2)]


async def test_the_future_of_a_record_is_done_when_it_stands(sql: Sql, database: str) -> None:
    async with journal_to(database) as (journal, _):
        await asyncio.wait_for(journal.write(held("l1")), 5)
        assert (await leg(sql, "l1")).held_kopecks == 100


async def test_nobody_who_gives_up_waiting_takes_the_record_with_him(
    sql: Sql, cut_database: str, relay: Relay
) -> None:
    async with journal_to(cut_database) as (journal, states):
        relay.cut()
        first, second = journal.write(held("l1")), journal.write(began("l1"))
        await until(lambda: is_true(False in states), "the journal meets the gap")
        assert not await journal.drained(0.01)
        first.cancel()
        assert journal.waiting == 2
        relay.mend()
        await asyncio.wait_for(second, 5)
        assert states[-1] is True
    assert (await leg(sql, "l1")).answered_at == moment(NOON_MS + 4_000)


FREE = rate(0)


def nothing_for(leg_id: str) -> LegSettled:
    charge = charge_nothing("unanswered", "S-3")
    return LegSettled("ann", leg_id, NOON_MS, charge, (), EndedBy.CALLER, Cause.NORMAL)


def over(call_id: str) -> CallOver:
    return CallOver("ann", call_id, "", "74951234567", 1, NOON_MS, NOON_MS, None, (), "ringing")


async def test_without_room_what_costs_nothing_is_left_out_whole_and_the_rest_is_kept(
    sql: Sql, cut_database: str, relay: Relay
) -> None:
    room: list[bool] = []
    async with journal_to(cut_database, waiting_max=4, on_room=room.append) as (journal, states):
        relay.cut()
        await until(lambda: is_true(False in states), "it is away")
        emergency = replace(held("112"), rate=None, amount=Money(0))
        kept: list[Record] = [
            held("paid"),
            began("paid"),
            held("free-before"),
            held("more"),
            emergency,
            settled("paid"),
        ]
        written = [journal.write(record) for record in kept]
        assert (room, journal.waiting) == ([False], 6)
        free = replace(held("free"), rate=FREE, amount=Money(0))
        refused = LegRefused(held("refused").connection, NOON_MS, Refusal.NOT_RECORDED, Cause.CONGESTION)
        left_out = [journal.write(record) for record in (free, began("free"), refused, over("call-1"))]
        assert all(future.cancelled() for future in left_out)
        assert (journal.waiting, journal.left_out_total) == (6, 4)
        relay.mend()
        await asyncio.wait_for(asyncio.gather(*written), 5)
        await until(lambda: is_true(room == [False, True]), "there is room again")
        assert journal.write(nothing_for("free")).cancelled(), "its beginning is not there"
        await asyncio.wait_for(journal.write(over("call-2")), 5)
    legs = await sql.fetch("SELECT leg_id FROM leg ORDER BY 1")
    assert [row["leg_id"] for row in legs] == ["112", "free-before", "more", "paid"]
    assert [row["call_id"] for row in await sql.fetch("SELECT call_id FROM call")] == ["call-2"]
    assert await balances(sql) == {"ann": -300, "bob": 0}


def at(call_id: str) -> CallAt:
    bye = HangUp.model_validate({"kind": "hang_up", "cause": "busy"})
    scheme, way = Scheme(start="bye", nodes={"bye": bye}), (Passed("bye", NOON_MS, ()),)
    line = "74951234567"
    return CallAt("ann", call_id, line, line, "", None, 0, 1, scheme, False, "", None, "", NOON_MS, way)


async def test_without_room_the_end_of_a_call_whose_place_is_known_is_told_all_the_same(
    sql: Sql, cut_database: str, relay: Relay
) -> None:
    async with journal_to(cut_database, waiting_max=1) as (journal, states):
        await asyncio.wait_for(journal.write(at("known")), 5)
        relay.cut()
        await until(lambda: is_true(False in states), "it is away")
        journal.write(held("paid"))
        assert journal.write(at("new")).cancelled() and journal.write(over("new")).cancelled()
        told = journal.write(over("known"))
        relay.mend()
        await asyncio.wait_for(told, 5)
    assert await sql.fetchval("SELECT count(*) FROM call_at") == 0
    assert [row["call_id"] for row in await sql.fetch("SELECT call_id FROM call")] == ["known"]


async def is_true(value: object) -> bool:
    return bool(value)


async def test_an_answer_that_gets_lost_makes_nothing_twice(
    sql: Sql, cut_database: str, relay: Relay
) -> None:
    async with journal_to(cut_database) as (journal, states):
        # What is alone is its own transaction, told by the leg in it; the settlement ends with a word.
        for record, last_word in zip(STORY, (b"l1", b"l1", b"COMMIT"), strict=True):
            relay.lose_answer_to = last_word  # it is done, and the journal is not told
            await asyncio.wait_for(journal.write(record), 5)
        assert states == [True, False, True, False, True, False, True]
        assert journal.written_total == 3
    assert await balances(sql) == {"ann": -300, "bob": 0}
    assert len(await read_entries(sql, "ann")) == 1


async def test_that_the_database_went_away_is_known_before_anybody_writes(
    cut_database: str, relay: Relay
) -> None:
    async with journal_to(cut_database) as (journal, states):
        await until(lambda: is_true(states == [True]), "it connects before there is a record")
        relay.cut()
        async with asyncio.timeout(ASK_EVERY_S / 2):  # at once, not when it asks the next time
            await until(lambda: is_true(False in states), "it notices")
        relay.mend()
        await until(lambda: is_true(states[-1]), "it comes back by itself")
        assert journal.transactions_total == 0


async def test_a_server_with_no_room_or_that_gives_way_is_waited_for(sql: Sql, database: str) -> None:
    """Not every trouble is a broken connection: here a statement is called off by the server."""
    async with journal_to(database) as (journal, states):
        await until(lambda: is_true(states == [True]), "it connects")
        async with sql.transaction():
            await sql.execute("LOCK TABLE leg")
            durable = journal.write(held("l1"))
            await until(lambda: blocked(sql, cancel=True), "its statement is called off")
            await until(lambda: is_true(False in states), "it takes that for a passing trouble")
        await asyncio.wait_for(durable, 5)
    assert (await leg(sql, "l1")).held_kopecks == 100


async def blocked(sql: Sql, *, cancel: bool) -> bool:
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    pid = await sql.fetchval(waiting)
    if pid is not None and cancel:
        await sql.execute("SELECT pg_cancel_backend($1)", pid)
    return pid is not None


async def test_killed_with_9_in_full_work_the_database_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    """With the machine up the kernel keeps what was written, so nothing but synchronous_commit matters."""
    from callctl.places import MIGRATIONS
    from callctl.storage.migrations import migrate

    server = await start_postgres(tmp_path / "db", lambda _line: None, durable=False)
    url = f"{server.url}&synchronous_commit=on"
    try:
        await migrate(url, MIGRATIONS)
        sql = await asyncpg.connect(url)
        await open_accounts(sql, "ann")
        async with journal_to(url) as (journal, states):
            told: list[asyncio.Future[None]] = []
            for n in range(300):
                told += [
                    journal.write(record) for record in (held(f"l{n}"), began(f"l{n}"), settled(f"l{n}"))
                ]
                await asyncio.sleep(0)
                if n == 150:
                    await told[-1]
                    journal.write(held("open"))
                    os.kill(server.pid, signal.SIGKILL)
                    for pid in backends(server.pid):
                        os.kill(pid, signal.SIGKILL)
            await until(lambda: is_true(False in states), "the journal notices")
            known = [future.done() for future in told]
            assert known[:453] == [True] * 453 and known[-1] is False
            await server.stop()
            server = await start_postgres(tmp_path / "db", lambda _line: None, durable=False)
            await asyncio.wait_for(asyncio.gather(*told), 20)
        sql = await asyncpg.connect(url)
        assert await balances(sql) == {"ann": -90_000}
        assert len(await read_entries(sql, "ann")) == 300
        assert [leg.leg_id for leg in await read_open_legs(sql)] == ["open"]
        assert await sql.fetchval("SELECT count(*) FROM leg WHERE units = 3") == 300
        await sql.close()
    finally:
        await server.stop()


def backends(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
