"""What guards know of accounts, out of the records of their connections.

Rule 1: a death of the service forgets nothing: what this reads is what the watch of an account had counted.
    Of a talk that lasted more than two days only the days are not sure.
Rule 2: records that came from somebody else days afterwards are no deed of the account's now.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from callctl.clock import milliseconds, moment
from callctl.storage.database import Connection
from rating.calendar import DAY_MS, MINUTE_MS, begin_of, day_of
from rating.guards import NO_GUARDS
from rating.ledger import Account
from rating.watch import HOUR_MINUTES, Asked, History

LONGEST_MS = 2 * DAY_MS

MINUTE_PRICE = """greatest(
    ceil((rate ->> 'first_price')::numeric * 60 / (rate -> 'terms' ->> 'first_s')::numeric),
    ceil((rate ->> 'next_price')::numeric * 60 / (rate -> 'terms' ->> 'next_s')::numeric))::bigint"""
PAID_OUT = """rate ->> 'side' = 'outgoing' AND ended_by IS DISTINCT FROM 'reported'
AND ((rate ->> 'first_price')::bigint, (rate ->> 'next_price')::bigint,
     (rate -> 'terms' ->> 'setup_fee')::bigint) <> (0, 0, 0)"""
ENDED_DAY = "(ended_at AT TIME ZONE 'Europe/Moscow')::date"

TALKED = f"""
SELECT account_id, rate ->> 'destination', max({ENDED_DAY}), max({ENDED_DAY}) FILTER (WHERE {ENDED_DAY} < $3)
FROM unnest($1::text[], $2::timestamptz[]) AS guarded (account_id, since) JOIN leg USING (account_id)
WHERE held_at > since AND seconds > 0 AND {PAID_OUT} GROUP BY 1, 2
"""
SPENT = f"""
SELECT account_id, floor(extract(epoch FROM ended_at) / 60)::bigint, sum(charge_kopecks)::bigint
FROM unnest($1::text[]) AS guarded (account_id) JOIN leg USING (account_id)
WHERE held_at > $2 AND ended_at >= $3 AND charge_kopecks > 0 AND {PAID_OUT} GROUP BY 1, 2
"""
TODAY = f"""
SELECT account_id, rate ->> 'destination', {MINUTE_PRICE}, sum(charge_kopecks)::bigint
FROM unnest($1::text[]) AS guarded (account_id) JOIN leg USING (account_id)
WHERE held_at > $2 AND ended_at >= $3 AND charge_kopecks > 0 AND {PAID_OUT} GROUP BY 1, 2, 3
"""
ASKED = f"""
SELECT account_id, call_id, rate ->> 'destination', {MINUTE_PRICE} AS price, max(held_at)
FROM unnest($1::text[], $2::bigint[]) AS guarded (account_id, dear) JOIN leg USING (account_id)
WHERE held_at >= $3 AND (held_at > $4 OR {MINUTE_PRICE} >= dear) AND {PAID_OUT} GROUP BY 1, 2, 3, 4
"""


@dataclass(slots=True)
class _Known:
    asked: list[tuple[Asked, int]] = field(default_factory=list)
    minutes: dict[int, int] = field(default_factory=dict)
    days: list[tuple[str, int]] = field(default_factory=list)
    today: list[tuple[str, int, int]] = field(default_factory=list)


async def learn(connection: Connection, accounts: Iterable[Account], now_ms: int) -> None:
    """All that the guards of these have to know; who has none needs nothing."""
    guarded = [account for account in accounts if account.guards != NO_GUARDS]
    if not guarded:
        return
    known = await _read(connection, guarded, now_ms)
    for account in guarded:
        one = known[account.account_id]
        history = History(one.asked, one.minutes, one.days, one.today)
        account.watch.learn(account.guards, history, now_ms)


async def _read(connection: Connection, guarded: list[Account], now_ms: int) -> defaultdict[str, _Known]:
    known: defaultdict[str, _Known] = defaultdict(_Known)
    ids = [account.account_id for account in guarded]
    today = day_of(now_ms)
    today_ms = begin_of(today)
    since = [moment(today_ms - _days(account) * DAY_MS - LONGEST_MS) for account in guarded]
    for account_id, destination, *days in await connection.fetch(TALKED, ids, since, today):
        told: list[date] = [day for day in days if day]
        known[account_id].days += [(destination, day.toordinal()) for day in told]
    hour_ms = (now_ms // MINUTE_MS - HOUR_MINUTES + 1) * MINUTE_MS
    begun = moment(min(today_ms, hour_ms) - LONGEST_MS)
    for account_id, minute, money in await connection.fetch(SPENT, ids, begun, moment(hour_ms)):
        known[account_id].minutes[minute] = money
    for account_id, *of_today in await connection.fetch(TODAY, ids, begun, moment(today_ms)):
        known[account_id].today.append((of_today[0], of_today[1], of_today[2]))
    minute_ms = now_ms - MINUTE_MS
    dear = [account.guards.new_price if account.guards.watches_new else None for account in guarded]
    begun, lately = moment(min(today_ms, minute_ms)), moment(minute_ms)
    for account_id, call, name, price, held_at in await connection.fetch(ASKED, ids, dear, begun, lately):
        known[account_id].asked.append((Asked(call, name, price), milliseconds(held_at)))
    return known


def _days(account: Account) -> int:
    return account.guards.new_after_days if account.guards.watches_new else 0
