"""What the tables say, as values.

Rule 1: reading never changes anything; every list has a bound.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
from pydantic import TypeAdapter

from callctl.calls.records import LegHeld
from callctl.clock import milliseconds, moment
from callctl.storage.damage import damaged
from callctl.storage.database import Connection
from rating.calendar import bounds_of, month_of
from rating.discount import Priced
from rating.funds import OwnFunds, Stop
from rating.guards import known_guards
from rating.ledger import Account
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.standing import Standing
from rating.tariff import Rate

LIST_MAX = 10_000
ACCOUNT_REMEDY = "its calls are refused until the row is mended and the service started again"

ACCOUNT_COLUMNS = """account_id, profile, plan, balance_kopecks,
threshold_kopecks, credit_kopecks, stops, barred, standing, guards, low_kopecks"""
NUMBERS = """
SELECT DISTINCT ON (e164) e164, number.account_id, text, version
FROM number JOIN scheme ON scheme.account_id = number.account_id AND scheme.number = e164
"""
NEWEST_FIRST = "ORDER BY e164, version DESC"
LIMIT_COLUMNS = "account_id, number, most_kopecks, kind"
LEG_COLUMNS = """account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate, answered_at,
ended_at, seconds, units, charge_kopecks, vat_kopecks, lines, draws, ended_by, cause, refusal"""
POTS = """
SELECT account_id, pot, sum(amount_kopecks)::bigint FROM entry
WHERE pot <> '' AND right(pot, 7) >= $1 GROUP BY account_id, pot
"""
POTS_OF_MONTH = """
SELECT pot, sum(amount_kopecks)::bigint FROM entry
WHERE account_id = $1 AND pot <> '' AND right(pot, 7) = $2 GROUP BY pot
"""
SPENT = """
SELECT account_id, line, to_char(answered_at AT TIME ZONE 'Europe/Moscow', 'YYYY-MM') AS month,
       sum(charge_kopecks)::bigint
