"""What an account's money did in a period: how it began and ended, sums by kind, and every line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from callctl.storage.rows import LIST_MAX, EntryRow
from callctl.storage.till import Till

BALANCE_AT = """
SELECT coalesce(sum(amount_kopecks), 0)::bigint FROM entry WHERE account_id = $1 AND pot = '' AND at < $2
"""
TOTALS = """
SELECT kind, count(*), sum(amount_kopecks)::bigint FROM entry
WHERE account_id = $1 AND pot = '' AND at >= $2 AND at < $3 GROUP BY kind ORDER BY kind
"""
LINES = """
SELECT reference, kind, pot, amount_kopecks, at, left_after, refers_to, note FROM (
    SELECT *, (sum(amount_kopecks) OVER (PARTITION BY pot ORDER BY at, line))::bigint AS left_after
    FROM entry WHERE account_id = $1 AND at < $3
) AS told WHERE at >= $2 ORDER BY at, line LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Total:
    kind: str
    count: int
    amount_kopecks: int


@dataclass(frozen=True, slots=True)
class Statement:
    opening_kopecks: int
    closing_kopecks: int
    totals: Sequence[Total]
    lines: Sequence[EntryRow]  # the first LIST_MAX
    is_whole: bool


class Statements:
    def __init__(self, till: Till) -> None:
        self._till = till

    async def read(self, account_id: str, begin: datetime, end: datetime) -> Statement:
        self._till.account(account_id)
        async with self._till.reading() as connection, connection.transaction(isolation="repeatable_read"):
            opening = await connection.fetchval(BALANCE_AT, account_id, begin)
            closing = await connection.fetchval(BALANCE_AT, account_id, end)
            totals = await connection.fetch(TOTALS, account_id, begin, end)
            lines = await connection.fetch(LINES, account_id, begin, end, LIST_MAX + 1)
        return Statement(
            opening,
            closing,
            [Total(*total) for total in totals],
            [EntryRow(*line) for line in lines[:LIST_MAX]],
            len(lines) <= LIST_MAX,
        )
