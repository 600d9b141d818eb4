"""The schema, brought up to date by numbered files of plain SQL: `0001_accounts.sql`, `0002_…`.

Rule 1: forward only, without gaps; a file that has been applied is never edited, its sum is kept.
Rule 2: a file is applied whole or not at all. A file whose first line is `-- callctl:no-transaction` holds
    one statement, which may be run again if we die between it and our note of it.
Rule 3: services that start together apply a file once; the others wait, and wait by asking again and again:
    one that blocked on the lock would hold a snapshot and so stop `CREATE INDEX CONCURRENTLY` for ever.
Rule 4: a program never runs on a database that a newer one has changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from callctl.complaint import Complaint

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
NO_TRANSACTION = "-- callctl:no-transaction"
LOCK_KEY = 0x63616C6C63746C  # "callctl"
LOCK_PATIENCE_S = 60.0
LOCK_POLL_S = 0.05
TABLE_PATIENCE = "10s"

NOTES = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str
    sha256: str


async def migrate(connection_or_url: Connection | str, directory: Path) -> list[int]:
    """Apply what is missing; the versions applied now. Almost free when there is nothing to do."""
    migrations = read_migrations(directory)
    if not isinstance(connection_or_url, str):
        return await _migrate(connection_or_url, migrations)
    try:
        connection = await asyncpg.connect(connection_or_url)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Complaint(
            f"cannot reach the database: {error}; is it running, is its address right?"
        ) from error
    try:
        return await _migrate(connection, migrations)
    finally:
        await connection.close()


def read_migrations(directory: Path) -> list[Migration]:
    """In order of their numbers."""
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        named = FILE_NAME.fullmatch(path.name)
        if named is None:
            raise Complaint(f"{path}: name it NNNN_words_of_what_it_does.sql")
        sql = path.read_text("utf-8")  # which reads every system's line ends as \n
        migrations.append(Migration(int(named[1]), path.name, sql, hashlib.sha256(sql.encode()).hexdigest()))
    for expected, migration in enumerate(migrations, start=1):
        if migration.version != expected:
            raise Complaint(f"{directory / migration.name}: number {expected:04} was expected here")
    if not migrations:
        raise Complaint(f"no migrations in {directory}: is the checkout whole?")
    return migrations


async def _migrate(connection: Connection, migrations: list[Migration]) -> list[int]:
    assert not connection.is_in_transaction(), "migrations open their own transactions"
    if not _missing(migrations, await _applied(connection)):
        return []
    await _lock(connection)
    try:
        await connection.execute(NOTES)
        missing = _missing(migrations, await _applied(connection))  # somebody may have been faster
        for migration in missing:
            await _apply(connection, migration)
        return [migration.version for migration in missing]
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


async def _applied(connection: Connection) -> dict[int, str]:
    """Versions and the sums of their files."""
    try:
        notes = await connection.fetch("SELECT version, sha256 FROM schema_migration")
    except asyncpg.UndefinedTableError:
        return {}
    return {note["version"]: note["sha256"] for note in notes}


def _missing(migrations: list[Migration], applied: dict[int, str]) -> list[Migration]:
    newest = max(applied, default=0)
    if newest > len(migrations):
        raise Complaint(
            f"the database is at version {newest}, this callctl knows {len(migrations)}: run a newer callctl"
        )
    for migration in migrations:
        if applied.get(migration.version, migration.sha256) != migration.sha256:
            raise Complaint(
                f"{migration.name} was edited after it was applied: put it back, and write a new file instead"
            )
    return [migration for migration in migrations if migration.version not in applied]


async def _lock(connection: Connection) -> None:
    clock = asyncio.get_running_loop().time
    give_up_at = clock() + LOCK_PATIENCE_S
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
        if clock() > give_up_at:
            raise Complaint(
                f"another callctl changes the schema since {LOCK_PATIENCE_S:.0f} s: wait for it, or end it"
            )
        await asyncio.sleep(LOCK_POLL_S)


async def _apply(connection: Connection, migration: Migration) -> None:
    try:
        if migration.sql.startswith(NO_TRANSACTION):
            await connection.execute(migration.sql)
            await _note(connection, migration)
            return
        async with connection.transaction():
            # Behind a statement that waits for a table, everybody else waits as well.
            await connection.execute(f"SET LOCAL lock_timeout = '{TABLE_PATIENCE}'")
            await connection.execute(migration.sql)
            if not connection.is_in_transaction():
                raise Complaint(
                    f"{migration.name} ends its transaction itself: take its COMMIT or ROLLBACK out"
                )
            await _note(connection, migration)
    except asyncpg.LockNotAvailableError as error:
        raise Complaint(
            f"{migration.name}: a table it changes is in use; end what uses the database and start again"
        ) from error
    except asyncpg.PostgresError as error:
        raise Complaint(f"{migration.name}{_line(migration, error)}: {error}; it is not applied") from error


async def _note(connection: Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)",
        migration.version,
        migration.name,
        migration.sha256,
    )


def _line(migration: Migration, error: asyncpg.PostgresError) -> str:
    position = getattr(error, "position", None)
    if position is None or getattr(error, "internal_position", None):
        return ""
    return f" line {migration.sql.count(chr(10), 0, int(position) - 1) + 1}"
