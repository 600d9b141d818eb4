"""Recordings of talks: listed, fetched, removed; and gone by themselves when their time is over.

Rule 1: one is kept as many days as its scheme says, else as the profile of its account says, else for ever.
Rule 2: the file goes first: of what is said to be removed nothing is left.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from callctl import metrics
from callctl.clock import moment
from callctl.complaint import Complaint, Missing
from callctl.storage.database import Connection, DatabaseAway
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.till import Till, no_doubt

RECORDINGS_MAX = 1_000
SWEEP_EVERY_S = 3_600
BATCH_MAX = 500

# $1, $2: the profiles that say for how many days they keep.
KEPT = """
SELECT account_id, name, call_id, began_at,
       began_at + make_interval(hours => 24 * coalesce(keep_days, said.days)) AS keep_until
FROM recording JOIN account USING (account_id)
LEFT JOIN unnest($1::text[], $2::integer[]) AS said (profile, days) USING (profile)
"""
OF_ACCOUNT = f"{KEPT} WHERE account_id = $3 ORDER BY began_at DESC, name LIMIT $4"
OF_CALL = f"{KEPT} WHERE call_id = $3"
OVERDUE = f"""
SELECT * FROM ({KEPT}) AS kept
WHERE keep_until <= $3 AND (account_id, name) > ($4, $5) ORDER BY account_id, name LIMIT $6
"""
REMOVE = "DELETE FROM recording WHERE account_id = $1 AND name = $2"

log = logging.getLogger("callctl")


@dataclass(frozen=True, slots=True)
class RecordingRow:
    account_id: str
    name: str
    call_id: str
    began_at: datetime
    keep_until: datetime | None  # None: until somebody removes it


class Recordings:
    def __init__(self, till: Till, files: RecordingFiles) -> None:
        self._till = till
        self.files = files

    async def all_of(self, account_id: str) -> list[RecordingRow]:
        """The newest RECORDINGS_MAX, newest first."""
        self._till.account(account_id)
        async with self._till.reading() as connection:
            rows = await connection.fetch(OF_ACCOUNT, *self._said(), account_id, RECORDINGS_MAX)
        return [RecordingRow(*row) for row in rows]

    async def of_call(self, call_id: str) -> RecordingRow:
        async with self._till.reading() as connection:
            return await self._of_call(connection, call_id)

    async def remove(self, call_id: str) -> RecordingRow:
        async with self._till.writing(no_doubt) as connection:
            recording = await self._of_call(connection, call_id)
            await asyncio.to_thread(self.files.remove, recording.name)
            await connection.execute(REMOVE, recording.account_id, recording.name)
        return recording

    async def sweep(self) -> int:
        """How many were removed as their time is over; what cannot be removed is tried again next time."""
        now = moment(self._till.clock.now_ms())
        removed, last = 0, ("", "")
        while rows := await self._overdue(now, last):
            last = (rows[-1].account_id, rows[-1].name)
            gone = [row for row in rows if await self._is_removed(row)]
            async with self._till.writing(no_doubt) as connection:
                await connection.executemany(REMOVE, [(row.account_id, row.name) for row in gone])
            removed += len(gone)
            metrics.RECORDINGS_EXPIRED.inc(len(gone))
        if removed:
            log.info("%d recordings were removed: their time was over", removed)
        return removed

    async def sweep_now_and_then(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.sweep()
            except DatabaseAway as error:
                log.warning("recordings wait to be removed, the database is away: %s", error)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _overdue(self, now: datetime, last: tuple[str, str]) -> list[RecordingRow]:
        async with self._till.reading() as connection:
            rows = await connection.fetch(OVERDUE, *self._said(), now, *last, BATCH_MAX)
        return [RecordingRow(*row) for row in rows]

    async def _is_removed(self, row: RecordingRow) -> bool:
        try:
            await asyncio.to_thread(self.files.remove, row.name)
        except Complaint as complaint:
            log.error("the recording of call %s outlives its time: %s", row.call_id, complaint)
            return False
        return True

    async def _of_call(self, connection: Connection, call_id: str) -> RecordingRow:
        row = await connection.fetchrow(OF_CALL, *self._said(), call_id)
        if row is None:
            raise Missing(f"of call {call_id!r} there is no recording: `callctl recording list` has them")
        return RecordingRow(*row)

    def _said(self) -> tuple[list[str], list[int | None]]:
        profiles = self._till.directory.tariffs.profiles.values()
        return [one.name for one in profiles], [one.recordings_kept_days for one in profiles]
