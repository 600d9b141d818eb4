"""Notices told to whoever listens to the stream of events; reminders made in their time.

Rule 1: while nobody listens nothing is looked at but, once an hour, whose secret is old.
"""

import asyncio
import logging

from callctl.api.notices import show_notice
from callctl.api.stream import Stream
from callctl.storage.database import DatabaseAway, Fenced
from callctl.storage.notices import LOOK_BACK, Notices
from callctl.wrong_secrets import WrongSecrets

LOOK_EVERY_S = 1.0
REMIND_EVERY_S = 3600.0

log = logging.getLogger(__name__)


class Herald:
    def __init__(self, notices: Notices, stream: Stream, wrong_secrets: WrongSecrets) -> None:
        self._notices = notices
        self._stream = stream
        self._wrong_secrets = wrong_secrets
        self._newest: int | None = None  # None: nobody listened
        self._told: set[int] = set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        remind_at = loop.time()
        while True:
            try:
                if loop.time() >= remind_at:
                    await self._notices.remind()
                    remind_at = loop.time() + REMIND_EVERY_S
                await self._write()
                await self._look()
            except (DatabaseAway, Fenced) as error:
                log.debug("notices wait for the database: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _write(self) -> None:
        if told := list(self._wrong_secrets.notices):
            await self._notices.add(told)
            del self._wrong_secrets.notices[: len(told)]

    async def _look(self) -> None:
        if not self._stream.listening:
            self._newest = None
            return
        if self._newest is None:
            self._newest = await self._notices.newest()
            self._told = {row.serial for row in await self._notices.newer(self._newest)}
            return
        for row in await self._notices.newer(self._newest):
            if row.serial not in self._told:
                self._told.add(row.serial)
                self._newest = max(self._newest, row.serial)
                self._stream.tell("notice", show_notice(row))
        self._told = {serial for serial in self._told if serial > self._newest - LOOK_BACK}
