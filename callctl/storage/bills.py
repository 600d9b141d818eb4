"""Connections of the ledger with all lines about them, and what in the ledger contradicts itself.

Rule 1: lines are found by their references, which say what they are about; none is ever guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callctl.clock import milliseconds
from callctl.storage.database import Connection
from callctl.storage.entries import entry_of
from callctl.storage.ownership import SHARD
from callctl.storage.rows import LegRow, read_legs_answered, read_legs_by_id
from rating.calendar import month_of
from rating.entries import Entry
from rating.pots import gift_pot, is_gift, paid_pot

CORRECTED = "reconcile:"
PAGE_MAX = 100

# Whole tables are read: not in the ten seconds of a caller who waits.
WHOLE_S_MAX = 600.0

LINES = """
SELECT entry.* FROM unnest($1::text[], $2::text[]) AS asked (account_id, reference)
JOIN entry USING (account_id, reference)
"""
STRAY = """
SELECT entry.* FROM entry
LEFT JOIN leg ON leg.account_id = entry.account_id AND leg.leg_id = split_part(entry.reference, ':', 1)
WHERE entry.kind = 'connection' AND entry.at >= $1 AND entry.at < $2
  AND (leg.leg_id IS NULL
       OR entry.reference <> leg.leg_id || CASE entry.pot WHEN '' THEN '' ELSE ':' || entry.pot END)
ORDER BY entry.at, entry.reference LIMIT 10000
"""
UNSOUND = """
SELECT account_id, balance_kopecks, coalesce(lines, 0)::bigint AS lines FROM account
LEFT JOIN (SELECT account_id, sum(amount_kopecks) AS lines FROM entry WHERE pot = '' GROUP BY account_id)
    AS summed USING (account_id)
WHERE balance_kopecks <> coalesce(lines, 0) ORDER BY account_id
"""
IS_SOUND = """
SELECT balance_kopecks = (SELECT coalesce(sum(amount_kopecks), 0) FROM entry
                          WHERE entry.account_id = account.account_id AND pot = '')
FROM account WHERE account_id = $1
"""
NEWEST_END = """
SELECT ended_at FROM leg WHERE ended_at IS NOT NULL AND answered_at IS NOT NULL
ORDER BY answered_at DESC, leg_id DESC LIMIT 1
"""
# Whoever has served calls of ours lately is among them.
NEWEST_CALLS = """
SELECT call_id FROM leg WHERE ended_at IS NOT NULL AND answered_at IS NOT NULL
ORDER BY answered_at DESC, leg_id DESC LIMIT 200
"""
MARK = """
INSERT INTO witness_mark (shard, compared_until) VALUES ($1, $2)
ON CONFLICT (shard) DO UPDATE SET compared_until = excluded.compared_until
"""


@dataclass(frozen=True, slots=True)
class Bill:
    row: LegRow
    lines: tuple[Entry, ...] = ()  # its own, and what put them right

    @property
    def kopecks(self) -> int:
        """What it cost in the end."""
        return -sum(line.amount for line in self.lines if not is_gift(line.pot))

    @property
    def gift_s(self) -> int:
        return -sum(line.amount for line in self.lines if is_gift(line.pot))

    @property
    def is_corrected(self) -> bool:
        return any(line.reference.startswith(CORRECTED) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Unsound:
    """An account whose balance is not the sum of its lines."""

    account_id: str
    balance: int
    lines: int


def references_of(row: LegRow) -> list[str]:
    """Whatever lines it may have."""
    at = row.answered_at or row.held_at
    month = month_of(milliseconds(at))
    pots = {"", gift_pot(month), paid_pot(row.line, month), *(str(draw["pot"]) for draw in row.draws)}
    own = [f"{row.leg_id}:{pot}" if pot else row.leg_id for pot in sorted(pots)]
    return [*own, *(f"{CORRECTED}{reference}" for reference in own)]


async def read_bills(connection: Connection, leg_ids: Sequence[str]) -> dict[str, list[Bill]]:
    """By leg; a leg that the ledger lacks is missing."""
    bills: dict[str, list[Bill]] = {}
    for bill in await bills_of(connection, await read_legs_by_id(connection, leg_ids)):
        bills.setdefault(bill.row.leg_id, []).append(bill)
    return bills


async def read_bills_answered(
    connection: Connection, begin: datetime, end: datetime, after: tuple[datetime, str] | None
) -> list[Bill]:
    """A page of what was settled, in the order of the answers."""
    rows = await read_legs_answered(connection, *(after or (begin, "")), end, PAGE_MAX)
    return await bills_of(connection, rows)


async def bills_of(connection: Connection, rows: Sequence[LegRow]) -> list[Bill]:
    asked = [(row.account_id, reference) for row in rows for reference in references_of(row)]
    lines = await read_lines(connection, asked)
    return [
        Bill(
            row,
            tuple(
                lines[key]
                for reference in references_of(row)
                if (key := (row.account_id, reference)) in lines
            ),
        )
        for row in rows
    ]


async def read_lines(
    connection: Connection, asked: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Entry]:
    """By account and reference."""
    keys = list(asked)
    rows = await connection.fetch(LINES, [key[0] for key in keys], [key[1] for key in keys])
    return {(line.account_id, line.reference): line for line in map(entry_of, rows)}


async def read_stray_lines(connection: Connection, begin: datetime, end: datetime) -> list[Entry]:
    """Lines of connections that are not the one line that their connection has on that pot."""
    rows: list[asyncpg.Record] = await connection.fetch(STRAY, begin, end, timeout=WHOLE_S_MAX)
    return [entry_of(row) for row in rows]


async def read_unsound(connection: Connection) -> list[Unsound]:
    rows = await connection.fetch(UNSOUND, timeout=WHOLE_S_MAX)
    return [Unsound(*row) for row in rows]


async def is_sound(connection: Connection, account_id: str) -> bool:
    return bool(await connection.fetchval(IS_SOUND, account_id))


async def read_mark(connection: Connection) -> datetime | None:
    """From when on calls are still to be compared; where nobody has noted it, from the newest one's end."""
    query = "SELECT compared_until FROM witness_mark WHERE shard = $1"
    marked: datetime | None = await connection.fetchval(query, SHARD)
    if marked is None:
        marked = await connection.fetchval(NEWEST_END)
    return marked


async def write_mark(connection: Connection, until: datetime) -> None:
    await connection.execute(MARK, SHARD, until)


async def read_newest_calls(connection: Connection) -> list[str]:
    return [row["call_id"] for row in await connection.fetch(NEWEST_CALLS)]
