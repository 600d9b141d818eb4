"""The witness asked about legs whose news got lost: off the loop, and not for long.

Rule 1: calls wait for it `ASK_S_MAX` at most. What it has not said by then it does not know.
Rule 2: a moment outside the gap was stamped by a clock that somebody has set since: it proves nothing.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from callctl.asterisk.witness import Witnessed, lines_since, moments
from callctl.calls.events import LegsListed
from callctl.clock import Clock

log = logging.getLogger("callctl")

ASK_S_MAX = 1.0
AGAIN_S = 0.03

# News may have been as long on their way when the gap began; lines may stand as far out of their order.
BEFORE_GAP_MS = 5_000


class Witness:
    def __init__(self, path: str | None, clock: Clock) -> None:
        self._path = Path(path) if path else None
        self._clock = clock

    async def added(self, listed: LegsListed, in_doubt: Mapping[str, int]) -> LegsListed:
        """`in_doubt`: since when news of these legs may have been lost."""
        if not in_doubt or self._path is None:
            return listed
        seen = Witnessed()
        try:
            async with asyncio.timeout(ASK_S_MAX):
                pause_s = AGAIN_S
                while True:
                    seen = await asyncio.to_thread(self._read, self._path, in_doubt)
                    # Asterisk may write of an end a moment after it tells who is left.
                    if in_doubt.keys() - listed.alive <= seen.ended_ms.keys():
                        break
                    await asyncio.sleep(pause_s)
                    pause_s *= 2
        except TimeoutError:
            silent = sorted(in_doubt.keys() - listed.alive - seen.ended_ms.keys())
            log.warning("the witness does not say how they ended: %s", ", ".join(silent))
        except OSError as error:
            log.warning("the witness cannot be read: %s", error)
        asked_at_ms = listed.asked_at_ms
        return replace(
            listed,
            answered_ms=self._believed(seen.answered_ms, in_doubt, asked_at_ms),
            # Who has left by the time that the question came back may have left before it was asked.
            ended_ms={
                leg_id: min(at_ms, asked_at_ms)
                for leg_id, at_ms in self._believed(seen.ended_ms, in_doubt, asked_at_ms).items()
            },
        )

    def _read(self, path: Path, in_doubt: Mapping[str, int]) -> Witnessed:
        since_ms = self._clock.stamp_ms(min(in_doubt.values()) - BEFORE_GAP_MS)
        return moments(lines_since(path, since_ms), in_doubt.keys())

    def _believed(
        self, stamps: Mapping[str, int], in_doubt: Mapping[str, int], asked_at_ms: int
    ) -> dict[str, int]:
        """In our time."""
        believed: dict[str, int] = {}
        for leg_id, stamp_ms in stamps.items():
            at_ms = self._clock.stamped_ms(stamp_ms)
            if in_doubt[leg_id] - BEFORE_GAP_MS <= at_ms <= asked_at_ms + BEFORE_GAP_MS:
                believed[leg_id] = at_ms
        return believed
