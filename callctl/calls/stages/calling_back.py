"""The beginning of a call of ours: somebody who asked for it is rung, and is the caller when he answers.

Rule 1: the subscriber pays for it as for any call out, from the answer on, whoever or whatever answers.
Rule 2: one way to his phone a call: the next way, or the next try, is a call of its own.
"""

from callctl.calls.events import LegAnswered, LegEvent, LegReady, OrderRefused, Why
from callctl.calls.legs import LegState
from callctl.calls.lines.call_backs import Promise
from callctl.calls.orders import Dial, Order, PlaceLeg
from callctl.calls.outcomes import outcome_of
from callctl.calls.scene import Scene, Stage
from callctl.calls.states import State
from dialplan.scheme import Scheme
from dialplan.steps import Done, NotReached
from rating.refusal import Refusal


class CallingBack(Stage):
    state = State.RINGING

    def __init__(self, scene: Scene, promise: Promise) -> None:
        self._scene = scene
        self._promise = promise
        self._until_ms = 0

    def begin(self, at_ms: int) -> list[Order]:
        scene, promise = self._scene, self._promise
        self._until_ms = at_ms + promise.terms.patience_ms
        connection, admitted = scene.connections.admit_call_back(at_ms, self._until_ms)
        if isinstance(admitted, Refusal):
            scene.caller.gone()
            self.outcome = NotReached.REFUSED
            return [scene.refuse(connection, admitted, at_ms)]
        until_ms = self._until_ms + scene.terms.second_cut_ms
        way = promise.ways[promise.way]
        leg_id = scene.caller.leg_id
        place = PlaceLeg(leg_id, None, way, scene.line, until_ms, True, account_id=scene.account_id)
        return [admitted, place]

    def deadline_ms(self) -> int | None:
        return self._until_ms

    def wake(self, at_ms: int) -> list[Order]:
        self.outcome = NotReached.NO_ANSWER
        return []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        scene, caller = self._scene, self._scene.caller
        match event:
            case LegReady(caller.leg_id):
                return [Dial(caller.leg_id, self._until_ms - at_ms, caller.since_ms)]
            case LegAnswered(caller.leg_id):
                self.outcome = Done()
                return [*scene.call_backs.kept(self._promise)]
            case _:
                return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if isinstance(event.order, PlaceLeg | Dial) and event.why is not Why.GONE:
            self.outcome = NotReached.UNREACHABLE
        return []


def why_missed(scene: Scene) -> NotReached:
    """Why he who was called back is not on the phone."""
    if scene.refusal:
        return NotReached.REFUSED
    caller = scene.caller
    return outcome_of(caller.gone_cause) if caller.answered_at_ms is None else NotReached.NO_ANSWER


def promise_to(scene: Scene, scheme: Scheme, at_ms: int) -> Promise:
    """`scheme`: from the queue on in which the caller's place is kept."""
    place = scene.place
    assert place and place.queue.call_back
    scene.place, scene.is_promised = None, True
    terms = place.queue.call_back
    return Promise(
        place,
        scene.call_id,
        tuple(scene.ways_to(place.caller)),
        scene.line,
        scheme,
        scene.scheme_version,
        scene.hops,
        terms,
        at_ms + terms.within_ms,
        scene.caller_name,
        scene.record,
        scene.record_node,
    )


def place_again(scene: Scene, promise: Promise) -> None:
    """In this call the promise is kept; it goes on where the earlier one was left."""
    scene.caller.state = LegState.PLACED
    scene.promise, scene.place = promise, promise.place
    scene.scheme_version, scene.hops = promise.scheme_version, promise.hops
    scene.caller_name = promise.caller_name
    scene.record, scene.record_node = promise.record, promise.record_node
