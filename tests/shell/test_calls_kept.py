"""Calls that are over and the messages they left, in a real PostgreSQL: whole, and once each."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from callctl.calls.records import CallAt, CallOver, MessageTaken, Passed
from callctl.clock import moment
from callctl.storage import calls
from callctl.storage.calls import read_call, read_calls
from callctl.storage.rows import read_legs_of_call
from dialplan.scheme import Scheme
from tests.shell.office import Sql
from tests.shell.relay import Relay
from tests.shell.test_journal import NOON_MS, held, journal_to, settled, write_down

LINE = "74951234567"
WAY = (Passed("hours", NOON_MS, ()), Passed("ring", NOON_MS, ("busy", "no_answer")))
OVER = CallOver("ann", "call-1", "79031112233", LINE, 3, NOON_MS, NOON_MS + 60_000, None, WAY, "hung up")
MESSAGE = MessageTaken("ann", "call-1", "79031112233", LINE, "night", "night-call-1", NOON_MS + 9_000, 7_000)


@pytest.fixture
async def sql(database: str) -> AsyncIterator[Sql]:
    connection = await asyncpg.connect(database)
    await connection.execute(
        "INSERT INTO account (account_id, profile, plan, opened_at) VALUES ('ann', 'demo', 'six', now())"
    )
    yield connection
    await connection.close()


async def test_a_call_is_remembered_with_its_way(sql: Sql, database: str) -> None:
    await write_down(database, OVER)
    call = await read_call(sql, "call-1")
    assert call
    assert (call.account_id, call.number, call.caller, call.scheme_version) == (
        "ann",
        LINE,
        "79031112233",
        3,
    )
    assert (call.arrived_at, call.ended_at) == (moment(NOON_MS), moment(NOON_MS + 60_000))
    assert (call.answered_at, call.ending, tuple(call.way)) == (None, "hung up", WAY)


async def test_told_again_a_call_and_its_message_are_what_they_were(sql: Sql, database: str) -> None:
    await write_down(database, OVER, MESSAGE)
    await write_down(database, MESSAGE, replace(OVER, ending="another"), OVER, replace(MESSAGE, length_ms=1))
    call = await read_call(sql, "call-1")
    assert call and call.ending == "hung up"
    told = await sql.fetch("SELECT mailbox, length_ms FROM message")
    assert [tuple(message) for message in told] == [("night", 7_000)]


async def test_an_answer_that_gets_lost_makes_no_call_twice(
    sql: Sql, cut_database: str, relay: Relay
) -> None:
    async with journal_to(cut_database) as (journal, _):
        relay.lose_answer_to = b"call-1"
        await journal.write(OVER)
    assert await sql.fetchval("SELECT count(*) FROM call") == 1


async def test_whatever_a_caller_or_a_node_is_called_the_journal_goes_on(sql: Sql, database: str) -> None:
    odd = "a\0b\ud800\\u0000'\"\u2028"
    over = replace(OVER, caller=odd, ending=odd, way=(Passed(odd, NOON_MS, (odd,)),))
    await write_down(database, over, replace(MESSAGE, caller=odd, mailbox=odd), held("l1"))
    call = await read_call(sql, "call-1")
    kept = "a?b?\\u0000'\"\u2028"
    assert call and (call.caller, call.ending, call.way[0].node, call.way[0].outcomes) == (
        kept,
        kept,
        kept,
        (kept,),
    )


async def test_whatever_a_node_is_called_where_a_call_stands_is_written(sql: Sql, database: str) -> None:
    odd = "a\0b\ud800"
    scheme = Scheme.model_construct(start="ring", language="ru", nodes={})
    way = (Passed(odd, NOON_MS, (odd,)),)
    at = CallAt("ann", "call-1", LINE, LINE, odd, None, 0, 1, scheme, True, odd, None, odd, NOON_MS, way)
    await write_down(database, at, held("l1"))
    (row,) = await sql.fetch("SELECT caller, caller_name, record_node, way FROM call_at")
    assert [row["caller"], row["caller_name"], row["record_node"]] == ["a?b?"] * 3
    assert "a?b?" in row["way"]


async def test_the_legs_of_a_call_are_those_of_its_time_and_its_id(sql: Sql, database: str) -> None:
    other = replace(held("l3").connection, call_id="call-2")
    await write_down(
        database, held("l1"), settled("l1"), held("l2", NOON_MS + 1), replace(held("l3"), connection=other)
    )
    legs = await read_legs_of_call(sql, "ann", "call-1", moment(NOON_MS), moment(NOON_MS + 60_000))
    assert [(leg.leg_id, leg.charge_kopecks) for leg in legs] == [("l1", 300), ("l2", None)]


async def test_the_newest_calls_of_a_number_come_first_and_the_list_has_an_end(
    sql: Sql, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "CALLS_MAX", 2)
    others = [replace(OVER, call_id=f"call-{n}", arrived_at_ms=NOON_MS + n) for n in (2, 3)]
    stranger = replace(OVER, call_id="call-9", line="74950000000")
    await write_down(database, *others, OVER, stranger)
    assert [call.call_id for call in await read_calls(sql, "ann", LINE)] == ["call-3", "call-2"]
