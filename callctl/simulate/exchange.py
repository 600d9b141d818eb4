"""A simulated Asterisk: takes orders, tells news, and errs as it is told to.

Rule 1: what happens on the legs is the truth; only the telling of it and the taking of orders have faults.
Rule 2: whoever was in a bridge before the answer is answered by it; whoever comes later is not.
Rule 3: a leg that ends tells first that its prompt or its recording is over.
Rule 4: a caller whom nobody takes over, or whose time limit is over, is the dialplan's: it calls help for him
    if that is what he has dialled, and lets all others go.
"""

from collections.abc import Callable, Set
from functools import partial

from callctl.calls.events import (
    DeviceSeen,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegGone,
    LegReady,
    Why,
)
from callctl.calls.legs import asked_in
from callctl.calls.orders import (
    Answer,
    Bound,
    CloseBridge,
    Device,
    Dial,
    HangUp,
    Inside,
    Join,
    JoinAndDial,
    MediaOrder,
    MusicOff,
    MusicOn,
    Part,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
    RecordBridge,
    RecordLeg,
    RingBack,
    StopPlaying,
    StopRecording,
    Trunk,
)
from callctl.simulate.bridges import Bridges
from callctl.simulate.legs import SimulatedBridge, SimulatedLeg, listed, witnessed
from callctl.simulate.people import CANCELLED, People
from callctl.simulate.roads import Done, Hear, Roads
from callctl.simulate.scenario import Scenario
from callctl.simulate.studio import Studio
from callctl.simulate.timeline import Timeline
from callctl.simulate.told import CallTold
from dialplan.causes import Cause
from dialplan.numbers import EMERGENCY

TAKE_OVER_MS = 2_000  # as the dialplan has it: a caller whom nobody takes over gets the fallback
RINGS_LONGER_MS = 5_000  # than the patience it was dialled with: then Asterisk itself gives up
SECOND_CUT = 102
HELP_RINGS_MS = 60_000
OUT_OF_SERVICE = 42  # what the dialplan's fallback ends with, at once when nobody serves


