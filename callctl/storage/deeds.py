"""What was changed by whom, over HTTP: lines that are added and never changed.

Rule 1: no deed is left out: what cannot be written now is in the log, and written with the next one. When the
    database goes away amid a line, it may stand twice.
Rule 2: no body and no secret is written down, only who asked for which path and what came of it.
"""

import asyncio
import logging
from collections import deque
from dataclasses import astuple, dataclass
from datetime import datetime

from callctl.clock import moment
from callctl.complaint import one_line
from callctl.storage.database import DatabaseAway, Fenced
from callctl.storage.ownership import SHARD
from callctl.storage.till import Till, no_doubt

# While the database is away nearly everything is refused; longer lists are in the log only.
WAITING_MAX = 10_000
TEXT_CHARACTERS_MAX = 500

ADD = """
INSERT INTO audit (shard, at, who, method, route, subject, status, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
LIST = """
SELECT serial, at, who, method, route, subject, status, detail FROM audit
WHERE shard = $1 AND serial < $2 AND ($3 = '' OR who = $3) ORDER BY serial DESC LIMIT $4
"""

log = logging.getLogger("callctl.audit")


@dataclass(frozen=True, slots=True)
class Deed:
    at: datetime
    who: str
    method: str
    route: str
    subject: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class DeedRow:
    serial: int
    deed: Deed


class Deeds:
    def __init__(self, till: Till) -> None:
        self._till = till
        self._waiting: deque[Deed] = deque(maxlen=WAITING_MAX)
        self._turn = asyncio.Lock()

    async def write(self, who: str, method: str, route: str, subject: str, status: int, detail: str) -> None:
        at = moment(self._till.clock.now_ms())
        deed = Deed(at, who, method, route, _short(subject), status, _short(detail))
        log.info("%s: %s %s: %d %s", deed.who, deed.method, deed.subject, deed.status, deed.detail)
        self._waiting.append(deed)
        if status < 500:  # else whatever is away would be waited for once more
            await self._write_waiting()

    async def page(self, before: int, who: str, most: int) -> list[DeedRow]:
        """Newest first."""
        await self._write_waiting()
        async with self._till.reading() as connection:
            rows = await connection.fetch(LIST, SHARD, before, who, most)
        return [DeedRow(row["serial"], Deed(*tuple(row)[1:])) for row in rows]

    async def _write_waiting(self) -> None:
        async with self._turn:
            deeds = list(self._waiting)
            if not deeds:
                return
            try:
                async with self._till.writing(no_doubt) as connection:
                    await connection.executemany(ADD, [(SHARD, *astuple(deed)) for deed in deeds])
            except (DatabaseAway, Fenced) as error:
                log.warning("%d lines of the audit wait for the database: %s", len(deeds), error)
                return
            for _ in deeds:
                self._waiting.popleft()


def _short(text: str) -> str:
    """No column takes half a pair of surrogates."""
    return one_line(text).encode("utf-8", "backslashreplace").decode()[:TEXT_CHARACTERS_MAX]
