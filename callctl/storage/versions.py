"""The versions of schemes as they stand in their table: the newest of a number is in force.

Rule 1: a version is added, never changed; going back to an older one is a version of its own.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from callctl.storage.database import Connection

VERSIONS_MAX = 1_000
VERSION_COLUMNS = "account_id, number, version, digest, loaded_at, note"
ADD_VERSION = f"""
INSERT INTO scheme (account_id, number, version, text, digest, loaded_at, note)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {VERSION_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class VersionRow:
    account_id: str
    number: str
    version: int
    digest: str
    loaded_at: datetime
    note: str


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def read_versions(connection: Connection, number: str) -> list[VersionRow]:
    """Newest first."""
    rows = await connection.fetch(
        f"SELECT {VERSION_COLUMNS} FROM scheme JOIN number USING (account_id)"
        " WHERE e164 = $1 AND number = $1 ORDER BY version DESC LIMIT $2",
        number,
        VERSIONS_MAX,
    )
    return [VersionRow(*row) for row in rows]


async def read_text(connection: Connection, version: VersionRow) -> str:
    text = await connection.fetchval(
        "SELECT text FROM scheme WHERE account_id = $1 AND number = $2 AND version = $3",
        version.account_id,
        version.number,
        version.version,
    )
    assert isinstance(text, str), version
    return text


async def lock_number(connection: Connection, number: str) -> str | None:
    """Whose it is; nobody else gives it a version before the transaction is over."""
    account_id: str | None = await connection.fetchval(
        "SELECT account_id FROM number WHERE e164 = $1 FOR UPDATE", number
    )
    return account_id


async def add_version(
    connection: Connection, account_id: str, number: str, text: str, at: datetime, note: str
) -> tuple[VersionRow, bool]:
    """And whether it is new: the same as the newest is no news, unless that one was damaged."""
    known = await read_versions(connection, number)
    if known and await read_text(connection, known[0]) == text:
        return known[0], False
    version = known[0].version + 1 if known else 1
    row = (account_id, number, version, text, digest_of(text), at, note)
    added = await connection.fetchrow(ADD_VERSION, *row)
    assert added
    return VersionRow(*added), True
