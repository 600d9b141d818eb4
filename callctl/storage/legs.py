"""Records of connections as statements for their table.

Rule 1: every statement may run twice: the table's keys make the second run change nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from callctl.calls.records import LegBegan, LegHeld, LegRefused, LegSettled, Record
from callctl.clock import moment
from callctl.storage.rows import RATE
from rating.tariff import Rate

HELD = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""
BEGAN = "UPDATE leg SET answered_at = $3, rate = coalesce($4, rate) WHERE account_id = $1 AND leg_id = $2"
SETTLED = """
UPDATE leg SET ended_at = $3, seconds = $4, units = $5, charge_kopecks = $6, lines = $7, ended_by = $8,
               cause = $9, draws = $10, vat_kopecks = $11
WHERE account_id = $1 AND leg_id = $2 AND ended_at IS NULL
"""
REFUSED = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks,
                 ended_at, seconds, units, charge_kopecks, ended_by, cause, refusal)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $7, 0, 0, 0, 'refused', $8, $9) ON CONFLICT DO NOTHING
"""

Row = tuple[object, ...]


def statements_of(records: Sequence[Record]) -> list[tuple[str, list[Row]]]:
    """By kind: of one leg the kinds come in this order, and legs know nothing of each other."""
    rows: dict[str, list[Row]] = {HELD: [], BEGAN: [], SETTLED: [], REFUSED: []}
    for record in records:
        match record:
            case LegHeld():
                rows[HELD].append(_held(record))
            case LegBegan():
                rows[BEGAN].append(_began(record))
            case LegSettled():
                rows[SETTLED].append(_settled(record))
            case LegRefused():
                rows[REFUSED].append(_refused(record))
    return [(statement, of_kind) for statement, of_kind in rows.items() if of_kind]


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
        json.dumps([asdict(line) for line in charge.lines]),
        record.ended_by.value,
        record.cause,
        json.dumps([asdict(draw) for draw in charge.draws]),
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
