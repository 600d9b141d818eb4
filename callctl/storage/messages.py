"""What callers left in mailboxes: told in the order in which it became durable, kept until it is removed.

Rule 1: whoever asks for what came after the last serial that he saw misses nothing and gets nothing twice.
Rule 2: the file goes first: of what is said to be removed nothing is left.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from callctl.complaint import Complaint, Missing
from callctl.storage.database import Connection
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.till import Till, no_doubt

MESSAGES_MAX = 1_000
COLUMNS = "serial, account_id, recording, call_id, number, caller, mailbox, taken_at, length_ms"
NEWER = f"""
SELECT {COLUMNS} FROM message
WHERE serial > $1 AND ($2::text IS NULL OR account_id = $2) AND ($3::text IS NULL OR mailbox = $3)
ORDER BY serial LIMIT $4
"""
OF_CALL = f"""
SELECT {COLUMNS} FROM message
WHERE call_id = $1 AND ($2::text IS NULL OR mailbox = $2) ORDER BY serial LIMIT 2
"""


@dataclass(frozen=True, slots=True)
class MessageRow:
    serial: int
    account_id: str
    recording: str
    call_id: str
    number: str
    caller: str
    mailbox: str
    taken_at: datetime
    length_ms: int


class Messages:
    def __init__(self, till: Till, files: RecordingFiles) -> None:
        self._till = till
        self.files = files

    async def newer(self, since: int, account_id: str | None, mailbox: str | None) -> list[MessageRow]:
        """The first MESSAGES_MAX of them."""
        if account_id is not None:
            self._till.account(account_id)
        async with self._till.reading() as connection:
            rows = await connection.fetch(NEWER, since, account_id, mailbox, MESSAGES_MAX)
        return [MessageRow(*row) for row in rows]

    async def of_call(self, call_id: str, mailbox: str | None = None) -> MessageRow:
        async with self._till.reading() as connection:
            return await _of_call(connection, call_id, mailbox)

    async def remove(self, call_id: str, mailbox: str | None = None) -> MessageRow:
        async with self._till.writing(no_doubt) as connection:
            message = await _of_call(connection, call_id, mailbox)
            await asyncio.to_thread(self.files.remove, message.recording)
            await connection.execute("DELETE FROM message WHERE serial = $1", message.serial)
        return message


async def _of_call(connection: Connection, call_id: str, mailbox: str | None) -> MessageRow:
    rows = await connection.fetch(OF_CALL, call_id, mailbox)
    if not rows:
        raise Missing(f"call {call_id!r} left no such message: `callctl message list` has them")
    if len(rows) > 1:
        raise Complaint(f"call {call_id!r} left several messages: say of which mailbox")
    return MessageRow(*rows[0])
