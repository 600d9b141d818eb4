"""The schema's way forward, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from callctl.clock import rfc3339
from callctl.complaint import Complaint
from callctl.places import MIGRATIONS
from callctl.stack.postgres import start_postgres
from callctl.storage import migrations
from callctl.storage.migrations import migrate, read_migrations
from callctl.storage.ownership import take
from callctl.storage.rows import RATE, read_accounts, read_entries, read_leg, read_numbers
from callctl.storage.seats import read_all_seats
from callctl.storage.versions import digest_of, read_versions
from rating.funds import OwnFunds
from rating.money import Money
from rating.standing import Standing
from rating.tariff import Rate, Side, Terms

ACCOUNTS = "CREATE TABLE account (id int PRIMARY KEY);\nCREATE TABLE number (digits text);\n"
NOTE = "ALTER TABLE account ADD COLUMN note text;\n"
INDEX = "-- callctl:no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_note ON account (note);\n"


@pytest.fixture(scope="module")
async def server_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    server = await start_postgres(tmp_path_factory.mktemp("pg"), lambda _line: None, durable=False)
    yield server.url
    await server.stop()


@pytest.fixture
async def url(server_url: str, request: pytest.FixtureRequest) -> str:
    """An empty database for each test."""
    admin = await asyncpg.connect(server_url)
    name = f"t{abs(hash(request.node.name))}"
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    return server_url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write(tmp_path, "0001_accounts", ACCOUNTS)
    write(tmp_path, "0002_account_note", NOTE)
    return tmp_path


def newer_than(version: int) -> list[int]:
    return [migration.version for migration in read_migrations(MIGRATIONS)[version:]]


def write(directory: Path, name: str, sql: str) -> None:
    (directory / f"{name}.sql").write_text(sql)


async def value(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def exists(url: str, name: str) -> bool:
    return await value(url, f"SELECT to_regclass('{name}')") is not None


async def test_what_is_missing_is_applied_in_order_and_once(url: str, directory: Path) -> None:
    assert await migrate(url, directory) == [1, 2]
    assert await migrate(url, directory) == []
    write(directory, "0003_index", INDEX)
    assert await migrate(url, directory) == [3]
    assert await migrate(url, directory) == []
    assert await value(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_note'::regclass")
    assert await value(url, "SELECT array_agg(name ORDER BY version) FROM schema_migration") == [
        "0001_accounts.sql",
        "0002_account_note.sql",
        "0003_index.sql",
    ]


async def test_six_at_once_apply_each_file_once(url: str, directory: Path) -> None:
    write(directory, "0003_index", INDEX)
    applied = await asyncio.gather(*(migrate(url, directory) for _ in range(6)))
    assert sorted(applied) == [[], [], [], [], [], [1, 2, 3]]


async def test_a_connection_of_the_caller_stays_open_and_unlocked(url: str, directory: Path) -> None:
    connection = await asyncpg.connect(url)
    try:
        assert await migrate(connection, directory) == [1, 2]
        assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
        assert await connection.fetchval("SHOW lock_timeout") == "0"
    finally:
        await connection.close()


async def test_bad_sql_is_named_with_its_line_and_rolled_back_whole(url: str, directory: Path) -> None:
    write(directory, "0003_seats", "CREATE TABLE seat (id int);\n\nCREATE TABEL phone (id int);\n")
    with pytest.raises(Complaint, match=r"0003_seats.sql line 3: .*TABEL"):
        await migrate(url, directory)
    assert not await exists(url, "seat")
    assert await exists(url, "account")
    write(directory, "0003_seats", "CREATE TABLE seat (id int);\n")
    assert await migrate(url, directory) == [3]


async def test_a_file_that_commits_by_itself_is_refused(url: str, directory: Path) -> None:
    write(directory, "0003_seats", "CREATE TABLE seat (id int);\nCOMMIT;\n")
    with pytest.raises(Complaint, match="ends its transaction itself"):
        await migrate(url, directory)
    assert await value(url, "SELECT max(version) FROM schema_migration") == 2


async def test_a_gap_or_an_unreadable_name_is_refused_and_nothing_applied(url: str, directory: Path) -> None:
    write(directory, "0004_seats", "CREATE TABLE seat (id int);")
    with pytest.raises(Complaint, match=r"0004_seats.sql: number 0003 was expected"):
        await migrate(url, directory)
    (directory / "0004_seats.sql").rename(directory / "seats.sql")
    with pytest.raises(Complaint, match=r"seats.sql: name it NNNN_"):
        await migrate(url, directory)
    assert not await exists(url, "account")


async def test_a_directory_without_migrations_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="no migrations in"):
        await migrate(url, tmp_path / "nowhere")


async def test_a_file_edited_after_it_was_applied_is_refused(url: str, directory: Path) -> None:
    await migrate(url, directory)
    (directory / "0001_accounts.sql").write_bytes(ACCOUNTS.replace("\n", "\r\n").encode())
    assert await migrate(url, directory) == []  # the line ends of another system are no edit
    write(directory, "0001_accounts", ACCOUNTS + "CREATE TABLE seat (id int);")
    with pytest.raises(Complaint, match=r"0001_accounts.sql was edited"):
        await migrate(url, directory)


async def test_a_database_changed_by_a_newer_callctl_is_refused(url: str, directory: Path) -> None:
    await migrate(url, directory)
    (directory / "0002_account_note.sql").unlink()
    with pytest.raises(Complaint, match=r"at version 2, this callctl knows 1: run a newer callctl"):
        await migrate(url, directory)


async def test_waiting_for_another_has_an_end(
    url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_PATIENCE_S", 0.0)
    other = await asyncpg.connect(url)
    await other.execute("SELECT pg_advisory_lock($1)", migrations.LOCK_KEY)
    with pytest.raises(Complaint, match="another callctl changes the schema"):
        await migrate(url, directory)
    await other.close()


async def test_a_table_in_use_is_not_waited_for_for_ever(
    url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "TABLE_PATIENCE", "10ms")
    await migrate(url, directory)
    write(directory, "0003_more", "ALTER TABLE account ADD COLUMN more text;")
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("SELECT * FROM account")
        with pytest.raises(Complaint, match=r"0003_more.sql: a table it changes is in use"):
            await migrate(url, directory)
    await other.close()
    assert await migrate(url, directory) == [3]


async def test_a_database_that_is_not_there_is_said_so(server_url: str, directory: Path) -> None:
    for address in (server_url.replace("/postgres?", "/nothing?"), "postgresql://callctl@/x?host=/nowhere"):
        with pytest.raises(Complaint, match="cannot reach the database"):
            await migrate(address, directory)


ROWS_BEFORE = """
INSERT INTO account VALUES ('ann', 'demo', 'six', 700, now()), ('bob', 'demo', 'six', 0, now());
INSERT INTO entry (account_id, reference, kind, amount_kopecks, at) VALUES
    ('ann', 'opening', 'opening', 1000, now()), ('ann', 'l1', 'connection', -300, now());