FROM leg WHERE charge_kopecks > 0 AND answered_at >= $1 GROUP BY account_id, line, month
"""
PRICED = """
SELECT rate ->> 'destination', answered_at, charge_kopecks FROM leg
WHERE account_id = $1 AND charge_kopecks > 0 AND answered_at >= $2 AND answered_at < $3
"""
UNSETTLED = """
SELECT count(*) FROM leg
WHERE ended_at IS NULL AND account_id = $1 AND answered_at >= $2 AND answered_at < $3
"""
RATE = TypeAdapter(Rate)
OWN_GUARDS = TypeAdapter(dict[str, int | None])


@dataclass(frozen=True, slots=True)
class LegRow:
    account_id: str
    leg_id: str
    call_id: str
    caller: str
    number: str
    line: str
    held_at: datetime
    held_kopecks: int
    rate: Mapping[str, Any] | None
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    units: int | None
    charge_kopecks: int | None
    vat_kopecks: int | None
    lines: Sequence[Mapping[str, Any]]
    draws: Sequence[Mapping[str, Any]]
    ended_by: str | None
    cause: int | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """`amount` is kopecks, or seconds when the pot is a gift; `left` is the balance or pot after it."""

    reference: str
    kind: str
    pot: str
    amount: int
    at: datetime
    left: int
    refers_to: str
    note: str


class NumberRow(NamedTuple):
    """With the newest version of its scheme."""

    e164: str
    account_id: str
    scheme: str
    version: int


async def read_accounts(connection: Connection, from_ms: int) -> list[Account]:
    """With what pots and numbers moved in the month of that moment and all later ones.

    One that cannot be read is not served, nor is one with a limit that cannot.
    """
    accounts: dict[str, Account] = {}
    for row in await connection.fetch(f"SELECT {ACCOUNT_COLUMNS} FROM account"):
        try:
            accounts[row["account_id"]] = _account(row)
        except ValueError as error:
            damaged(f"account {row['account_id']!r}", error, ACCOUNT_REMEDY)
    for row in await connection.fetch(f"SELECT {LIMIT_COLUMNS} FROM number_limit"):
        account_id, number, most, kind = row
        try:
            limit = NumberLimit(number, Money(most), LimitKind(kind))
        except ValueError as error:
            damaged(f"the limit of number {number} of account {account_id!r}", error, ACCOUNT_REMEDY)
            accounts.pop(account_id, None)
        else:
            if account_id in accounts:
                accounts[account_id].limits[number] = limit
    from_month = month_of(from_ms)
    for account_id, pot, moved in await connection.fetch(POTS, from_month):
        if account_id in accounts:
            accounts[account_id].pot(pot).moved = moved
    begin_ms, _ = bounds_of(from_month)
    for account_id, line, month, spent in await connection.fetch(SPENT, moment(begin_ms)):
        if account_id in accounts:
            accounts[account_id].spend(line, month, spent)
    return list(accounts.values())


async def read_pots(connection: Connection, account_id: str, month: str) -> list[tuple[str, int]]:
    """Pots of the month and the sums of their lines."""
    return [(pot, moved) for pot, moved in await connection.fetch(POTS_OF_MONTH, account_id, month)]


async def read_limit(connection: Connection, account_id: str, number: str) -> NumberLimit | None:
    row = await connection.fetchrow(
        f"SELECT {LIMIT_COLUMNS} FROM number_limit WHERE account_id = $1 AND number = $2", account_id, number
    )
    return NumberLimit(row["number"], Money(row["most_kopecks"]), LimitKind(row["kind"])) if row else None


async def read_priced(connection: Connection, account_id: str, month: str) -> list[Priced]:
    """All connections that were answered in the month and cost something."""
    rows = await connection.fetch(PRICED, account_id, *map(moment, bounds_of(month)))
    return [Priced(destination, milliseconds(at), Money(amount)) for destination, at, amount in rows]


async def count_unsettled(connection: Connection, account_id: str, month: str) -> int:
    """How many connections that were answered in the month have no bill yet."""
    count = await connection.fetchval(UNSETTLED, account_id, *map(moment, bounds_of(month)))
    return int(count)


async def read_account(connection: Connection, account_id: str) -> Account | None:
    row = await connection.fetchrow(
        f"SELECT {ACCOUNT_COLUMNS} FROM account WHERE account_id = $1", account_id
    )
    return _account(row) if row else None


def _account(row: asyncpg.Record) -> Account:
    account_id, profile, plan, balance, threshold, credit, stops, barred, standing, *more = row.values()
    guards, low = more
    return Account(
        account_id,
        profile,
        plan,
        Money(balance),
        OwnFunds(threshold, credit, Stop(stops) if stops else None, low),
        barred=tuple(barred),
        standing=Standing(standing),
        own_guards=known_guards(OWN_GUARDS.validate_json(guards)),
    )


async def read_numbers(connection: Connection) -> list[NumberRow]:
    return [NumberRow(*row) for row in await connection.fetch(f"{NUMBERS} {NEWEST_FIRST}")]


async def read_number(connection: Connection, e164: str) -> NumberRow | None:
    row = await connection.fetchrow(f"{NUMBERS} WHERE e164 = $1 {NEWEST_FIRST}", e164)
    return NumberRow(*row) if row else None


async def read_entries(connection: Connection, account_id: str) -> list[EntryRow]:
    """The newest LIST_MAX lines, oldest first."""
    rows = await connection.fetch(
        """
        SELECT * FROM (
            SELECT reference, kind, pot, amount_kopecks, at,
                   (sum(amount_kopecks) OVER (PARTITION BY pot ORDER BY line))::bigint AS left_after,
                   refers_to, note, line
            FROM entry WHERE account_id = $1 ORDER BY line DESC LIMIT $2
        ) AS newest ORDER BY line
        """,
        account_id,
        LIST_MAX,
    )
    return [EntryRow(*tuple(row)[:-1]) for row in rows]


async def read_legs(connection: Connection, account_id: str) -> list[LegRow]:
    """The newest LIST_MAX connections of the account, oldest first."""
    rows = await connection.fetch(
        f"SELECT {LEG_COLUMNS} FROM leg WHERE account_id = $1 ORDER BY held_at DESC, leg_id DESC LIMIT $2",
        account_id,
        LIST_MAX,
    )
    return [_leg(dict(row.items())) for row in reversed(rows)]


async def read_legs_before(
    connection: Connection, account_id: str, held_at: datetime, leg_id: str, most: int
) -> list[LegRow]:
    """Newest first, behind that one."""
    rows = await connection.fetch(
        f"""
        SELECT {LEG_COLUMNS} FROM leg WHERE account_id = $1 AND (held_at, leg_id) < ($2, $3)
        ORDER BY held_at DESC, leg_id DESC LIMIT $4
        """,
        account_id,
        held_at,
        leg_id,
        most,
    )
    return [_leg(dict(row.items())) for row in rows]


async def read_leg(connection: Connection, leg_id: str) -> LegRow | None:
    row = await connection.fetchrow(f"SELECT {LEG_COLUMNS} FROM leg WHERE leg_id = $1", leg_id)
    return _leg(dict(row.items())) if row else None


async def read_legs_of_call(
    connection: Connection, account_id: str, call_id: str, begin: datetime, end: datetime
) -> list[LegRow]:
    """In the order in which they were held; all of them were, between its arrival and its end."""
    rows = await connection.fetch(
        f"""
        SELECT {LEG_COLUMNS} FROM leg
        WHERE account_id = $1 AND held_at BETWEEN $2 AND $3 AND call_id = $4 ORDER BY held_at, leg_id LIMIT $5
        """,
        account_id,
        begin,
        end,
        call_id,
        LIST_MAX,
    )
    return [_leg(dict(row.items())) for row in rows]


def opened_row(record: LegHeld) -> LegRow:
    """As the table has it when it is held."""
    on = record.connection
    return LegRow(
        account_id=on.account_id,
        leg_id=on.leg_id,
        call_id=on.call_id,
        caller=on.caller,
        number=on.number,
        line=on.line,
        held_at=moment(record.at_ms),
        held_kopecks=record.amount,
        rate=RATE.dump_python(record.rate, mode="json") if record.rate else None,
        answered_at=None,
        ended_at=None,
        seconds=None,
        units=None,
        charge_kopecks=None,
        vat_kopecks=None,
        lines=(),
        draws=(),
        ended_by=None,
        cause=None,
        refusal=None,
    )


async def read_legs_by_id(connection: Connection, leg_ids: Sequence[str]) -> list[LegRow]:
    rows = await connection.fetch(
        f"SELECT {LEG_COLUMNS} FROM leg WHERE leg_id = ANY($1::text[]) ORDER BY held_at, leg_id", leg_ids
    )
    return [_leg(dict(row.items())) for row in rows]


async def read_legs_answered(
    connection: Connection, begin: datetime, after: str, end: datetime, most: int
) -> list[LegRow]:
    """Of those that are settled, behind that moment and leg, in the order of their answers."""
    rows = await connection.fetch(
        f"""
        SELECT {LEG_COLUMNS} FROM leg
        WHERE (answered_at, leg_id) > ($1, $2) AND answered_at < $3 AND ended_at IS NOT NULL
        ORDER BY answered_at, leg_id LIMIT $4
        """,
        begin,
        after,
        end,
        most,
    )
    return [_leg(dict(row.items())) for row in rows]


async def read_open_legs(connection: Connection) -> list[LegRow]:
    """Connections that nobody settled: the service ended before they did."""
    rows = await connection.fetch(
        f"SELECT {LEG_COLUMNS} FROM leg WHERE ended_at IS NULL ORDER BY held_at, leg_id"
    )
    return [_leg(dict(row.items())) for row in rows]


def _leg(columns: dict[str, Any]) -> LegRow:
    columns["rate"] = json.loads(columns["rate"]) if columns["rate"] else None
    for name in ("lines", "draws"):
        columns[name] = json.loads(columns[name]) if columns[name] else []
    return LegRow(**columns)
