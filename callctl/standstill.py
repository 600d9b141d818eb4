"""Notices that this process did not run for a while: a machine that slept, a debugger, SIGSTOP.

Rule 1: whoever stood still may have been replaced meanwhile, and his timers are all due at once: before a
    call is touched, it is asked whose the calls are.
Rule 2: when nobody can say, we go on: unknown is not gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from callctl import metrics

log = logging.getLogger("callctl")

BEAT_S = 0.25
STANDSTILL_MS = 1_000


class Standstill:
    def __init__(self, now_ms: Callable[[], int], ask: Callable[[], Awaitable[bool | None]]) -> None:
        """`ask`: are the calls still ours?"""
        self._now_ms = now_ms
        self._ask = ask
        self._beat_at_ms = now_ms()
        self._asking: asyncio.Task[bool] | None = None

    async def watch(self) -> None:
        """Until cancelled, or until the calls are somebody else's."""
        while self.is_over or await self.ask():
            self._beat_at_ms = self._now_ms()
            self._asking = None
            await asyncio.sleep(BEAT_S)
            metrics.LOOP_LAG.observe(max(0.0, (self._now_ms() - self._beat_at_ms) / 1000 - BEAT_S))

    @property
    def is_over(self) -> bool:
        """False from the first moment after a standstill on, until the answer is there."""
        return self._asking is None and self._now_ms() - self._beat_at_ms < STANDSTILL_MS

    async def ask(self) -> bool:
        """Whether calls may be touched; all who ask after one standstill share one question."""
        if self._asking is None:
            log.info("stood still for %d ms: are the calls still ours?", self._now_ms() - self._beat_at_ms)
            self._asking = asyncio.create_task(self._answer(), name="ask whose the calls are")
        return await asyncio.shield(self._asking)

    async def _answer(self) -> bool:
        return await self._ask() is not False
