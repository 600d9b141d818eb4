"""Many rows by one statement: each of its parameters is a column of them.

Rule 1: statements find rows by their keys. A session that writes batches says so (`BY_KEYS`), or a plan made
    while a table was empty would read all of it for the rest of the session's life.
"""

from collections.abc import Iterable

from callctl.storage.database import Connection

Row = tuple[object, ...]
Statement = tuple[str, list[Row]]

BY_KEYS = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"


async def carry_out(connection: Connection, statements: Iterable[Statement]) -> None:
    for statement, rows in statements:
        await connection.execute(statement, *zip(*rows, strict=True))
