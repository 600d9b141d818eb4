"""Calls that are over, the messages they left and what was recorded of them, as statements for their tables.

Rule 1: every statement may run twice: the tables' keys make the second run change nothing.
Rule 2: what callers and schemes call themselves is stored with signs that every column can hold.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from callctl.calls.records import CallOver, MessageTaken, Passed, Record, RecordingBegan
from callctl.clock import moment
from callctl.storage.batches import Row, Statement
from callctl.storage.database import Connection
from callctl.storage.texts import held

OVER = """
INSERT INTO call (account_id, call_id, number, caller, scheme_version, arrived_at, answered_at, ended_at,
                  ending, way)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[],
                     $7::timestamptz[], $8::timestamptz[], $9::text[], $10::jsonb[])
ON CONFLICT DO NOTHING
"""
MESSAGE = """
INSERT INTO message (account_id, recording, call_id, number, caller, mailbox, taken_at, length_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::integer[])
ON CONFLICT DO NOTHING
"""
RECORDING = """
INSERT INTO recording (account_id, name, call_id, began_at, keep_days)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::integer[])
ON CONFLICT DO NOTHING
"""
CALL_COLUMNS = """account_id, call_id, number, caller, scheme_version, arrived_at, answered_at, ended_at,
ending, way"""
CALLS_MAX = 1_000

_write_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class CallRow:
    account_id: str
    call_id: str
    number: str
    caller: str
    scheme_version: int
    arrived_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None  # None: it runs
    ending: str
    way: Sequence[Passed]


def statements_of(records: Sequence[Record]) -> list[Statement]:
    rows: dict[str, list[Row]] = {OVER: [], MESSAGE: [], RECORDING: []}
    for record in records:
        match record:
            case CallOver():
                rows[OVER].append(_over(record))
            case MessageTaken():
                rows[MESSAGE].append(_message(record))
            case RecordingBegan():
                rows[RECORDING].append(_recording(record))
    return [(statement, of_kind) for statement, of_kind in rows.items() if of_kind]


async def read_call(connection: Connection, call_id: str) -> CallRow | None:
    row = await connection.fetchrow(f"SELECT {CALL_COLUMNS} FROM call WHERE call_id = $1", call_id)
    return _call(row) if row else None


async def read_calls(connection: Connection, account_id: str, number: str) -> list[CallRow]:
    """The newest of a number, newest first."""
    rows = await connection.fetch(
        f"""
        SELECT {CALL_COLUMNS} FROM call WHERE account_id = $1 AND number = $2
        ORDER BY arrived_at DESC, call_id DESC LIMIT $3
        """,
        account_id,
        number,
        CALLS_MAX,
    )
    return [_call(row) for row in rows]


def _over(record: CallOver) -> Row:
    answered_ms = record.answered_at_ms
    way = [
        {"node": held(at.node), "at_ms": at.at_ms, "outcomes": [held(word) for word in at.outcomes]}
        for at in record.way
    ]
    return (
        record.account_id,
        record.call_id,
        record.line,
        held(record.caller),
        record.scheme_version,
        moment(record.arrived_at_ms),
        None if answered_ms is None else moment(answered_ms),
        moment(record.ended_at_ms),
        held(record.ending),
        _write_json(way),
    )


def _message(record: MessageTaken) -> Row:
    return (
        record.account_id,
        held(record.recording),
        record.call_id,
        record.line,
        held(record.caller),
        held(record.mailbox),
        moment(record.at_ms),
        record.length_ms,
    )


def _recording(record: RecordingBegan) -> Row:
    at = moment(record.at_ms)
    return record.account_id, held(record.recording), record.call_id, at, record.keep_days


def _call(row: asyncpg.Record) -> CallRow:
    columns: Mapping[str, Any] = dict(row.items())
    way = [Passed(at["node"], at["at_ms"], tuple(at["outcomes"])) for at in json.loads(columns["way"])]
    return CallRow(**{**columns, "way": way})