class Exchange:
    def __init__(
        self, timeline: Timeline, scenario: Scenario, hear: Hear, pass_by: Callable[[], None] = lambda: None
    ) -> None:
        """`pass_by`: called before anything is heard or taken; whoever hears may be gone afterwards."""
        self._timeline = timeline
        self._hear = hear
        self._has_witness = scenario.faults.witness
        self._roads = Roads(timeline, scenario.faults, scenario.seed, hear, self._take, pass_by)
        self._people = People(timeline, scenario.phones, self)
        self._studio = Studio(timeline, scenario.sounds, self._people, self._roads.tell)
        self._reachable = {device: True for seat in scenario.seats for device in seat.devices}
        self._listed_ms = timeline.now_ms
        self.legs: dict[str, SimulatedLeg] = {}
        self._bridges = Bridges(timeline, self._people, self._studio)

    @property
    def mishaps(self) -> list[str]:
        return self._bridges.mishaps

    @property
    def talked(self) -> Set[str]:
        """The legs on which two people heard each other."""
        return self._people.talked

    @property
    def legs_alive(self) -> list[str]:
        return [leg.leg_id for leg in self.legs.values() if leg.is_alive]

    @property
    def proven_ms(self) -> int:
        """Until then, no news have been lost with their stream."""
        return self._roads.proven_ms

    def desert(self) -> None:
        """The service is gone; calls go on without it."""
        self._roads.lose_client()

    def serve(self) -> None:
        """A service is there again; it hears what happens from now on."""
        self._roads.new_client()

    def ring_in(self, leg_id: str, call: CallTold) -> None:
        """A caller dials one of our numbers."""
        leg = SimulatedLeg(leg_id, call, self._timeline.now_ms, is_caller=True)
        self._arrive(leg, call.to)
        self._people.dialled(leg)

    def carry_out(self, order: MediaOrder) -> None:
        self._roads.order(order)

    def see(self, device: str, *, is_reachable: bool) -> None:
        self._reachable[device] = is_reachable
        self._roads.tell(DeviceSeen(device, is_reachable))

    def fall_silent(self) -> None:
        """The stream of news is lost for a while; then all is asked for, as after a reconnect."""
        proven_ms = self._timeline.now_ms
        self._timeline.at(self._roads.fall_silent(), partial(self._list, proven_ms, is_after_gap=True))

    def list_first(self, proven_ms: int) -> None:
        """Asked as soon as somebody serves again."""
        self._list(proven_ms, is_after_gap=True)

    def list_again(self) -> None:
        """Asked now and then, so that what got lost is found."""
        if not self._roads.is_swallowing:
            self._list(self._listed_ms, is_after_gap=False)

    def pick_up(self, leg: SimulatedLeg) -> None:
        if not leg.is_alive or leg.answered_ms is not None:
            return
        leg.answered_ms = self._timeline.now_ms
        leg.has_music = False
        self._tell(leg, LegAnswered(leg.leg_id))
        if leg.is_caller and leg.twin:
            self.pick_up(leg.twin)
        if not leg.is_caller and leg.partner and leg.partner.is_caller:
            self.pick_up(leg.partner)
        self._bridges.connect(leg)

    def leave(self, leg: SimulatedLeg, cause: int) -> None:
        if not leg.is_alive:
            return
        self._studio.close(leg)
        leg.ended_ms = self._timeline.now_ms
        self._tell(leg, LegEnded(leg.leg_id))
        has_given_up = cause == CANCELLED and leg.answered_ms is None
        self._tell(leg, LegGone(leg.leg_id, cause, has_given_up))
        self._bridges.part(leg)
        leg.free()
        leg.listen(self._timeline.now_ms)
        for one in (leg.twin, leg.help):
            if one:
                self.leave(one, cause)

    def press(self, leg: SimulatedLeg, digit: str) -> None:
        """It reaches whatever the leg is connected to, through our own numbers too."""
        if not leg.is_alive:
            return
        self._roads.tell(DigitPressed(leg.leg_id, digit))
        leg.acts(self._timeline.now_ms)
        self._studio.pressed(leg, digit)
        partner = leg.partner
        if partner and partner.twin:
            self.press(partner.twin, digit)

    def _list(self, proven_ms: int, *, is_after_gap: bool) -> None:
        self._listed_ms = self._timeline.now_ms
        legs, bridges = self.legs.values(), self._bridges.known.values()
        seen = witnessed(legs if self._has_witness else ())
        self._hear(
            listed(legs, bridges, self._listed_ms, proven_ms, is_after_gap, seen), self._timeline.wall_ms
        )
        for device, is_reachable in self._reachable.items():
            self._hear(DeviceSeen(device, is_reachable), self._timeline.wall_ms)

    def _arrive(self, leg: SimulatedLeg, number: str) -> None:
        self.legs[leg.leg_id] = leg
        leg.dialled = number
        if self._roads.is_deserted:
            self._fall_back(leg, OUT_OF_SERVICE)
            return
        self._bound(leg, self._timeline.now_ms + TAKE_OVER_MS)
        self._roads.tell(leg.arrival)

    def _take(self, order: MediaOrder, done: Done) -> None:
        match order:
            case PlaceLeg():
                done(self._place(order))
            case JoinAndDial():
                self._bridges.join(order, self._both(order), partial(self._dial_joined, order, done))
            case Join():
                self._bridges.join(order, self._both(order), done)
            case PlayToBridge():
                done(None if order.bridge_id in self._bridges.known else Why.GONE)
            case RecordBridge():
                bridge = self._bridges.known.get(order.bridge_id)
                done(self._studio.record_bridge(bridge, order) if bridge else Why.GONE)
            case CloseBridge():
                self._bridges.close(order.bridge_id)
                done(None)
            case StopRecording():
                done(None if self._studio.stop_recording(order.recording) else Why.GONE)
            case _:
                leg = self.legs.get(order.leg_id)
                if leg is None or not (leg.is_ours or (leg.is_alive and isinstance(order, HangUp))):
                    done(Why.GONE)
                else:
                    self._take_for(leg, order, done)

    def _take_for(
        self,
        leg: SimulatedLeg,
        order: Dial
        | Answer
        | RingBack
        | MusicOn
        | MusicOff
        | Bound
        | PlayToLeg
        | StopPlaying
        | RecordLeg
        | HangUp
        | Part,
        done: Done,
    ) -> None:
        """Asterisk says at once that it will play, record or ring; for the rest it waits until it is done."""
        match order:
            case Answer():
                self._bridges.when_free(leg, order, partial(self._answer, leg, done))
                return
            case Part():
                self._bridges.when_free(leg, order, partial(self._bridges.part_from, leg, order, done))
                return
            case Dial():
                self._dial(leg, order.patience_ms)
            case Bound():
                # Asterisk counts seconds from now: a wall clock that jumps does not move it.
                self._bound(leg, order.until_ms)
            case HangUp():
                self.leave(leg, order.cause)
            case RingBack():
                self._bridges.when_free(leg, order, partial(self._hear_on, leg, ringing=True))
            case MusicOn():
                self._bridges.when_free(leg, order, partial(self._hear_on, leg, music=True))
            case MusicOff():
                leg.has_music = False
            case PlayToLeg():
                self._bridges.when_free(leg, order, partial(self._studio.play, leg, order))
            case StopPlaying():
                done(None if self._studio.stop_playing(leg, order.serial) else Why.GONE)
                return
            case RecordLeg():
                self._bridges.when_free(leg, order, partial(self._record, leg, order))
        leg.listen(self._timeline.now_ms)
        done(None)

    def _answer(self, leg: SimulatedLeg, done: Done) -> None:
        self.pick_up(leg)
        done(None if leg.is_alive else Why.GONE)

    def _record(self, leg: SimulatedLeg, order: RecordLeg) -> None:
        if leg.is_alive:
            self.pick_up(leg)
            self._studio.record(leg, order)

    def _hear_on(self, leg: SimulatedLeg, *, music: bool = False, ringing: bool = False) -> None:
        leg.has_music = music or leg.has_music
        leg.has_ringing = ringing or leg.has_ringing
        leg.listen(self._timeline.now_ms)

    def _place(self, order: PlaceLeg) -> Why | None:
        if order.leg_id in self.legs:
            return None  # it exists already, as Asterisk says with 409
        endpoint = order.endpoint
        if isinstance(endpoint, Device) and not self._reachable.get(endpoint.name):
            return Why.REJECTED
        is_caller, now_ms = order.caller_leg_id is None, self._timeline.now_ms
        call = self.legs[order.caller_leg_id or asked_in(order.leg_id) or ""].call
        leg = SimulatedLeg(order.leg_id, call, now_ms, is_caller=is_caller)
        if isinstance(endpoint, Inside):
            leg.number, leg.hops = endpoint.number, endpoint.hops
        else:
            leg.phone = self._people.phone_of(endpoint, call)
        self.legs[order.leg_id] = leg
        self._bound(leg, order.until_ms)
        self._roads.tell(LegReady(leg.leg_id))
        return None

    def _dial_joined(self, order: JoinAndDial, done: Done, why: Why | None) -> None:
        if why is None:
            self._dial(self.legs[order.leg_ids[1]], order.patience_ms)
        done(why)

    def _dial(self, leg: SimulatedLeg, patience_ms: int) -> None:
        if leg.is_rung:
            return
        leg.is_rung = True
        longest_ms = patience_ms + RINGS_LONGER_MS
        if leg.phone:
            self._people.rings(leg, longest_ms)
            return
        self._timeline.at(self._timeline.now_ms + longest_ms, partial(self._rang_long_enough, leg))
        # The dialplan of our own number sees a call like any other.
        inner = SimulatedLeg(f"in-{leg.leg_id}", leg.call, self._timeline.now_ms, is_caller=True)
        inner.hops, inner.twin = leg.hops, leg
        leg.twin = inner
        self._arrive(inner, leg.number)

    def _rang_long_enough(self, leg: SimulatedLeg) -> None:
        if leg.answered_ms is None:
            self.leave(leg, Cause.NO_ANSWER)

    def _bound(self, leg: SimulatedLeg, until_ms: int | None) -> None:
        leg.bound_ms = until_ms
        if until_ms is not None:
            self._timeline.at(until_ms, partial(self._second_cut, leg, until_ms))

    def _second_cut(self, leg: SimulatedLeg, bound_ms: int) -> None:
        if leg.bound_ms != bound_ms:
            return
        if leg.is_caller:
            self._fall_back(leg, SECOND_CUT)
        else:
            self.leave(leg, Cause.NORMAL)

    def _fall_back(self, leg: SimulatedLeg, cause: int) -> None:
        if leg.dialled not in EMERGENCY or not leg.is_ours:
            self.leave(leg, cause)
            return
        self._tell(leg, LegEnded(leg.leg_id))
        self._bridges.part(leg)
        leg.has_left = True
        helper = SimulatedLeg(f"help-{leg.leg_id}", leg.call, self._timeline.now_ms, is_caller=False)
        helper.phone, helper.has_left = self._people.phone_of(Trunk("help", leg.dialled), leg.call), True
        self.legs[helper.leg_id] = helper
        leg.help, helper.help = helper, leg
        between = SimulatedBridge(helper.leg_id)
        for one in (leg, helper):
            self._bridges.enter(one, between)
        self._dial(helper, HELP_RINGS_MS)

    def _both(self, order: Join | JoinAndDial) -> list[SimulatedLeg]:
        return [self.legs[leg_id] for leg_id in order.leg_ids]

    def _tell(self, leg: SimulatedLeg, event: LegEvent) -> None:
        """The service hears of callers until they are gone, of what the dialplan calls for them nothing."""
        if not leg.has_left or leg.is_caller:
            self._roads.tell(event)
