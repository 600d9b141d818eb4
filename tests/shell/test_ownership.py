"""Two services by mistake: one owns the accounts, the other is told who; whose time is over cannot write."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from callctl.complaint import Complaint
from callctl.places import MIGRATIONS
from callctl.stack.child import Child, start_child
from callctl.stack.ports import free_tcp_port
from callctl.storage.database import Fenced, connect
from callctl.storage.journal import ASK_EVERY_S, Journal
from callctl.storage.migrations import migrate
from callctl.storage.ownership import Owned, Ownership, take
from tests.shell.office import NOBODY, Office, Sql, until
from tests.shell.relay import Relay
from tests.shell.test_journal import held

WRITTEN_BY_NOBODY = {"schema_migration", "owner"}


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def own(database: str) -> AsyncIterator["Own"]:
    taken: list[Ownership] = []

    async def own_it(*, by_force: bool = False, url: str = database) -> Ownership:
        ownership = await take(url, by_force=by_force)
        assert ownership
        taken.append(ownership)
        return ownership

    yield own_it
    for ownership in taken:
        ownership.leave()


Own = Callable[..., Coroutine[None, None, Ownership]]


@asynccontextmanager
async def writer(ownership: Ownership, url: str) -> AsyncIterator[Sql]:
    """A session in the owner's name, such as the office's."""
    connection = await connect(url, ownership.owner.settings)
    yield connection
    connection.terminate()


PAY = "INSERT INTO account VALUES ('ann', 'demo', 'six', 0, now())"


# --- in the database -------------------------------------------------------------------------------------


async def test_a_second_owner_is_refused_and_told_whose_the_accounts_are_and_what_to_do(own: Own) -> None:
    first = await own()
    with pytest.raises(Owned) as refused:
        await own()
    us = f"the callctl on {socket.gethostname()}, process {os.getpid()}, since {first.owner.since:%Y-%m-%d}"
    assert us in str(refused.value)
    assert f"kill {os.getpid()} on {socket.gethostname()}" in str(refused.value)
    assert "--take-over" in str(refused.value)


async def test_an_owner_whose_session_is_gone_is_followed_at_once(own: Own) -> None:
    first = await own()
    first.leave()
    assert (await own()).owner.epoch == first.owner.epoch + 1


async def test_six_who_come_at_once_find_one_owner(own: Own, database: str) -> None:
    found = await asyncio.gather(*(own() for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Owned"] * 5 + ["Ownership"]


async def test_what_an_earlier_owner_writes_is_refused_by_every_table(
    own: Own, sql: Sql, database: str
) -> None:
    first = await own()
    await own(by_force=True)
    tables = await sql.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    written = {row["tablename"] for row in tables} - WRITTEN_BY_NOBODY
    assert len(written) >= 14
    async with writer(first, database) as connection:
        for table in sorted(written):
            with pytest.raises(asyncpg.PostgresError, match="epoch 1 of shard 0 is over"):
                await connection.execute(f"DELETE FROM {table}")


async def test_the_owner_and_a_person_write(own: Own, sql: Sql, database: str) -> None:
    async with writer(await own(), database) as connection:
        await connection.execute(PAY)
    await sql.execute("UPDATE account SET balance_kopecks = 5")
    assert await sql.fetchval("SELECT balance_kopecks FROM account") == 5


async def test_each_transaction_proves_its_epoch_anew(own: Own, database: str) -> None:
    first = await own()
    async with writer(first, database) as connection:
        await connection.execute(PAY)
        async with connection.transaction():
            await connection.execute("UPDATE account SET balance_kopecks = 1")
        await connection.execute("SELECT set_config('application_name', 'overlooked', false)")
        await own(by_force=True)
        for _ in range(2):
            with pytest.raises(asyncpg.PostgresError, match="epoch 1 of shard 0 is over"):
                await connection.execute("UPDATE account SET balance_kopecks = 2")


async def test_what_was_proven_in_a_part_that_is_undone_is_proven_again(own: Own, database: str) -> None:
    first = await own()
    async with writer(first, database) as connection, connection.transaction():
        part = connection.transaction()
        await part.start()
        await connection.execute(PAY)
        await part.rollback()
        assert await connection.fetchval("SELECT current_setting('callctl.proven', true)") != "yes"


async def test_a_take_over_waits_for_the_line_that_is_being_written(
    own: Own, sql: Sql, database: str
) -> None:
    """Whoever is overlooked when the others are shown out still cannot write behind the new owner's back."""
    first = await own()
    async with writer(first, database) as connection:
        await connection.execute("SELECT set_config('application_name', 'overlooked', false)")
        writing = connection.transaction()
        await writing.start()
        await connection.execute(PAY)
        taking = asyncio.create_task(own(by_force=True))
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

        async def waits() -> bool:
            return bool(await sql.fetchval(f"{blocked} AND datname = current_database()"))

        await until(waits, "the take-over waits")
        assert not taking.done()
        await writing.commit()
        assert (await taking).owner.epoch == 2


