"""Notices kept: written with the records that caused them, told newest first.

Rule 1: a serial may become durable a little after a later one: whoever follows looks back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callctl.calls.notices import Notice, NoticeCause, notices_of
from callctl.calls.records import Record
from callctl.clock import moment
from callctl.storage.batches import Row, Statement, carry_out
from callctl.storage.till import Till, no_doubt
from rating.calendar import day_of

LOOK_BACK = 100
NEWER_MAX = 500
SECRET_DAYS = 30
COLUMNS = "serial, at, account_id, cause, subject, call_id"

ADD = """
INSERT INTO notice (account_id, cause, subject, day, at, call_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::text[])
ON CONFLICT DO NOTHING
"""
LIST = f"""
SELECT {COLUMNS} FROM notice WHERE serial < $1 AND ($2 = '' OR account_id = $2) ORDER BY serial DESC LIMIT $3
"""
NEWER = f"SELECT {COLUMNS} FROM notice WHERE serial > $1 ORDER BY serial LIMIT $2"
NEWEST = "SELECT coalesce(max(serial), 0) FROM notice"
# On the day of the month that was due, however late it is looked at.
REMIND = f"""
INSERT INTO notice (account_id, cause, subject, day, at)
SELECT account_id, '{NoticeCause.SECRET_OLD.value}', device,
       (secret_at + months * $2 * interval '1 day')::date, $1
FROM device, LATERAL (SELECT floor(extract(epoch FROM $1 - secret_at) / 86400 / $2)::integer AS months) AS old
WHERE months > 0
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    serial: int
    at: datetime
    account_id: str
    cause: str
    subject: str
    call_id: str


class Notices:
    def __init__(self, till: Till) -> None:
        self._till = till

    async def page(self, before: int, account_id: str, most: int) -> list[NoticeRow]:
        """Newest first; of all accounts without one."""
        if account_id:
            self._till.account(account_id)
        async with self._till.reading() as connection:
            return [NoticeRow(*row) for row in await connection.fetch(LIST, before, account_id, most)]

    async def newest(self) -> int:
        async with self._till.reading() as connection:
            return int(await connection.fetchval(NEWEST))

    async def newer(self, than: int) -> list[NoticeRow]:
        async with self._till.reading() as connection:
            rows = await connection.fetch(NEWER, max(0, than - LOOK_BACK), LOOK_BACK + NEWER_MAX)
        return [NoticeRow(*row) for row in rows]

    async def add(self, notices: Iterable[Notice]) -> None:
        async with self._till.writing(no_doubt) as connection:
            await carry_out(connection, _statements(notices))

    async def remind(self) -> None:
        """Of secrets that are a month old, and then each month; nobody is locked out for it."""
        now = moment(self._till.clock.now_ms())
        async with self._till.writing(no_doubt) as connection:
            await connection.execute(REMIND, now, SECRET_DAYS)


def statements_of(records: Sequence[Record]) -> list[Statement]:
    return _statements(one for record in records for one in notices_of(record))


def _statements(notices: Iterable[Notice]) -> list[Statement]:
    rows: dict[tuple[object, ...], Row] = {}
    for one in notices:
        key = (one.account_id, one.cause.value, one.subject, day_of(one.at_ms))
        rows.setdefault(key, (*key, moment(one.at_ms), one.call_id))
    return [(ADD, list(rows.values()))] if rows else []
