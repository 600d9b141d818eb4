"""A real PostgreSQL put back to a moment: from a base backup and the log that was kept since."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg

from callctl.places import MIGRATIONS
from callctl.stack.postgres import Postgres, find_programs, start_postgres
from callctl.storage.migrations import migrate
from rating.money import Money
from tests.shell.shop import Shop, shop_of


@asynccontextmanager
async def server(place: Path) -> AsyncIterator[Postgres]:
    running = await start_postgres(place, lambda _line: None)
    try:
        yield running
    finally:
        await running.stop()


async def say(url: str, *sentences: str) -> None:
    connection = await asyncpg.connect(url)
    for sentence in sentences:
        await connection.execute(sentence)
    await connection.close()


async def now(url: str) -> datetime:
    connection = await asyncpg.connect(url)
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    await connection.close()
    return moment


def give(place: Path, running: Postgres) -> None:
    """To whom PostgreSQL runs as."""
    owner = running.home.cluster.stat()
    place.mkdir(exist_ok=True)
    for each in (place, *place.rglob("*")):
        shutil.chown(each, owner.st_uid, owner.st_gid)


async def keep_the_log(place: Path, logs: Path) -> None:
    """What docs/backup.md has in conf.d; it counts from the next start."""
    async with server(place) as running:
        give(logs, running)
        await migrate(running.url, MIGRATIONS)
        await say(
            running.url,
            "ALTER SYSTEM SET archive_mode = on",
            f"ALTER SYSTEM SET archive_command = 'test ! -f {logs}/%f && cp %p {logs}/%f'",
        )


async def base_backup(running: Postgres, target: Path) -> None:
    where = ("-h", str(running.home.socket_dir), "-p", "5432", "-U", "callctl")
    copy = await asyncio.create_subprocess_exec(
        find_programs() / "pg_basebackup", *where, "-D", target, "--checkpoint=fast"
    )
    assert await copy.wait() == 0
    give(target.parent, running)


async def until_written_to(url: str) -> None:
    """It answers questions before it has read the whole log."""
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(60):
        while await connection.fetchval("SELECT pg_is_in_recovery()"):  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.05)
    await connection.close()


async def paid(shop: Shop, reference: str) -> None:
    await shop.postings.pay("ann", Money(100), reference)


async def references(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT reference FROM entry WHERE reference LIKE 'bank-%'")
    await connection.close()
    return {row["reference"] for row in rows}


async def test_the_books_are_put_back_to_the_moment_before_a_mistake(tmp_path: Path) -> None:
    logs, first, second = tmp_path / "wal", tmp_path / "first", tmp_path / "second"
    await keep_the_log(first, logs)
    async with server(first) as running, shop_of(running.url) as shop:
        await shop.open()
        await paid(shop, "bank-1")
        await base_backup(running, second / "cluster")
        await paid(shop, "bank-2")
        moment = await now(running.url)
        await paid(shop, "bank-3")
        assert await references(running.url) == {"bank-1", "bank-2", "bank-3"}
        await say(running.url, "SELECT pg_switch_wal()")  # and its end writes the rest

    settings = [
        f"restore_command = 'cp {logs}/%f %p'",
        f"recovery_target_time = '{moment.isoformat()}'",
        "recovery_target_action = promote",
    ]
    with (second / "cluster/postgresql.auto.conf").open("a") as file:
        file.write("\n".join([*settings, "archive_mode = off", ""]))
    (second / "cluster/recovery.signal").touch()
    async with server(second) as running:
        await until_written_to(running.url)
        assert await references(running.url) == {"bank-1", "bank-2"}
        async with shop_of(running.url) as shop:
            await paid(shop, "bank-3")
        assert await references(running.url) == {"bank-1", "bank-2", "bank-3"}, "it can be written to"
