"""Who calls, and which call that makes: for one from outside the scheme, for a seat what it dialled.

Rule 1: an emergency number is reached from everywhere, whatever the subscriber's scheme or state (S-13).
Rule 2: from one number of ours to another a call is forwarded so often and no more.
"""

from callctl.calls.adoption import Living, call_of, caller_of
from callctl.calls.call import Call
from callctl.calls.connections import Connections
from callctl.calls.directory import Directory
from callctl.calls.events import CallArrived, SeatDialled
from callctl.calls.legs import Leg, LegState, called_back_id
from callctl.calls.lines.call_backs import CallBacks, Promise
from callctl.calls.lines.lines import Lines, Place
from callctl.calls.money.purse import Purse
from callctl.calls.records import PlaceKept
from callctl.calls.scene import Scene
from callctl.calls.seats import Seats
from callctl.calls.silence import Silence
from callctl.calls.stages.calling_back import place_again
from callctl.calls.terms import CallTerms
from dialplan.causes import Cause
from dialplan.facts import Facts, Standing
from dialplan.numbers import EMERGENCY, normal_number
from dialplan.scheme import Scheme
from dialplan.steps import Queue
from dialplan.straight import dialled, to_emergency
from dialplan.targets import Outside, Seat, Target
from dialplan.walk import Walk
from rating.ledger import Ledger
from rating.money import ZERO

# Two numbers could be forwarded to each other.
HOPS_MAX = 4

# What a seat dials to take a call that rings at another; behind it the other's name, or nothing for any.
PICK_UP = "*8"


class Arrivals:
    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        seats: Seats,
        lines: Lines,
        call_backs: CallBacks,
        terms: CallTerms,
        silence: Silence,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._seats = seats
        self._lines = lines
        self._call_backs = call_backs
        self._terms = terms
        self._silence = silence

    def from_outside(self, event: CallArrived, at_ms: int) -> Call | Cause:
        """Or why it is none."""
        line = normal_number(event.number) or event.number
        if event.number in EMERGENCY:
            caller = self._directory.number(normal_number(event.caller) or "")
            account_id = caller.account_id if caller else ""
            scheme, version = to_emergency(event.number), 0
        elif number := self._directory.number(line):
            account_id, scheme, version = number.account_id, number.scheme, number.scheme_version
        else:
            return Cause.NOT_FOUND
        if event.hops > HOPS_MAX:
            return Cause.CONGESTION
        scene = self._scene(event.leg_id, event.caller, account_id, line, at_ms)
        scene.scheme_version, scene.hops = version, event.hops
        return self._call(scene, scheme, event.number)

    def from_seat(self, event: SeatDialled, at_ms: int) -> Call | Cause:
        known = self._seats.seat_of(event.device)
        if known is None:
            return Cause.REJECTED
        account_id, seat = known
        target = self.target_of(account_id, event.number)
        if target is None:
            return Cause.NOT_FOUND
        is_emergency = isinstance(target, Outside) and target.number in EMERGENCY
        shown = self._seats.shown(account_id, seat)
        scene = self._scene(event.leg_id, shown, account_id, event.number if is_emergency else shown, at_ms)
        scene.seat = seat
        self._seats.engage(account_id, seat, event.leg_id, lambda: scene.caller.state is LegState.GONE)
        scheme = to_emergency(event.number) if is_emergency else dialled(target)
        return self._call(scene, scheme, event.number)

    def from_us(self, place: Place, at_ms: int) -> Call:
        """The caller whose place this is, called back."""
        promise, number = self._call_backs.turn(place)
        call_id = called_back_id(number, promise.call_id)
        scene = self._scene(call_id, place.caller, place.account_id, promise.line, at_ms)
        place_again(scene, promise)
        return self._call(scene, promise.scheme, promise.line)

    def kept(self, kept: PlaceKept, at_ms: int) -> Promise:
        """The place of somebody who waits at home since an earlier life of the service."""
        scene = self._scene(kept.call_id, kept.caller, kept.account_id, kept.line, at_ms)
        scene.hops = kept.hops
        facts = Facts(kept.call_id, at_ms, kept.caller, ZERO, Standing.ACTIVE)
        queue = Walk(kept.scheme).begin(facts)
        assert isinstance(queue, Queue) and queue.call_back, kept
        place = self._lines.join(kept.account_id, kept.call_id, kept.caller, queue, kept.since_ms)
        self._lines.keep(place, kept.caller)
        return Promise(
            place,
            kept.call_id,
            tuple(scene.ways_to(kept.caller)),
            kept.line,
            kept.scheme,
            kept.scheme_version,
            kept.hops,
            queue.call_back,
            kept.until_ms,
            kept.caller_name,
            kept.record,
            kept.record_node,
            tries=kept.tries,
        )

    def again(self, living: Living, at_ms: int) -> Call:
        """Of an earlier life of the service."""
        place = living.place
        account_id, talk = place.account_id, living.talk
        scene = self._scene_of(caller_of(living), account_id, place.line)
        call = call_of(living, scene, at_ms)
        if place.seat:
            self._seats.engage(
                account_id, place.seat, call.call_id, lambda: scene.caller.state is LegState.GONE
            )
        talking = scene.connections.talking
        if talk and talk.is_inside and talking:
            self._seats.engage(account_id, talking.leg.number, call.call_id, lambda: talking.is_settled)
        return call

    def target_of(self, account_id: str, typed: str) -> Target | None:
        """Whom a seat means: help, a colleague, or a number outside."""
        if typed in EMERGENCY:
            return Outside(typed)
        if self._seats.is_known(account_id, typed):
            return Seat(typed)
        number = normal_number(typed)
        return Outside(number) if number else None

    def _scene(self, leg_id: str, caller_number: str, account_id: str, line: str, at_ms: int) -> Scene:
        return self._scene_of(Leg(leg_id, caller_number, LegState.RINGING, at_ms), account_id, line)

    def _scene_of(self, caller: Leg, account_id: str, line: str) -> Scene:
        tariffs = self._directory.tariffs
        purse = Purse(self._ledger, tariffs, account_id, line, caller.number, caller.leg_id)
        return Scene(
            caller.leg_id,
            account_id,
            line,
            caller,
            Connections(caller.leg_id, account_id, line, caller, purse),
            purse,
            self._seats,
            self._lines,
            self._call_backs,
            self._terms,
            self._silence,
            is_own=lambda e164: self._directory.number(e164) is not None,
        )

    def _call(self, scene: Scene, scheme: Scheme, number: str) -> Call:
        return Call(number, scene=scene, walk=Walk(scheme))