async def test_an_unfinished_transaction_of_who_stands_still_holds_nobody_up(
    own: Own, sql: Sql, database: str
) -> None:
    first = await own()
    async with writer(first, database) as connection:
        writing = connection.transaction()
        await writing.start()
        await connection.execute(PAY)
        assert (await own(by_force=True)).owner.epoch == 2
        assert await sql.fetchval("SELECT count(*) FROM account") == 0


async def test_an_owner_that_lost_its_session_goes_on_with_another_and_is_still_seen_to_live(
    own: Own, cut_database: str, relay: Relay
) -> None:
    first = await own(url=cut_database)
    session = await first.session()
    relay.cut()
    relay.mend()
    await until(lambda: is_true(session.is_closed()), "its session is gone")
    again = await first.session()
    with pytest.raises(Owned):
        await own()
    again.terminate()


async def is_true(value: bool) -> bool:
    return value


async def test_an_owner_that_was_replaced_gets_no_session_any_more(own: Own) -> None:
    first = await own()
    (await first.session()).terminate()
    second = await own()
    with pytest.raises(Fenced, match=f"owned by the callctl on .*, process {second.owner.pid}, since"):
        await first.session()
    assert (await first.is_ours(), await second.is_ours()) == (False, True)


async def test_who_cannot_ask_does_not_know_whether_the_accounts_are_his(
    own: Own, cut_database: str, relay: Relay
) -> None:
    first = await own(url=cut_database)
    relay.cut()
    assert await first.is_ours() is None


async def test_a_journal_that_is_fenced_ends_and_writes_nothing(own: Own, sql: Sql) -> None:
    first = await own()
    journal = Journal(first, on_state=lambda _up: None)
    writing = asyncio.create_task(journal.run())
    await journal.write(held("l1"))
    await own(by_force=True)
    lost = journal.write(held("l2"))
    with pytest.raises(Fenced, match="owned by the callctl on"):
        await asyncio.wait_for(writing, 5)
    assert not lost.done()
    assert [row["leg_id"] for row in await sql.fetch("SELECT leg_id FROM leg")] == ["l1"]


async def test_a_journal_with_nothing_to_write_learns_that_it_is_fenced(own: Own, sql: Sql) -> None:
    first = await own()
    journal = Journal(first, on_state=lambda _up: None)
    writing = asyncio.create_task(journal.run())
    await journal.write(held("l1"))
    await sql.execute("UPDATE owner SET epoch = epoch + 1")
    with pytest.raises(Fenced):
        await asyncio.wait_for(writing, 2 * ASK_EVERY_S)


async def test_a_database_without_tables_has_no_owner_yet(postgres_url: str) -> None:
    assert await take(postgres_url) is None
    await migrate(postgres_url, MIGRATIONS)
    ownership = await take(postgres_url)
    assert ownership and ownership.owner.epoch == 1
    ownership.leave()


@pytest.fixture
async def postgres_url(database: str, database_name: str) -> AsyncIterator[str]:
    """Empty."""
    admin = await asyncpg.connect(database)
    await admin.execute("CREATE DATABASE empty_one")
    yield database.replace(f"/{database_name}?", "/empty_one?")
    await admin.execute("DROP DATABASE empty_one WITH (FORCE)")
    await admin.close()


async def test_a_table_that_is_in_use_is_said_and_not_waited_for_for_ever(
    own: Own, sql: Sql, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callctl.storage.ownership.LOCK_PATIENCE", "20ms")
    (await own()).leave()
    async with sql.transaction():
        await sql.execute("SELECT * FROM owner FOR UPDATE")
        with pytest.raises(Complaint, match="somebody has the table `owner` in use"):
            await take(database)


# --- of two real services --------------------------------------------------------------------------------


@pytest.fixture
async def run(
    database: str, sql: Sql, relay: Relay, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Office]]]:
    """`callctl run` on the database, as often as wanted; all are ended with the test."""
    async with AsyncExitStack() as ending:

        async def run_one(name: str, *words: str, url: str = database) -> Office:
            folder = tmp_path / name
            folder.mkdir()
            office = office_in(folder, url, relay, sql)
            office.service = await started(folder, *words)
            ending.push_async_callback(end, office.service)
            return office

        yield run_one


Run = Callable[..., Awaitable[Office]]


