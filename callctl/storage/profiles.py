"""The profiles that were loaded, each as the zip it came in: the newest of a name is in force.

Rule 1: a load is added, never changed; going back to an older one is a load of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from callctl.storage.database import Connection

LOADS_MAX = 1_000
LOAD_COLUMNS = "load, digest, loaded_at, octet_length(files) AS size"


@dataclass(frozen=True, slots=True)
class LoadRow:
    load: int
    digest: str
    loaded_at: datetime
    size: int  # bytes, zipped


async def read_loads(connection: Connection, name: str) -> list[LoadRow]:
    """Newest first."""
    rows = await connection.fetch(
        f"SELECT {LOAD_COLUMNS} FROM profile WHERE name = $1 ORDER BY load DESC LIMIT $2", name, LOADS_MAX
    )
    return [LoadRow(*row) for row in rows]


async def read_names(connection: Connection) -> list[str]:
    """Of all that was ever loaded."""
    return [row["name"] for row in await connection.fetch("SELECT DISTINCT name FROM profile ORDER BY name")]


async def read_files(connection: Connection, name: str, load: int) -> bytes | None:
    files: bytes | None = await connection.fetchval(
        "SELECT files FROM profile WHERE name = $1 AND load = $2", name, load
    )
    return files


async def add_load(
    connection: Connection, name: str, digest: str, files: bytes, at: datetime
) -> tuple[LoadRow, bool]:
    """And whether it is new: the same as the newest is no news."""
    newest = await connection.fetchrow(
        f"SELECT {LOAD_COLUMNS} FROM profile WHERE name = $1 ORDER BY load DESC LIMIT 1", name
    )
    if newest and newest["digest"] == digest:
        return LoadRow(*newest), False
    added = await connection.fetchrow(
        f"""
        INSERT INTO profile (name, digest, files, loaded_at) VALUES ($1, $2, $3, $4)
        RETURNING {LOAD_COLUMNS}
        """,
        name,
        digest,
        files,
        at,
    )
    assert added
    return LoadRow(*added), True


async def count_stranded(
    connection: Connection, profile: str, plans: Collection[str]
) -> tuple[int, str | None, str | None]:
    """Accounts of the profile with none of these plans: how many, one of them, and its plan."""
    row = await connection.fetchrow(
        """
        SELECT count(*), min(account_id), (array_agg(plan ORDER BY account_id))[1]
        FROM account WHERE profile = $1 AND plan <> ALL ($2::text[])
        """,
        profile,
        list(plans),
    )
    assert row
    count, account_id, plan = row
    return count, account_id, plan
