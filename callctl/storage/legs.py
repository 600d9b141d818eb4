"""Records of connections as statements for their table.

Rule 1: every statement may run twice: the table's keys make the second run change nothing.
Rule 2: of one leg a statement tells once: the first bill, the last answer.
Rule 3: each leg is looked up by itself. In a plain join the planner may go through all that are open, or all
    of an account, for each: it knows nothing of a table that has just grown. Nobody else changes legs.
"""

from collections.abc import Sequence

from pydantic import TypeAdapter

from callctl.calls.records import LegBegan, LegHeld, LegRefused, LegSettled, Record
from callctl.clock import moment
from callctl.storage.batches import Row, Statement
from callctl.storage.rows import RATE
from rating.charge import ChargeLine
from rating.pots import Draw
from rating.tariff import Rate

HELD = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::timestamptz[], $8::bigint[], $9::jsonb[])
ON CONFLICT DO NOTHING
"""
BEGAN = """
UPDATE leg SET answered_at = told.answered_at, rate = coalesce(told.rate, leg.rate)
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::jsonb[])
     AS told (account_id, leg_id, answered_at, rate),
     LATERAL (SELECT ctid FROM leg
              WHERE account_id = told.account_id AND leg_id = told.leg_id LIMIT 1) AS known
WHERE leg.ctid = known.ctid
"""
SETTLED = """
UPDATE leg SET ended_at = told.ended_at, seconds = told.seconds, units = told.units,
               charge_kopecks = told.charge_kopecks, lines = told.lines, ended_by = told.ended_by,
               cause = told.cause, draws = told.draws, vat_kopecks = told.vat_kopecks
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::integer[], $5::integer[], $6::bigint[],
            $7::jsonb[], $8::text[], $9::integer[], $10::jsonb[], $11::bigint[])
     AS told (account_id, leg_id, ended_at, seconds, units, charge_kopecks, lines, ended_by, cause, draws,
              vat_kopecks),
     LATERAL (SELECT ctid FROM leg
            WHERE account_id = told.account_id AND leg_id = told.leg_id AND ended_at IS NULL LIMIT 1) AS known
WHERE leg.ctid = known.ctid
"""
REFUSED = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks,
                 ended_at, seconds, units, charge_kopecks, ended_by, cause, refusal)
SELECT account_id, leg_id, call_id, caller, number, line, at, 0, at, 0, 0, 0, 'refused', cause, refusal
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
            $8::integer[], $9::text[])
     AS told (account_id, leg_id, call_id, caller, number, line, at, cause, refusal)
ON CONFLICT DO NOTHING
"""
_LINES = TypeAdapter(tuple[ChargeLine, ...])
_DRAWS = TypeAdapter(tuple[Draw, ...])


def statements_of(records: Sequence[Record]) -> list[Statement]:
    """By kind: of one leg the kinds come in this order, and legs know nothing of each other."""
    held: list[Row] = []
    began: dict[tuple[str, str], Row] = {}
    settled: dict[tuple[str, str], Row] = {}
    refused: list[Row] = []
    for record in records:
        match record:
            case LegHeld():
                held.append(_held(record))
            case LegBegan(account_id, leg_id):
                row, before = _began(record), began.get((account_id, leg_id))
                began[account_id, leg_id] = (*row[:-1], before[-1]) if before and row[-1] is None else row
            case LegSettled(account_id, leg_id):
                if (account_id, leg_id) not in settled:
                    settled[account_id, leg_id] = _settled(record)
            case LegRefused():
                refused.append(_refused(record))
    of_kinds = ((HELD, held), (BEGAN, [*began.values()]), (SETTLED, [*settled.values()]), (REFUSED, refused))
    return [(statement, rows) for statement, rows in of_kinds if rows]


def _held(record: LegHeld) -> Row:
    on = record.connection
    at = moment(record.at_ms)
    rate = _rate(record.rate)
    return (on.account_id, on.leg_id, on.call_id, on.caller, on.number, on.line, at, record.amount, rate)


def _began(record: LegBegan) -> Row:
    return (record.account_id, record.leg_id, moment(record.at_ms), _rate(record.rate))


def _rate(rate: Rate | None) -> str | None:
    return RATE.dump_json(rate).decode() if rate else None


def _settled(record: LegSettled) -> Row:
    charge = record.charge
    return (
        record.account_id,
        record.leg_id,
        moment(record.ended_at_ms),
        charge.seconds,
        charge.units,
        charge.amount,
        _LINES.dump_json(charge.lines).decode(),
        record.ended_by.value,
        record.cause,
        _DRAWS.dump_json(charge.draws).decode(),
        charge.vat,
    )


def _refused(record: LegRefused) -> Row:
    on = record.connection
    at = moment(record.at_ms)
    return (
        on.account_id,
        on.leg_id,
        on.call_id,
        on.caller,
        on.number,
        on.line,
        at,
        record.cause,
        record.refusal.value,
    )
