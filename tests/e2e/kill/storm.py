"""The service is killed again and again, at moments that a seed draws, also while it starts.

Rule 1: nothing is waited for between two kills but the drawn time.
"""

import asyncio
from collections.abc import Callable
from random import Random

from callctl.stack.up import wait_ready
from tests.e2e.parts import Parts, start_run

LIVES_S_MAX = 6.0
TOLD_EVERY = 10


async def storm(parts: Parts, kills: int, luck: Random, report: Callable[[str], None]) -> None:
    """Afterwards a service serves."""
    for kill in range(1, kills + 1):
        await asyncio.sleep(luck.uniform(0.1, LIVES_S_MAX))
        await parts.kill_service()
        parts.service = await start_run(parts.stack.settings_file, parts.stack.state / "service.log")
        if kill % TOLD_EVERY == 0:
            report(f"killed {kill} times")
    await wait_ready(parts.service, parts.stack.api_url)
