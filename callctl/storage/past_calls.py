"""The connections of a period that were talked on and have ended, page by page.

Rule 1: pages are small, so that a report of a month takes nothing from the calls that run.
"""

from dataclasses import dataclass
from datetime import datetime

from callctl.storage.database import Connection

PAGE_MAX = 500

# Emergency connections have no rate, and no price in any list.
PAST_CALLS = """
SELECT leg_id, account_id, caller, number, line, answered_at, seconds, charge_kopecks,
       rate -> 'terms' ->> 'tariff' AS tariff
FROM leg
WHERE (answered_at, leg_id) > ($1, $2) AND answered_at < $3
  AND ended_at IS NOT NULL AND seconds > 0 AND rate IS NOT NULL
ORDER BY answered_at, leg_id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class PastCallRow:
    leg_id: str
    account_id: str
    caller: str
    number: str
    line: str
    answered_at: datetime
    seconds: int
    charge_kopecks: int
    tariff: str


async def read_past_calls(
    connection: Connection, begin: datetime, end: datetime, after: str = ""
) -> list[PastCallRow] | None:
    """At most PAGE_MAX, in the order of their answers, from behind the connection `after` on; None when there
    is no such connection.
    """
    if after:
        begin = await connection.fetchval("SELECT answered_at FROM leg WHERE leg_id = $1", after)
        if begin is None:
            return None
    rows = await connection.fetch(PAST_CALLS, begin, after, end, PAGE_MAX)
    return [PastCallRow(*row) for row in rows]
