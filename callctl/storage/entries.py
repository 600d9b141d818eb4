"""Lines into the ledger, once each, with the balance in the same transaction.

Rule 1: the same reference with the same content is no news; with other content it is a clash, and shouts,
    be the other in the table or in the same batch.
Rule 2: a balance that falls below what its owner wants to hear of is a notice of the same transaction.
"""

from collections.abc import Sequence

import asyncpg

from callctl.calls.notices import NoticeCause
from callctl.clock import milliseconds, moment
from callctl.storage.database import Connection
from rating.entries import Entry, EntryKind, ReferenceClash, same_entry
from rating.pots import BALANCE

LOW_KOPECKS = 100_00  # for whom nobody said otherwise

POST = f"""
WITH new AS (
    INSERT INTO entry (account_id, reference, kind, amount_kopecks, at, pot, refers_to, note)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[],
                         $6::text[], $7::text[], $8::text[])
    ON CONFLICT DO NOTHING
    RETURNING account_id, reference, pot, amount_kopecks, at
), balance_moved AS (
    UPDATE account SET balance_kopecks = balance_kopecks + moved.amount
    FROM (
        SELECT account_id, sum(amount_kopecks)::bigint AS amount, max(at) AS at
        FROM new WHERE pot = '{BALANCE}'
        GROUP BY account_id ORDER BY account_id  -- always the same: two writers cannot block each other
    ) AS moved
    WHERE account.account_id = moved.account_id
    RETURNING account.account_id, moved.at, balance_kopecks AS after,
              balance_kopecks - moved.amount AS before, coalesce(low_kopecks, {LOW_KOPECKS}) AS low
), told AS (
    INSERT INTO notice (account_id, cause, subject, day, at)
    SELECT account_id, '{NoticeCause.LOW_BALANCE.value}', '', (at AT TIME ZONE 'Europe/Moscow')::date, at
    FROM balance_moved WHERE after < low AND before >= low
    ON CONFLICT DO NOTHING
)
SELECT account_id, reference FROM new
"""
KNOWN = """
SELECT account_id, reference, kind, amount_kopecks, at, pot, refers_to, note
FROM entry WHERE account_id = $1 AND reference = $2
"""


async def post_entries(
    connection: Connection, entries: Sequence[Entry]
) -> tuple[set[tuple[str, str]], list[ReferenceClash]]:
    """Which entries are new, by account and reference, and which contradict a line that stands."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        first.setdefault((entry.account_id, entry.reference), entry)
    rows = await connection.fetch(
        POST,
        [entry.account_id for entry in first.values()],
        [entry.reference for entry in first.values()],
        [entry.kind.value for entry in first.values()],
        [entry.amount for entry in first.values()],
        [moment(entry.at_ms) for entry in first.values()],
        [entry.pot for entry in first.values()],
        [entry.refers_to for entry in first.values()],
        [entry.note for entry in first.values()],
    )
    new = {(row["account_id"], row["reference"]) for row in rows}
    clashes = []
    for entry in entries:
        key = entry.account_id, entry.reference
        try:
            known = first[key] if key in new else await read_entry(connection, *key)
            assert known, entry
            same_entry(known, entry)
        except ReferenceClash as clash:
            clashes.append(clash)
    return new, clashes


async def read_entry(connection: Connection, account_id: str, reference: str) -> Entry | None:
    row = await connection.fetchrow(KNOWN, account_id, reference)
    return entry_of(row) if row else None


def entry_of(row: asyncpg.Record) -> Entry:
    return Entry(
        row["account_id"],
        row["reference"],
        EntryKind(row["kind"]),
        row["amount_kopecks"],
        milliseconds(row["at"]),
        row["pot"],
        row["refers_to"],
        row["note"],
    )
