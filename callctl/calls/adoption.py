"""Calls that an earlier life of the service began and that still live.

Rule 1: who talks goes on talking, with the answer, the terms and the units that he had.
Rule 2: a caller who talks to nobody begins his node again; whoever was rung for him is let go.
"""

from dataclasses import dataclass

from callctl.calls.call import Call
from callctl.calls.connections import Connections
from callctl.calls.legs import Attempt, Leg, LegState
from callctl.calls.money.meter import Meter
from callctl.calls.money.ticket import Ticket
from callctl.calls.records import CallAt, Connection
from callctl.calls.scene import Scene
from dialplan.walk import Walk


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection without a bill. Its meter has bought what was talked up to now, or what could be paid."""

    connection: Connection
    answered_at_ms: int | None
    meter: Meter | None
    is_inside: bool = False

    @property
    def ticket(self) -> Ticket:
        return Ticket(self.connection, self.meter, self.answered_at_ms, is_inside=self.is_inside)


@dataclass(frozen=True, slots=True)
class Living:
    place: CallAt
    caller_answered_ms: int | None
    way_in: Opened | None
    talk: Opened | None
    joined: frozenset[str]  # who is in the bridge of the call
    tries: int  # that were made to reach somebody


def caller_of(living: Living) -> Leg:
    place, answered_ms = living.place, living.caller_answered_ms
    state = LegState.RINGING if answered_ms is None else LegState.UP
    return Leg(place.call_id, place.caller, state, place.arrived_at_ms, answered_ms)


def call_of(living: Living, scene: Scene, at_ms: int) -> Call:
    place = living.place
    scene.scheme_version, scene.hops, scene.seat = place.scheme_version, place.hops, place.seat
    scene.caller_name, scene.record, scene.record_node = place.caller_name, place.record, place.record_node
    scene.node = place.node
    scene.skip_serials(at_ms - place.arrived_at_ms)
    scene.joined = set(living.joined)
    scene.is_bridged = bool(living.joined)
    _resume(scene.connections, living, scene.caller)
    here = place.scheme.model_copy(update={"start": place.node})
    return Call(place.number, scene=scene, walk=Walk(here), earlier=place)


def _resume(connections: Connections, living: Living, caller: Leg) -> None:
    talking = _attempt(living.talk, caller) if living.talk else None
    way_in = living.way_in.ticket if living.way_in else None
    connections.resume(way_in, talking, living.tries)


def _attempt(talk: Opened, caller: Leg) -> Attempt:
    answered_ms = talk.answered_at_ms
    assert answered_ms is not None, talk
    leg = Leg(talk.connection.leg_id, talk.connection.number, LegState.UP, answered_ms, answered_ms)
    return Attempt(leg, caller, talk.ticket, ring_until_ms=answered_ms)
