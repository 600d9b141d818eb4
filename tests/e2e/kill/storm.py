"""One part after the other is killed, at moments that a seed draws, also while it starts.

Rule 1: half of all deaths come to a service that was ready, the others at any moment. Nothing else is waited
for but what the next life needs to start.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

from callctl.stack.up import wait_ready
from tests.e2e.disks import fill
from tests.e2e.hole import Hole
from tests.e2e.parts import Parts, start_run

LIVES_S_MAX = 6.0
AWAY_S_MAX = 9.0
TOLD_EVERY = 10


class Victim(Enum):
    SERVICE = "service"
    ASTERISK = "asterisk"
    POSTGRES = "postgres"
    BOTH = "both"  # the service and PostgreSQL
    ARI = "ari"  # everything is swallowed on the way to it
    DISK = "disk"  # full, the one under PostgreSQL


@dataclass(frozen=True, slots=True)
class Storm:
    parts: Parts
    hole: Hole
    disk: Path
    luck: Random
    report: Callable[[str], None]
    asterisk_died_us: list[int] = field(default_factory=list)

    async def rage(self, times: int, victims: Sequence[Victim]) -> None:
        """Each in its turn, all as often. Afterwards they serve."""
        strike: dict[Victim, Callable[[], Awaitable[None]]] = {
            Victim.SERVICE: self._service,
            Victim.ASTERISK: self._asterisk,
            Victim.POSTGRES: self._postgres,
            Victim.BOTH: self._both,
            Victim.ARI: self._ari,
            Victim.DISK: self._disk,
        }
        turn: list[Victim] = []
        for struck in range(1, times + 1):
            turn = turn or self.luck.sample(victims, len(victims))
            if self.luck.random() < 0.5:
                await wait_ready(self.parts.service, self.parts.stack.api_url)
            await asyncio.sleep(self.luck.uniform(0.1, LIVES_S_MAX))
            await strike[turn.pop()]()
            if struck % TOLD_EVERY == 0:
                self.report(f"struck {struck} times")
        await wait_ready(self.parts.service, self.parts.stack.api_url)

    async def _service(self) -> None:
        await self.parts.kill_service()
        await self._serve_again()

    async def _asterisk(self) -> None:
        await self.parts.kill_asterisk()
        self.asterisk_died_us.append(time.time_ns() // 1000)
        await asyncio.sleep(self.luck.uniform(0, 2))
        await self.parts.start_asterisk()

    async def _postgres(self) -> None:
        await self.parts.kill_postgres()
        await asyncio.sleep(self.luck.uniform(0, AWAY_S_MAX))
        await self.parts.start_postgres()

    async def _both(self) -> None:
        await asyncio.gather(self.parts.kill_postgres(), self.parts.kill_service())
        await self.parts.start_postgres()
        await self._serve_again()

    async def _ari(self) -> None:
        self.hole.swallow()
        await asyncio.sleep(self.luck.uniform(0, AWAY_S_MAX))
        self.hole.heal()

    async def _disk(self) -> None:
        ballast = fill(self.disk)
        await asyncio.sleep(self.luck.uniform(0, AWAY_S_MAX))
        ballast.unlink()
        if not self.parts.postgres.child.is_running:
            self.parts.postgres.home.leave()
            await self.parts.start_postgres()

    async def _serve_again(self) -> None:
        stack = self.parts.stack
        self.parts.service = await start_run(stack.settings_file, stack.state / "service.log")
