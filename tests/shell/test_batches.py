"""Statements for many rows find each by its key, however large a table has grown since their first run."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from callctl.storage import entries, legs, running_calls
from callctl.storage.batches import BY_KEYS
from tests.shell.office import Sql

BY_LEG = "TID Cond: ("
CHANGES = {
    "an answer": (legs.BEGAN, BY_LEG),
    "a bill": (legs.SETTLED, BY_LEG),
    "the end of a call": (
        running_calls.GONE,
        "Index Cond: ((account_id = over.account_id) AND (call_id = over.call_id))",
    ),
    "a line of the ledger": (entries.POST, "Index Cond: (account_id = moved.account_id)"),
}
AT_ONCE = 500
GROW = """
INSERT INTO account SELECT 'a' || n, 'demo', 'six', 0, now() FROM generate_series(1, 5000) AS n;
INSERT INTO leg SELECT 'a1', 'l' || n, 'c', '', '', now(), 0 FROM generate_series(1, 5000) AS n;
INSERT INTO call_at (account_id, call_id, number, line, caller, hops, scheme_version, caller_name,
                     record_node, arrived_at, way)
SELECT 'a1', 'l' || n, '', '', '', 0, 1, '', '', now(), '[]' FROM generate_series(1, 5000) AS n
"""


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.mark.parametrize(("statement", "by_key"), CHANGES.values(), ids=CHANGES)
async def test_no_change_reads_more_of_a_table_than_what_it_changes(
    sql: Sql, statement: str, by_key: str
) -> None:
    await sql.execute(BY_KEYS)
    await sql.execute(f"PREPARE change AS {statement}")
    nothing = ", ".join("NULL" for number in range(1, 20) if f"${number}::" in statement)
    for _ in range(10):
        await sql.execute(f"EXECUTE change({nothing})")
    await sql.execute(GROW)
    keys = f"'{{{','.join(['a1'] * AT_ONCE)}}}', '{{{','.join(f'l{number}' for number in range(AT_ONCE))}}}'"
    plan = await sql.fetch(f"EXPLAIN EXECUTE change({nothing.replace('NULL, NULL', keys, 1)})")
    told = "\n".join(row[0] for row in plan)
    assert by_key in told and "leg_by_time" not in told, told