def office_in(folder: Path, database: str, relay: Relay, sql: Sql) -> Office:
    api, agi = (free_tcp_port("127.0.0.1") for _ in range(2))
    settings = {
        "api": f"127.0.0.1:{api}",
        "agi": f"127.0.0.1:{agi}",
        "ari": {"url": f"http://{NOBODY}", "user": "callctl", "password": "none"},
        "ami": {"address": NOBODY, "user": "callctl", "password": "none"},
        "database": database,
        "sounds": str(folder / "sounds"),
        "trunks": ["carrier"],
    }
    (folder / "service.json").write_text(json.dumps(settings))
    return Office(folder, api, relay, database, sql)


async def started(folder: Path, *words: str) -> Child:
    path = os.pathsep.join(place for place in sys.path if place)
    command: list[str | Path] = [sys.executable, "-m", "callctl", "run", *words]
    command += ["--settings", folder / "service.json"]
    env = {**os.environ, "PYTHONPATH": path}
    return await start_child("the service", command, log=folder / "service.log", env=env)


async def end(service: Child) -> None:
    if service.is_running:
        os.kill(service.pid, signal.SIGCONT)
    await service.stop()


async def serves(office: Office) -> None:
    await until(office._answers, f"it answers: {office.log}")


async def ended_with_a_complaint(office: Office) -> str:
    """Its last line."""
    assert office.service
    assert await asyncio.wait_for(office.service.process.wait(), 15) == 2, office.log
    assert "Traceback" not in office.log, office.log
    return office.log.splitlines()[-1]


async def test_a_second_service_is_refused_in_a_line_and_the_first_goes_on(run: Run) -> None:
    first = await run("first")
    await serves(first)
    second = await run("second")
    assert first.service
    complaint = await ended_with_a_complaint(second)
    assert complaint.startswith("callctl: the accounts are owned by the callctl on ")
    assert f"process {first.service.pid}," in complaint and "--take-over" in complaint
    await first.open("ann")
    await first.stop()


async def test_after_a_kill_the_next_one_owns_the_accounts_at_once(run: Run) -> None:
    first = await run("first")
    await serves(first)
    assert first.service
    first.service.process.kill()
    second = await run("second")
    await serves(second)
    await second.open("ann")
    await second.stop()


async def test_a_paused_service_that_wakes_up_after_a_take_over_writes_nothing_and_ends(
    run: Run, sql: Sql
) -> None:
    first = await run("first")
    await serves(first)
    await first.open("ann", 1_000)
    assert first.service
    os.kill(first.service.pid, signal.SIGSTOP)
    payment = {"reference": "p", "amount_kopecks": 5}
    asked = asyncio.create_task(first.ask("POST", "/accounts/ann/payments", payment))
    second = await run("second", "--take-over")
    await serves(second)
    assert second.service
    await second.open("bob", 70)
    os.kill(first.service.pid, signal.SIGCONT)
    complaint = await ended_with_a_complaint(first)
    assert f"process {second.service.pid}," in complaint and complaint.endswith("left all calls alone")
    asked.cancel()
    await asyncio.wait({asked})
    await second.is_sound("ann", "bob")
    assert await sql.fetchval("SELECT count(*) FROM entry") == 2
    await second.stop()


async def test_a_living_service_that_is_taken_over_from_ends_at_once(run: Run) -> None:
    first = await run("first")
    await serves(first)
    second = await run("second", "--take-over")
    await serves(second)
    assert "owned by the callctl on" in await ended_with_a_complaint(first)
    await second.stop()


async def test_who_cannot_listen_takes_nothing_over(run: Run) -> None:
    first = await run("first")
    await serves(first)
    second = await run("second", url=first.database)
    await ended_with_a_complaint(second)
    (second.folder / "service.json").write_text((first.folder / "service.json").read_text())
    second.service = await started(second.folder, "--take-over")
    assert f"{first.api} is in use: end what listens there" in await ended_with_a_complaint(second)
    await first.open("ann")
    await first.stop()


async def test_a_service_whose_database_went_away_and_came_back_is_the_owner_again(
    run: Run, cut_database: str, relay: Relay
) -> None:
    first = await run("first", url=cut_database)
    await serves(first)
    relay.cut()
    await until(lambda: is_up(first, False), "it notices")
    relay.mend()
    await until(lambda: is_up(first, True), "it is there again")
    await first.open("ann", 100)
    await ended_with_a_complaint(await run("second"))
    await first.stop()


async def test_a_service_that_was_replaced_while_its_database_was_away_ends(
    run: Run, cut_database: str, relay: Relay
) -> None:
    first = await run("first", url=cut_database)
    await serves(first)
    relay.cut()
    second = await run("second")
    await serves(second)
    relay.mend()
    assert "owned by the callctl on" in await ended_with_a_complaint(first)
    await second.stop()


async def is_up(office: Office, wanted: bool) -> bool:
    _, health = await office.ask("GET", "/health")
    return bool(health["database"]) is wanted
