"""Orders carried out on a real Asterisk.

Rule 1: what comes back is done, or why not; no exception of a library leaves this room.
Rule 2: time limits go over AMI, which waits behind nothing; over ARI only while AMI is away.
Rule 3: to end what has ended by itself is done.
"""

import logging
from dataclasses import replace
from pathlib import Path

from callctl.asterisk.ami import Ami
from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.asterisk.operations import Operation, seconds_left, write
from callctl.asterisk.sounds import Sounds, Unplayable
from callctl.calls.events import Why
from callctl.calls.orders import (
    Bound,
    Join,
    JoinAndDial,
    MediaOrder,
    MusicOff,
    Part,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
    RecordBridge,
    RecordLeg,
    StopPlaying,
    StopRecording,
)
from callctl.clock import Clock
from callctl.places import SOUNDS

log = logging.getLogger(__name__)

# 404: no such channel or bridge; 409, 422: it has left our application; 400: addChannel's word for 404.
GONE = {404, 409}
GONE_JOINING = {400, 404, 409, 412, 422}
# 409 of a recording may be one that exists: nobody shall wait for the end of what did not begin.
GONE_RECORDING = {404}
# We choose the ids: what exists already was made by us, for an earlier try or by the same order before.
EXISTS = 409
CREATING = {("channels", "create"), ("bridges", "createWithId")}


class Switch:
    def __init__(self, ari: Ari, ami: Ami, clock: Clock, own_sounds: Path | None = None) -> None:
        self._ari = ari
        self._ami = ami
        self._clock = clock
        self._sounds = Sounds(own_sounds, SOUNDS)

    async def carry_out(self, order: MediaOrder) -> Why | None:
        """None when it is done."""
        if isinstance(order, Bound):
            why = await self._ami.bound(order.leg_id, seconds_left(order.until_ms, self._clock.now_ms()))
            if why is not Why.UNKNOWN:
                return why
        try:
            for operation in write(self._located(order), self._clock.now_ms()):
                await self._do(operation)
        except Unplayable as missing:
            log.error("%s: there is no sound %s", order, missing)
            return Why.REJECTED
        except AriRefused as refused:
            why = why_refused(order, refused.status)
            if why is Why.REJECTED:
                log.warning("%s was rejected: %s", order, refused)
            return why
        except AriUnknown as unknown:
            log.warning("%s: no answer: %s", order, unknown)
            return Why.UNKNOWN
        return None

    def _located(self, order: MediaOrder) -> MediaOrder:
        match order:
            case PlayToLeg():
                return replace(order, media=self._sounds.media(order.media))
            case PlayToBridge():
                (media,) = self._sounds.media((order.media,))
                return replace(order, media=media)
            case _:
                return order

    async def _do(self, operation: Operation) -> None:
        try:
            await self._ari.call(operation)
        except AriRefused as refused:
            if refused.status != EXISTS or (operation.resource, operation.name) not in CREATING:
                raise


def why_refused(order: MediaOrder, status: int) -> Why | None:
    match order:
        case PlaceLeg():
            return Why.REJECTED
        case StopPlaying() | StopRecording() | MusicOff() | Part() if status in GONE_JOINING:
            return None
        case JoinAndDial() | Join():
            return Why.GONE if status in GONE_JOINING else Why.REJECTED
        case RecordLeg() | RecordBridge():
            return Why.GONE if status in GONE_RECORDING else Why.REJECTED
        case _:
            return Why.GONE if status in GONE else Why.REJECTED
