"""The bridges of the simulated Asterisk: who is in one with whom, and so hears him.

Rule 1: who comes in while he plays or records keeps the rest of the order waiting.
"""

from collections.abc import Callable
from functools import partial

from callctl.calls.events import Why
from callctl.calls.orders import Join, JoinAndDial, MediaOrder, Part
from callctl.simulate.legs import SimulatedBridge, SimulatedLeg
from callctl.simulate.people import People
from callctl.simulate.roads import Done
from callctl.simulate.studio import Studio
from callctl.simulate.timeline import Timeline


class Bridges:
    def __init__(self, timeline: Timeline, people: People, studio: Studio) -> None:
        self._timeline = timeline
        self._people = people
        self._studio = studio
        self.known: dict[str, SimulatedBridge] = {}
        # What no order should ever lead to; a lost or refused one may.
        self.mishaps: list[str] = []

    def when_free(self, leg: SimulatedLeg, order: MediaOrder, act: Callable[[], None]) -> None:
        if leg.is_busy:
            self.mishaps.append(f"waits behind {leg.occupied}: {order}")
        leg.when_free(act)

    def join(self, order: Join | JoinAndDial, legs: list[SimulatedLeg], done: Done) -> None:
        """One after the other; who plays keeps the rest waiting."""
        bridge = self.known.setdefault(order.bridge_id, SimulatedBridge(order.bridge_id))
        self._join_next(order, bridge, legs, done)

    def _join_next(
        self, order: Join | JoinAndDial, bridge: SimulatedBridge, legs: list[SimulatedLeg], done: Done
    ) -> None:
        if not legs:
            done(None)
        elif not legs[0].is_ours:
            done(Why.GONE)
        else:
            self.when_free(legs[0], order, partial(self._enter, order, bridge, legs, done))

    def _enter(
        self, order: Join | JoinAndDial, bridge: SimulatedBridge, legs: list[SimulatedLeg], done: Done
    ) -> None:
        leg, *others = legs
        if not leg.is_ours:
            done(Why.GONE)
            return
        self.enter(leg, bridge)
        self._join_next(order, bridge, others, done)

    def enter(self, leg: SimulatedLeg, bridge: SimulatedBridge) -> None:
        if leg.bridge is bridge:
            return
        self.part(leg)
        leg.bridge = bridge
        bridge.legs.append(leg)
        leg.joined_ms = self._timeline.now_ms if leg.joined_ms is None else leg.joined_ms
        if len(bridge.legs) > 2:
            self.mishaps.append(f"a third one in the talk: {bridge.bridge_id}")
        leg.has_ringing = False
        self.connect(leg)

    def part_from(self, leg: SimulatedLeg, order: Part, done: Done) -> None:
        is_in = leg.bridge is not None and leg.bridge.bridge_id == order.bridge_id
        if is_in:
            self.part(leg)
        done(None if is_in else Why.REJECTED)

    def part(self, leg: SimulatedLeg) -> None:
        bridge, partner = leg.bridge, leg.partner
        if bridge is None:
            return
        bridge.legs.remove(leg)
        leg.bridge = None
        for one in (leg, partner):
            if one:
                one.listen(self._timeline.now_ms)
        if not bridge.legs:
            self._studio.end_recording(bridge)

    def close(self, bridge_id: str) -> None:
        bridge = self.known.pop(bridge_id, None)
        if bridge:
            self._studio.end_recording(bridge)
            for leg in list(bridge.legs):
                self.part(leg)

    def connect(self, leg: SimulatedLeg) -> None:
        """Perhaps two people hear each other now."""
        for one in (leg, leg.partner):
            if one:
                one.listen(self._timeline.now_ms)
        caller, callee = _far_end(leg), _far_end(leg.partner)
        if callee and callee.is_caller:
            caller, callee = callee, caller
        if caller and callee and callee.phone:
            if caller.has_music or callee.has_music:
                self.mishaps.append(f"music in the talk: {callee.leg_id}")
            self._people.talk(caller, callee)


def _far_end(leg: SimulatedLeg | None) -> SimulatedLeg | None:
    """The person on this side of a bridge, through numbers of ours; None: not connected so far."""
    while leg and leg.is_up and leg.partner and leg.twin:
        leg = leg.twin.partner
    return leg if leg and leg.is_up and leg.partner and not leg.twin else None
