"""Legs on trunks, from their order to their answer or end, counted for Prometheus.

Rule 1: each leg is counted once: when it answers, or when it is gone without.
Rule 2: whose end nobody tells is found by the next list, so nothing is kept for ever.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from callctl.calls.events import Event, LegAnswered, LegGone, LegReady, LegRings, LegsListed
from callctl.calls.orders import MediaOrder, PlaceLeg, Trunk
from callctl.metrics import TrunkEnd, TrunkMetrics
from dialplan.causes import Cause

_NO_USER_RESPONDING = 18  # a SIP 408 or 480

_ENDS = {
    Cause.BUSY: TrunkEnd.BUSY,
    Cause.REJECTED: TrunkEnd.REJECTED,
    _NO_USER_RESPONDING: TrunkEnd.NO_ANSWER,
    Cause.NO_ANSWER: TrunkEnd.NO_ANSWER,
    Cause.NORMAL: TrunkEnd.GIVEN_UP,
    Cause.ANSWERED_ELSEWHERE: TrunkEnd.GIVEN_UP,
}


@dataclass(slots=True)
class _Leg:
    trunk: TrunkMetrics
    placed_at_ms: int
    dialled_at_ms: int | None = None
    has_rung: bool = False


class TrunkTally:
    def __init__(self, trunks: Iterable[str], now_ms: Callable[[], int]) -> None:
        self._trunks = {trunk: TrunkMetrics(trunk) for trunk in trunks}
        self._now_ms = now_ms
        self._legs: dict[str, _Leg] = {}

    def __len__(self) -> int:
        return len(self._legs)

    def ordered(self, order: MediaOrder) -> None:
        if isinstance(order, PlaceLeg) and isinstance(order.endpoint, Trunk):
            self._legs[order.leg_id] = _Leg(self._trunks[order.endpoint.name], self._now_ms())

    def refused(self, order: MediaOrder) -> None:
        if isinstance(order, PlaceLeg):
            self._end(order.leg_id, TrunkEnd.FAILED)

    def heard(self, event: Event) -> None:
        match event:
            case LegReady(leg_id) if leg := self._legs.get(leg_id):
                leg.dialled_at_ms = self._now_ms()  # it is dialled at once
            case LegRings(leg_id) if leg := self._legs.get(leg_id):
                self._rang(leg)
            case LegAnswered(leg_id) if leg := self._legs.get(leg_id):
                self._rang(leg)
                self._end(leg_id, TrunkEnd.ANSWERED)
            case LegGone(leg_id, cause):
                self._end(leg_id, _ENDS.get(cause, TrunkEnd.FAILED))
            case LegsListed():
                self._listed(event)
            case _:
                pass

    def _rang(self, leg: _Leg) -> None:
        if leg.dialled_at_ms is not None and not leg.has_rung:
            leg.trunk.post_dial_delay.observe((self._now_ms() - leg.dialled_at_ms) / 1000)
            leg.has_rung = True

    def _end(self, leg_id: str, end: TrunkEnd) -> None:
        if leg := self._legs.pop(leg_id, None):
            leg.trunk.legs[end].inc()

    def _listed(self, event: LegsListed) -> None:
        gone = [leg_id for leg_id in self._legs if leg_id not in event.alive]
        for leg_id in gone:
            if self._legs[leg_id].placed_at_ms < event.proven_at_ms:
                self._end(leg_id, TrunkEnd.LOST)
