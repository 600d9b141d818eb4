"""Calls that are not over: where each caller is, written at every node, gone with the call.

Rule 1: every statement may run twice.
Rule 2: a call whose scheme cannot be read is named, and nobody takes it up again.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
from pydantic import TypeAdapter, ValidationError

from callctl.calls.records import CallAt, CallOver, Passed, PlaceKept, Record
from callctl.clock import milliseconds, moment
from callctl.storage.batches import Row, Statement
from callctl.storage.damage import damaged
from callctl.storage.database import Connection
from callctl.storage.kept_places import read_kept
from callctl.storage.open_legs import readable
from callctl.storage.rows import LegRow, read_open_legs
from callctl.storage.texts import held
from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from dialplan.steps import RecordTalk
from rating.ledger import Ledger

log = logging.getLogger(__name__)

AT = """
INSERT INTO call_at (account_id, call_id, number, line, caller, seat, hops, scheme_version, scheme,
                     caller_name, record, record_node, arrived_at, way)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[],
                     $8::integer[], $9::jsonb[], $10::text[], $11::jsonb[], $12::text[], $13::timestamptz[],
                     $14::jsonb[])
ON CONFLICT (account_id, call_id) DO UPDATE SET
    scheme_version = excluded.scheme_version, scheme = excluded.scheme, caller_name = excluded.caller_name,
    record = excluded.record, record_node = excluded.record_node, way = excluded.way
"""
GONE = """
DELETE FROM call_at USING unnest($1::text[], $2::text[]) AS over (account_id, call_id)
WHERE call_at.account_id = over.account_id AND call_at.call_id = over.call_id
"""
TRIED = r"""
SELECT leg.call_id, max(substring(leg.leg_id FROM '^leg(\d+)-')::integer),
       max(leg.held_at) FILTER (WHERE answered_at IS NOT NULL AND ended_at IS NOT NULL AND leg_id !~ '^leg0-')
FROM call_at JOIN leg USING (account_id, call_id)
WHERE leg.held_at >= call_at.arrived_at - interval '1 second' GROUP BY leg.call_id
"""
VERSIONS = """
SELECT DISTINCT scheme.account_id, scheme.number, scheme.version, scheme.text
FROM call_at JOIN scheme ON scheme.account_id = call_at.account_id AND scheme.number = call_at.line
     AND scheme.version = call_at.scheme_version
WHERE call_at.scheme IS NULL
"""
_RECORD = TypeAdapter(RecordTalk | None)

_write_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Tried:
    """What a call has done to reach somebody."""

    tries: int = 0
    talked_ms: int | None = None  # when the last leg was held that somebody answered and that has its bill


@dataclass(frozen=True, slots=True)
class Left:
    """What the service before us left behind."""

    legs: Sequence[LegRow] = ()  # without a bill
    calls: Sequence[CallAt] = ()  # not over
    tried: Mapping[str, Tried] = field(default_factory=dict)  # by call
    kept: Sequence[PlaceKept] = ()  # places of callers at home

    def only(self, readable: Sequence[LegRow]) -> "Left":
        """Without what nobody can read, and the calls that have to do with it."""
        kept = {leg.leg_id for leg in readable}
        damaged = {leg.call_id for leg in self.legs if leg.leg_id not in kept}
        calls = [call for call in self.calls if call.call_id not in damaged]
        return replace(self, legs=readable, calls=calls)


def statements_of(records: Sequence[Record]) -> list[Statement]:
    """Of each call its last place; one that is over in the same breath leaves nothing."""
    at: dict[tuple[str, str], CallAt] = {}
    over: dict[tuple[str, str], Row] = {}
    for record in records:
        match record:
            case CallAt(account_id, call_id):
                at[account_id, call_id] = record
            case CallOver(account_id, call_id):
                over[account_id, call_id] = (account_id, call_id)
    places = [_at(record) for key, record in at.items() if key not in over]
    return [(statement, rows) for statement, rows in ((AT, places), (GONE, [*over.values()])) if rows]


async def read_left(connection: Connection, ledger: Ledger) -> Left:
    """All that the service before us left open."""
    legs = await read_open_legs(connection)
    versions = {
        (account_id, number, version): read_scheme(text)
        for account_id, number, version, text in await connection.fetch(VERSIONS)
    }
    calls = []
    for row in await connection.fetch("SELECT * FROM call_at ORDER BY arrived_at, call_id"):
        scheme = _scheme(row, versions)
        if not isinstance(scheme, Scheme):
            log.error("call %s is not taken up again: its scheme cannot be read: %s", row["call_id"], scheme)
            continue
        try:
            calls.append(place_of(dict(row.items()), scheme))
        except (ValueError, LookupError, TypeError) as error:
            damaged(f"the place of call {row['call_id']!r}", error, "it is not taken up again")
    tried = {
        call_id: Tried(tries or 0, milliseconds(talked) if talked else None)
        for call_id, tries, talked in await connection.fetch(TRIED)
    }
    kept = await read_kept(connection)
    return Left(legs, calls, tried, kept).only(readable(legs, ledger))


def _at(record: CallAt) -> Row:
    way = [
        {"node": held(at.node), "at_ms": at.at_ms, "outcomes": [held(word) for word in at.outcomes]}
        for at in record.way
    ]
    return (
        record.account_id,
        record.call_id,
        record.number,
        record.line,
        held(record.caller),
        record.seat,
        record.hops,
        record.scheme_version,
        None if record.is_version else record.scheme.model_dump_json(),
        record.caller_name and held(record.caller_name),
        _RECORD.dump_json(record.record).decode() if record.record else None,
        held(record.record_node),
        moment(record.arrived_at_ms),
        _write_json(way),
    )


def _scheme(row: asyncpg.Record, versions: Mapping[tuple[str, str, int], object]) -> object:
    if row["scheme"] is None:
        return versions.get((row["account_id"], row["line"], row["scheme_version"]), "it is not there")
    try:
        return Scheme.model_validate_json(row["scheme"])
    except ValidationError as error:
        return error


def place_of(columns: Mapping[str, Any], scheme: Scheme) -> CallAt:
    return CallAt(
        account_id=columns["account_id"],
        call_id=columns["call_id"],
        number=columns["number"],
        line=columns["line"],
        caller=columns["caller"],
        seat=columns["seat"],
        hops=columns["hops"],
        scheme_version=columns["scheme_version"],
        scheme=scheme,
        is_version=columns["scheme"] is None,
        caller_name=columns["caller_name"],
        record=_RECORD.validate_json(columns["record"]) if columns["record"] else None,
        record_node=columns["record_node"],
        arrived_at_ms=milliseconds(columns["arrived_at"]),
        way=tuple(
            Passed(at["node"], at["at_ms"], tuple(at["outcomes"])) for at in json.loads(columns["way"])
        ),
    )
