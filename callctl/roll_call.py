"""Who is still there: asked after each connection to Asterisk, and now and then.

Rule 1: who is missing ended when the witness says; without a witness, when he was last proven alive.
Rule 2: a bridge that nobody's call knows is closed: the order to close it may have got lost.
Rule 3: what the service before us left is taken up by the first list, before ours hear of it.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from callctl.asterisk import wire
from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.asterisk.testimony import Witness
from callctl.asterisk.witness import Witnessed, witnessed
from callctl.calls.events import LegsListed
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.inheritance import Inheritance

log = logging.getLogger("callctl")


class RollCall:
    def __init__(
        self,
        switchboard: Switchboard,
        inheritance: Inheritance,
        witness: str | None,
        clock: Clock,
        hear: Callable[[LegsListed, int], None],
    ) -> None:
        self._switchboard = switchboard
        self._inheritance = inheritance
        self._witness = Witness(witness, clock)
        self._path = Path(witness) if witness else None
        self._clock = clock
        self._hear = hear
        self._proven_at_ms = self._listed_at_ms = clock.now_ms()
        switchboard.silence.proven(self._proven_at_ms)

    def heard(self, at_ms: int) -> None:
        """By then all news had come."""
        self._prove(min(max(self._proven_at_ms, at_ms), self._clock.now_ms()))

    def connected(self, is_up: bool) -> None:
        """Of a stream that is lost, only what came proves anything."""
        if is_up:
            self._prove(self._clock.now_ms())

    async def first(self, channels: list[wire.Frame], bridges: list[wire.Frame], asked_at_ms: int) -> None:
        """After every (re)connect: who is missing left in the gap."""
        listed = wire.read_list(channels, asked_at_ms, self._proven_at_ms, bridges, is_after_gap=True)
        listed = await self._testified(listed)
        seen = await self._witnessed(listed)
        self._inheritance.take_up(listed, seen)
        self._tell(listed, seen)

    async def now_and_then(self, ari: Ari, every_s: float) -> None:
        """News that got lost are found out here; the stream itself is watched by its heartbeat."""
        while True:
            await asyncio.sleep(every_s)
            if not ari.is_up:
                continue
            asked_at_ms = self._clock.now_ms()
            try:
                bridges = await ari.list_bridges()
                channels = await ari.list_channels()
            except (AriRefused, AriUnknown) as error:
                log.warning("channels could not be listed: %s", error)
                continue
            if not ari.is_up:  # the news before it are lost: the list of the next connection knows of that
                continue
            listed = wire.read_list(channels, asked_at_ms, self._listed_at_ms, bridges, is_after_gap=False)
            listed = await self._testified(listed)
            self._tell(listed, await self._witnessed(listed))
            if not self._switchboard.calls_running:
                self._clock.anchor()

    def _prove(self, at_ms: int) -> None:
        self._proven_at_ms = at_ms
        self._switchboard.silence.proven(at_ms)

    async def _testified(self, listed: LegsListed) -> LegsListed:
        return await self._witness.added(listed, self._switchboard.in_doubt(listed))

    async def _witnessed(self, listed: LegsListed) -> Witnessed:
        """Of what the service before us left."""
        question = self._inheritance.question(listed)
        if question is None or self._path is None:
            return Witnessed()
        return await asyncio.to_thread(witnessed, self._path, question)

    def _tell(self, listed: LegsListed, seen: Witnessed) -> None:
        self._listed_at_ms = listed.asked_at_ms
        self._hear(self._inheritance.listed(listed, seen), listed.asked_at_ms)
