"""Orders carried out on a real Asterisk.

Rule 1: what comes back is done, or why not; no exception of a library leaves this room.
Rule 2: time limits go over AMI, which waits behind nothing; over ARI only while AMI is away.
"""

import logging

from callctl.asterisk.ami import Ami
from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.asterisk.wire import Operation, seconds_left, write
from callctl.calls.events import Why
from callctl.calls.orders import Bound, JoinAndDial, MediaOrder, PlaceLeg
from callctl.clock import Clock

log = logging.getLogger(__name__)

# 404: no such channel or bridge; 409, 422: it has left our application; 400: addChannel's word for 404.
GONE = {404, 409}
GONE_JOINING = {400, 404, 409, 412, 422}
# We choose the ids: what exists already was made by us, for an earlier try or by the same order before.
EXISTS = 409
CREATING = {("channels", "create"), ("bridges", "createWithId")}


class Switch:
    def __init__(self, ari: Ari, ami: Ami, clock: Clock) -> None:
        self._ari = ari
        self._ami = ami
        self._clock = clock

    async def carry_out(self, order: MediaOrder) -> Why | None:
        """None when it is done."""
        if isinstance(order, Bound):
            why = await self._ami.bound(order.leg_id, seconds_left(order.until_ms, self._clock.now_ms()))
            if why is not Why.UNKNOWN:
                return why
        try:
            for operation in write(order, self._clock.now_ms()):
                await self._do(operation)
        except AriRefused as refused:
            why = _why(order, refused.status)
            if why is Why.REJECTED:
                log.warning("%s was rejected: %s", order, refused)
            return why
        except AriUnknown as unknown:
            log.warning("%s: no answer: %s", order, unknown)
            return Why.UNKNOWN
        return None

    async def _do(self, operation: Operation) -> None:
        try:
            await self._ari.call(operation)
        except AriRefused as refused:
            if refused.status != EXISTS or (operation.resource, operation.name) not in CREATING:
                raise


def _why(order: MediaOrder, status: int) -> Why:
    match order:
        case PlaceLeg():
            return Why.REJECTED
        case JoinAndDial():
            return Why.GONE if status in GONE_JOINING else Why.REJECTED
        case _:
            return Why.GONE if status in GONE else Why.REJECTED
