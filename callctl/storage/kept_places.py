"""Places in lines that are kept for callers at home: written before the caller is told, gone when it is over.

Rule 1: every statement may run twice.
Rule 2: a place whose scheme cannot be read is named, and nobody is called back for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from callctl.calls.records import CallBackOver, PlaceKept, Record
from callctl.clock import milliseconds, moment
from callctl.storage.batches import Row, Statement
from callctl.storage.damage import damaged
from callctl.storage.database import Connection
from callctl.storage.texts import held
from dialplan.nodes.queue import WaitInQueue
from dialplan.scheme import Scheme
from dialplan.steps import RecordTalk

KEPT = """
INSERT INTO kept_place (account_id, queue, caller, call_id, line, hops, scheme_version, scheme, caller_name,
                        record, record_node, since, until, tries)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[],
                     $7::integer[], $8::jsonb[], $9::text[], $10::jsonb[], $11::text[],
                     $12::timestamptz[], $13::timestamptz[], $14::integer[])
ON CONFLICT (account_id, queue, caller) DO UPDATE SET
    call_id = excluded.call_id, line = excluded.line, hops = excluded.hops,
    scheme_version = excluded.scheme_version, scheme = excluded.scheme, caller_name = excluded.caller_name,
    record = excluded.record, record_node = excluded.record_node, since = excluded.since,
    until = excluded.until, tries = excluded.tries
"""
OVER = """
DELETE FROM kept_place USING unnest($1::text[], $2::text[], $3::text[]) AS over (account_id, queue, caller)
WHERE kept_place.account_id = over.account_id AND kept_place.queue = over.queue
      AND kept_place.caller = over.caller
"""
_RECORD = TypeAdapter(RecordTalk | None)


def statements_of(records: Sequence[Record]) -> list[Statement]:
    """Of each place what was told last."""
    last: dict[Row, PlaceKept | None] = {}
    for record in records:
        match record:
            case PlaceKept():
                last[record.account_id, held(record.queue), record.caller] = record
            case CallBackOver():
                last[record.account_id, held(record.line), record.caller] = None
    kept = [_kept(key, record) for key, record in last.items() if record]
    over = [key for key, record in last.items() if not record]
    return [(statement, rows) for statement, rows in ((KEPT, kept), (OVER, over)) if rows]


async def read_kept(connection: Connection) -> list[PlaceKept]:
    """In the order in which they came."""
    kept = []
    for row in await connection.fetch("SELECT * FROM kept_place ORDER BY since, call_id"):
        try:
            kept.append(kept_of(dict(row.items())))
        except (ValueError, LookupError, TypeError) as error:
            place = f"the place kept for {row['caller']!r} in {row['queue']!r}"
            damaged(place, error, "he is not called back")
    return kept


def kept_of(columns: Mapping[str, Any]) -> PlaceKept:
    scheme = Scheme.model_validate_json(columns["scheme"])
    node = scheme.nodes[scheme.start]
    if not (isinstance(node, WaitInQueue) and node.call_back_digit):
        raise ValueError(f"node {scheme.start!r} calls nobody back")
    return PlaceKept(
        account_id=columns["account_id"],
        queue=columns["queue"],
        caller=columns["caller"],
        call_id=columns["call_id"],
        line=columns["line"],
        hops=columns["hops"],
        scheme_version=columns["scheme_version"],
        scheme=scheme,
        caller_name=columns["caller_name"],
        record=_RECORD.validate_json(columns["record"]) if columns["record"] else None,
        record_node=columns["record_node"],
        since_ms=milliseconds(columns["since"]),
        until_ms=milliseconds(columns["until"]),
        tries=columns["tries"],
    )


def _kept(key: Row, record: PlaceKept) -> Row:
    return (
        *key,
        record.call_id,
        record.line,
        record.hops,
        record.scheme_version,
        record.scheme.model_dump_json(),
        record.caller_name and held(record.caller_name),
        _RECORD.dump_json(record.record).decode() if record.record else None,
        held(record.record_node),
        moment(record.since_ms),
        moment(record.until_ms),
        record.tries,
    )
