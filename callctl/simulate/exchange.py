"""A simulated Asterisk with the people on its phones: takes orders, tells news, and errs as it is told to.

Rule 1: what happens on the legs is the truth; only the telling of it and the taking of orders have faults.
Rule 2: every draw of luck comes from the one seed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from callctl.calls.events import (
    CallArrived,
    Event,
    LegAnswered,
    LegEnded,
    LegGone,
    LegReady,
    LegsListed,
    OrderRefused,
    PromptEnded,
    Why,
)
from callctl.calls.orders import (
    Answer,
    Bound,
    CloseBridge,
    HangUp,
    JoinAndDial,
    MediaOrder,
    PlaceLeg,
    PlayToBridge,
    PlayToLeg,
)
from callctl.simulate.timeline import Timeline
from callctl.simulate.told import CallTold, Faults
from dialplan.causes import Cause

PROMPT_MS = 3_000
TAKE_OVER_MS = 2_000  # as the dialplan has it: a caller whom nobody takes over gets the fallback
SECOND_CUT = 102
UNREACHABLE = 34

# Who hears: the event, and the wall clock's stamp of it.
Hear = Callable[[Event, int], None]


@dataclass(slots=True)
class SimulatedLeg:
    leg_id: str
    call: CallTold
    since_ms: int
    is_caller: bool
    answered_ms: int | None = None
    ended_ms: int | None = None
    bound_ms: int | None = None


class Exchange:
    def __init__(self, timeline: Timeline, faults: Faults, seed: int, hear: Hear) -> None:
        self._timeline = timeline
        self._faults = faults
        self._luck = Random(seed)
        self._hear = hear
        self._silent_until_ms = 0
        self.legs: dict[str, SimulatedLeg] = {}
        self.bridges: set[str] = set()

    @property
    def legs_alive(self) -> list[str]:
        return [leg.leg_id for leg in self.legs.values() if leg.ended_ms is None]

    def ring_in(self, leg_id: str, call: CallTold) -> None:
        """A caller dials one of our numbers."""
        leg = SimulatedLeg(leg_id, call, self._timeline.now_ms, is_caller=True)
        self.legs[leg_id] = leg
        self._bound(leg, self._timeline.now_ms + TAKE_OVER_MS)
        self._tell(CallArrived(leg_id, call.caller, call.to))
        if call.hang_up != "never" and not isinstance(call.answer, int):
            self._timeline.at(self._timeline.now_ms + call.hang_up, partial(self._leave, leg, Cause.NORMAL))

    def carry_out(self, order: MediaOrder) -> None:
        """After the way to Asterisk; with faults it is refused, or nobody can say."""
        self._timeline.at(self._timeline.now_ms + self._delay_ms(), partial(self._take, order))

    def fall_silent(self) -> None:
        """The stream of news is lost for a while; then all legs are listed, as after a reconnect."""
        proven_ms = self._timeline.now_ms
        length_ms = self._luck.randint(1, self._faults.silence_ms_max)
        self._silent_until_ms = self._timeline.now_ms + length_ms
        self._timeline.at(self._silent_until_ms, partial(self._list, proven_ms))

    def _list(self, proven_ms: int) -> None:
        now_ms = self._timeline.now_ms
        alive = [leg for leg in self.legs.values() if leg.ended_ms is None]
        up = frozenset(leg.leg_id for leg in alive if leg.answered_ms is not None)
        self._hear(
            LegsListed(frozenset(leg.leg_id for leg in alive), up, now_ms, proven_ms, True),
            self._timeline.wall_ms,
        )

    def _take(self, order: MediaOrder) -> None:
        if self._luck.random() < self._faults.reject and not isinstance(order, HangUp | Bound):
            self._refuse(order, Why.REJECTED)
            return
        if self._luck.random() < self._faults.unknown:
            if self._luck.random() < 0.5:
                self._do(order)
            self._refuse(order, Why.UNKNOWN)
            return
        if not self._do(order):
            self._refuse(order, Why.GONE)

    def _do(self, order: MediaOrder) -> bool:
        """False: there is no such leg."""
        match order:
            case PlaceLeg():
                self._place(order)
                return True
            case JoinAndDial():
                return self._dial(order)
            case PlayToBridge():
                return order.bridge_id in self.bridges
            case CloseBridge():
                self.bridges.discard(order.bridge_id)
                return True
            case Answer() | Bound() | PlayToLeg() | HangUp():
                leg = self.legs.get(order.leg_id)
                if leg is None or leg.ended_ms is not None:
                    return False
                self._do_to_leg(order, leg)
                return True

    def _do_to_leg(self, order: Answer | Bound | PlayToLeg | HangUp, leg: SimulatedLeg) -> None:
        match order:
            case Answer():
                if leg.answered_ms is None:
                    leg.answered_ms = self._timeline.now_ms
                    self._tell(LegAnswered(leg.leg_id))
            case Bound():
                # Asterisk counts seconds from now: a wall clock that jumps does not move it.
                self._bound(leg, order.until_ms)
            case PlayToLeg():
                self._timeline.at(
                    self._timeline.now_ms + PROMPT_MS,
                    partial(self._tell, PromptEnded(leg.leg_id, order.serial)),
                )
            case HangUp():
                self._leave(leg, order.cause)

    def _place(self, order: PlaceLeg) -> None:
        if order.leg_id in self.legs:
            return  # it exists already, as Asterisk says with 409
        call = self.legs[order.caller_leg_id].call
        leg = SimulatedLeg(order.leg_id, call, self._timeline.now_ms, is_caller=False)
        self.legs[order.leg_id] = leg
        self._bound(leg, order.until_ms)
        self._tell(LegReady(leg.leg_id))

    def _dial(self, order: JoinAndDial) -> bool:
        caller, callee = (self.legs[leg_id] for leg_id in order.leg_ids)
        if caller.ended_ms is not None or callee.ended_ms is not None:
            return False
        self.bridges.add(order.bridge_id)
        now_ms = self._timeline.now_ms
        match callee.call.answer:
            case int(after_ms):
                self._timeline.at(now_ms + after_ms, partial(self._pick_up, callee, caller))
            case "busy":
                self._timeline.at(now_ms, partial(self._leave, callee, Cause.BUSY))
            case "unreachable":
                self._timeline.at(now_ms, partial(self._leave, callee, UNREACHABLE))
            case _:
                pass  # rings for ever
        return True

    def _pick_up(self, callee: SimulatedLeg, caller: SimulatedLeg) -> None:
        if callee.ended_ms is not None or callee.answered_ms is not None:
            return
        callee.answered_ms = self._timeline.now_ms
        self._tell(LegAnswered(callee.leg_id))
        told = callee.call
        if told.hang_up != "never":
            who = caller if told.hung_up_by == "caller" else callee
            self._timeline.at(self._timeline.now_ms + told.hang_up, partial(self._leave, who, Cause.NORMAL))

    def _bound(self, leg: SimulatedLeg, until_ms: int | None) -> None:
        leg.bound_ms = until_ms
        if until_ms is not None:
            self._timeline.at(until_ms, partial(self._second_cut, leg, until_ms))

    def _second_cut(self, leg: SimulatedLeg, bound_ms: int) -> None:
        if leg.bound_ms == bound_ms:
            self._leave(leg, SECOND_CUT if leg.is_caller else Cause.NORMAL)

    def _leave(self, leg: SimulatedLeg, cause: int) -> None:
        if leg.ended_ms is None:
            leg.ended_ms = self._timeline.now_ms
            self._tell(LegEnded(leg.leg_id))
            self._tell(LegGone(leg.leg_id, cause))

    def _refuse(self, order: MediaOrder, why: Why) -> None:
        """The answer to a request, so it is not lost with the stream of news."""
        at_ms = self._timeline.wall_ms
        self._timeline.at(
            self._timeline.now_ms + self._delay_ms(), partial(self._hear, OrderRefused(order, why), at_ms)
        )

    def _tell(self, event: Event) -> None:
        stamp_ms = self._timeline.wall_ms
        times = 2 if self._luck.random() < self._faults.double else 1
        for _ in range(times):
            arrives_ms = self._timeline.now_ms + self._delay_ms()
            self._timeline.at(arrives_ms, partial(self._deliver, event, stamp_ms))

    def _deliver(self, event: Event, stamp_ms: int) -> None:
        is_lost = self._timeline.now_ms < self._silent_until_ms
        if not is_lost:
            self._hear(event, stamp_ms)

    def _delay_ms(self) -> int:
        return self._luck.randint(0, self._faults.delay_ms_max)
