"""What the tables say, as values.

Rule 1: reading never changes anything; every list has a bound.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from callctl.storage.database import Connection
from rating.ledger import Account
from rating.money import Money

LIST_MAX = 10_000

ACCOUNT_COLUMNS = "account_id, profile, plan, balance_kopecks"
NUMBER_COLUMNS = "e164, account_id, scheme"
LEG_COLUMNS = """account_id, leg_id, call_id, caller, number, held_at, held_kopecks, rate, answered_at,
ended_at, seconds, units, charge_kopecks, lines, ended_by, cause, refusal"""


@dataclass(frozen=True, slots=True)
class LegRow:
    account_id: str
    leg_id: str
    call_id: str
    caller: str
    number: str
    held_at: datetime
    held_kopecks: int
    rate: Mapping[str, Any] | None
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    units: int | None
    charge_kopecks: int | None
    lines: Sequence[Mapping[str, Any]]
    ended_by: str | None
    cause: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    reference: str
    kind: str
    amount_kopecks: int
    at: datetime
    balance_kopecks: int  # after this line


class NumberRow(NamedTuple):
    e164: str
    account_id: str
    scheme: str


async def read_accounts(connection: Connection) -> list[Account]:
    rows = await connection.fetch(f"SELECT {ACCOUNT_COLUMNS} FROM account")
    return [Account(account_id, profile, plan, Money(balance)) for account_id, profile, plan, balance in rows]


async def read_account(connection: Connection, account_id: str) -> Account | None:
    row = await connection.fetchrow(
        f"SELECT {ACCOUNT_COLUMNS} FROM account WHERE account_id = $1", account_id
    )
    return Account(*row) if row else None


async def read_numbers(connection: Connection) -> list[NumberRow]:
    rows = await connection.fetch(f"SELECT {NUMBER_COLUMNS} FROM number ORDER BY e164")
    return [NumberRow(*row) for row in rows]


async def read_number(connection: Connection, e164: str) -> NumberRow | None:
    row = await connection.fetchrow(f"SELECT {NUMBER_COLUMNS} FROM number WHERE e164 = $1", e164)
    return NumberRow(*row) if row else None


async def read_entries(connection: Connection, account_id: str) -> list[EntryRow]:
    """The newest LIST_MAX lines, oldest first."""
    rows = await connection.fetch(
        """
        SELECT * FROM (
            SELECT reference, kind, amount_kopecks, at,
                   (sum(amount_kopecks) OVER (ORDER BY line))::bigint AS balance_kopecks, line
            FROM entry WHERE account_id = $1 ORDER BY line DESC LIMIT $2
        ) AS newest ORDER BY line
        """,
        account_id,
        LIST_MAX,
    )
    return [EntryRow(*tuple(row)[:5]) for row in rows]


async def read_legs(connection: Connection, account_id: str) -> list[LegRow]:
    """The newest LIST_MAX connections of the account, oldest first."""
    rows = await connection.fetch(
        f"SELECT {LEG_COLUMNS} FROM leg WHERE account_id = $1 ORDER BY held_at DESC, leg_id DESC LIMIT $2",
        account_id,
        LIST_MAX,
    )
    return [_leg(dict(row.items())) for row in reversed(rows)]


async def read_leg(connection: Connection, leg_id: str) -> LegRow | None:
    row = await connection.fetchrow(f"SELECT {LEG_COLUMNS} FROM leg WHERE leg_id = $1", leg_id)
    return _leg(dict(row.items())) if row else None


async def read_open_legs(connection: Connection) -> list[LegRow]:
    """Connections that nobody settled: the service ended before they did."""
    rows = await connection.fetch(
        f"SELECT {LEG_COLUMNS} FROM leg WHERE ended_at IS NULL ORDER BY held_at, leg_id"
    )
    return [_leg(dict(row.items())) for row in rows]


def _leg(columns: dict[str, Any]) -> LegRow:
    columns["rate"] = json.loads(columns["rate"]) if columns["rate"] else None
    columns["lines"] = json.loads(columns["lines"]) if columns["lines"] else []
    return LegRow(**columns)