INSERT INTO leg VALUES
    ('ann', 'l1', 'c1', '74951110000', '79161110002', now(), 100,
     '{"tariff": "demo/six@1", "destination": "everywhere", "prefix": "7", "unit_s": 6, "unit_price": 100,
       "setup_fee": 50, "threshold_s": 3}',
     '2026-09-01', '2026-09-01', 18, 3, 300,
     '[{"what": "units", "rule": "S-5", "quantity": 3, "unit_price": 100, "amount": 300}]',
     'caller', 16, NULL),
    ('ann', 'l2', 'c2', '74951110000', '112', now(), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL);
"""


async def test_0002_keeps_accounts_lines_and_bills_and_old_terms_can_be_read(
    url: str, tmp_path: Path
) -> None:
    first = min(MIGRATIONS.glob("*.sql"))
    (tmp_path / first.name).write_text(first.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(ROWS_BEFORE)
    assert await migrate(url, MIGRATIONS) == newer_than(1)
    ann, bob = sorted(await read_accounts(sql, 0), key=lambda account: account.account_id)
    lines = await read_entries(sql, "ann")
    bill, emergency = await read_leg(sql, "l1"), await read_leg(sql, "l2")
    await sql.close()
    assert (ann.balance, ann.own, ann.barred, ann.pots, ann.limits) == (700, OwnFunds(), (), {}, {})
    assert (bob.account_id, bob.profile, bob.plan, bob.balance) == ("bob", "demo", "six", 0)
    assert [(line.reference, line.pot, line.amount, line.left) for line in lines] == [
        ("opening", "", 1000, 1000),
        ("l1", "", -300, 700),
    ]
    terms = Terms("demo/six@1", 6, 6, Money(50), 3)
    assert bill and emergency
    old_rate = Rate(terms, Side.OUTGOING, "everywhere", "7", Money(100), Money(100))
    assert RATE.validate_python(bill.rate) == old_rate
    assert (bill.charge_kopecks, bill.lines[0]["amount"]) == (300, 300)
    assert (bill.line, bill.draws, bill.vat_kopecks) == ("", [], None)
    assert (emergency.rate, emergency.line) == (None, "")


SCHEME_BEFORE = "# наша схема\nstart: bye\nnodes:\n  bye: {kind: hang_up, cause: busy}\n"


async def test_0003_makes_the_scheme_of_each_number_its_first_version_and_every_account_active(
    url: str, tmp_path: Path
) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:2]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO account (account_id, profile, plan, opened_at) VALUES ('ann', 'a', 'b', now())"
    )
    added = "INSERT INTO number VALUES ($1, 'ann', $2, '2026-05-01T00:00+03:00')"
    await sql.executemany(added, [("74950000001", SCHEME_BEFORE), ("74950000002", "start: [")])
    assert await migrate(url, MIGRATIONS) == newer_than(2)
    numbers = await read_numbers(sql)
    (version,) = await read_versions(sql, "74950000001")
    (ann,) = await read_accounts(sql, 0)
    await sql.close()
    assert numbers == [("74950000001", "ann", SCHEME_BEFORE, 1), ("74950000002", "ann", "start: [", 1)]
    assert (version.digest, version.note) == (digest_of(SCHEME_BEFORE), "")
    assert rfc3339(version.loaded_at) == "2026-04-30T21:00:00.000+00:00"
    assert ann.standing is Standing.ACTIVE


async def test_0004_gives_each_message_that_is_there_a_serial_of_its_own(url: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:3]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    taken = """
        INSERT INTO message (account_id, recording, call_id, number, caller, mailbox, taken_at, length_ms)
        VALUES ('ann', $1, 'call', '74950000001', '', 'night', now(), 7000)
    """
    await sql.executemany(taken, [("first",), ("second",)])
    assert await migrate(url, MIGRATIONS) == newer_than(3)
    await sql.execute(taken, "third")
    told = await sql.fetch("SELECT recording FROM message ORDER BY serial")
    await sql.close()
    assert [row["recording"] for row in told] == ["first", "second", "third"]


async def test_0005_leaves_all_rows_and_has_no_owner_until_a_service_comes(url: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:4]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO account (account_id, profile, plan, opened_at) VALUES ('ann', 'a', 'b', now())"
    )
    rows = "SELECT account_id, profile, plan, opened_at, balance_kopecks, standing FROM account"
    before = await sql.fetch(rows)
    assert await migrate(url, MIGRATIONS) == newer_than(4)
    assert await sql.fetch(rows) == before
    assert await sql.fetchval("SELECT count(*) FROM owner") == 0
    ownership = await take(url)
    assert ownership and ownership.owner.epoch == 1
    ownership.leave()
    await sql.close()


async def test_0006_leaves_all_rows_and_no_call_on_its_way(url: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:5]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO call VALUES ('ann', 'one', '74950000001', '', 1, now(), now(), now(), 'talking', '[]')"
    )
    before = await sql.fetch("SELECT * FROM call")
    assert await migrate(url, MIGRATIONS) == newer_than(5)
    assert await sql.fetch("SELECT * FROM call") == before
    assert await sql.fetchval("SELECT count(*) FROM call_at") == 0
    await sql.close()


async def test_0007_leaves_all_rows_and_has_compared_nothing(url: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:6]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO leg (account_id, leg_id, call_id, caller, number, held_at, held_kopecks)"
        " VALUES ('ann', 'leg1-a', 'a', '7495', '7916', now(), 100)"
    )
    before = await sql.fetch("SELECT * FROM leg")
    assert await migrate(url, MIGRATIONS) == newer_than(6)
    assert await sql.fetch("SELECT * FROM leg") == before
    assert await sql.fetchval("SELECT count(*) FROM witness_mark") == 0
    await sql.close()


async def test_0010_leaves_all_rows_and_has_kept_no_place(url: str, tmp_path: Path) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:9]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO call_at VALUES"
        " ('ann', 'a', '7495', '7495', '7916', NULL, 0, 1, NULL, '', NULL, '', now(), '[]')"
    )
    before = await sql.fetch("SELECT * FROM call_at")
    assert await migrate(url, MIGRATIONS) == newer_than(9)
    assert await sql.fetch("SELECT * FROM call_at") == before
    assert await sql.fetchval("SELECT count(*) FROM kept_place") == 0
    await sql.close()


async def test_0009_to_0012_give_accounts_their_profiles_guards_and_seats_every_address(
    url: str, tmp_path: Path
) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql"))[:8]:
        (tmp_path / file.name).write_text(file.read_text("utf-8"))
    await migrate(url, tmp_path)
    sql = await asyncpg.connect(url)
    await sql.execute(
        "INSERT INTO account (account_id, profile, plan, opened_at) VALUES ('ann', 'a', 'b', now());"
        "INSERT INTO seat VALUES ('ann', 'anna', '', false, true, now());"
        "INSERT INTO device VALUES ('ann-anna-1', 'ann', 'anna', 'callctl', 'x', now())"
    )
    assert await migrate(url, MIGRATIONS) == newer_than(8)
    (ann,) = await read_accounts(sql, 0)
    (anna,) = await read_all_seats(sql)
    notices = await sql.fetchval("SELECT count(*) FROM notice")
    await sql.close()
    assert (ann.own_guards, ann.own, anna.told.allowed, notices) == ({}, OwnFunds(), (), 0)
