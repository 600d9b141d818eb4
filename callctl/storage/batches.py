"""Many rows by one statement: each of its parameters is a column of them.

Rule 1: statements find rows by their keys. A session that writes batches says so (`BY_KEYS`), and that a plan
    made while a table was small is none for a large one: a new one costs 0.05 ms.
"""

from collections.abc import Iterable

from callctl.storage.database import Connection

Row = tuple[object, ...]
Statement = tuple[str, list[Row]]

BY_KEYS = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET plan_cache_mode = force_custom_plan
"""


async def carry_out(connection: Connection, statements: Iterable[Statement]) -> None:
    for statement, rows in statements:
        await connection.execute(statement, *zip(*rows, strict=True))
