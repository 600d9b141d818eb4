"""Places kept for callers at home, in a real PostgreSQL: written, read by the next service, gone at last."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from callctl.calls.records import CallBackOver, PlaceKept, PromiseEnd
from callctl.storage.kept_places import read_kept
from dialplan.steps import RecordTalk
from tests.shell.office import Sql
from tests.shell.test_journal import NOON_MS, held, journal_to, write_down
from tests.transcripts.words import sound_scheme

SCHEME = sound_scheme(
    """
start: line
nodes:
  line: {kind: queue, members: ["79160000001"], call_back_digit: "1"}
"""
)
PLACE = PlaceKept(
    "ann",
    "line",
    "79031112233",
    "call-1",
    "74951234567",
    1,
    3,
    SCHEME,
    "Guest",
    RecordTalk(True, 7),
    "record",
    NOON_MS,
    NOON_MS + 3_600_000,
    0,
)
OVER = CallBackOver("ann", "call-1", "79031112233", "line", 1, PromiseEnd.BUSY)


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_a_place_is_read_as_it_was_written(sql: Sql, database: str) -> None:
    later = replace(PLACE, caller="79031112244", since_ms=NOON_MS + 1, record=None, caller_name="")
    await write_down(database, later, PLACE)
    assert await read_kept(sql) == [PLACE, later]


async def test_what_is_told_last_of_a_place_counts(sql: Sql, database: str) -> None:
    other = replace(PLACE, caller="79031112244")
    await write_down(database, PLACE, other, replace(PLACE, tries=1), replace(OVER, caller=other.caller))
    assert await read_kept(sql) == [replace(PLACE, tries=1)]
    again = replace(PLACE, call_id="call-2")
    await write_down(database, OVER, again)
    assert await read_kept(sql) == [again]
    await write_down(database, OVER, OVER)
    assert await read_kept(sql) == []


async def test_a_place_is_waited_for_like_a_hold(database: str) -> None:
    async with journal_to(database) as (journal, _):
        durable = journal.write(PLACE)
        assert journal.hold_of("call-1") is durable
        await durable
        assert journal.hold_of("call-1") is None


@pytest.mark.parametrize(
    "harm",
    [
        "scheme = '{}'",
        "scheme = jsonb_set(scheme, '{start}', '\"elsewhere\"')",
        "record = '[]'",
        "scheme = jsonb_set(scheme, '{nodes,line,call_back_digit}', 'null')",
    ],
)
async def test_a_place_that_cannot_be_read_is_named_and_the_others_are_kept(
    sql: Sql, database: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = replace(PLACE, caller="79031112244")
    await write_down(database, PLACE, other, held("l1"))
    await sql.execute(f"UPDATE kept_place SET {harm} WHERE caller = $1", PLACE.caller)
    with caplog.at_level(logging.CRITICAL):
        assert await read_kept(sql) == [other]
    assert "79031112233" in caplog.text and "not called back" in caplog.text
