"""One call's life, from its arrival to the last leg gone.

Rule 1: nothing here waits, reads a clock or knows Asterisk. Events and `at_ms` come in, orders go out.
Rule 2: `MOVES` is the whole truth about states; only `_move` changes `state`.
Rule 3: the dialplan's walk says what to try next; the call says what came of it.
"""

from dataclasses import replace
from typing import assert_never

from callctl.calls.connections import Connections
from callctl.calls.events import (
    CallArrived,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegGone,
    LegReady,
    LegsListed,
    OrderRefused,
    PromptEnded,
    Why,
)
from callctl.calls.legs import Attempt, Ending, Leg, LegState
from callctl.calls.orders import (
    Answer,
    Bound,
    CloseBridge,
    HangUp,
    JoinAndDial,
    Order,
    PlaceLeg,
    PlayToLeg,
    Trunk,
)
from callctl.calls.outcomes import SECOND_CUT_CAUSE, outcome_of
from callctl.calls.purse import Purse
from callctl.calls.records import Connection, EndedBy, LegRefused
from callctl.calls.states import MOVES, State
from callctl.calls.talk import Talk
from callctl.calls.terms import CallTerms
from dialplan.causes import Cause
from dialplan.facts import Facts
from dialplan.numbers import EMERGENCY
from dialplan.steps import EndCall, NotReached, Ring, Step
from dialplan.walk import Walk
from rating.refusal import Refusal


class Call:
    def __init__(
        self,
        arrived: CallArrived,
        at_ms: int,
        *,
        account_id: str,
        line: str,
        walk: Walk,
        purse: Purse,
        terms: CallTerms,
    ) -> None:
        self.call_id = arrived.leg_id
        self.number = arrived.number
        self.account_id = account_id
        self.caller = Leg(arrived.leg_id, arrived.caller, LegState.RINGING, at_ms)
        self.state = State.ROUTING
        self.talk: Talk | None = None
        self._connections = Connections(self.call_id, account_id, line, self.caller, purse)
        self._walk = walk
        self._terms = terms
        self._step: Ring | None = None
        self._trunks_left: list[str] = []
        self._refusal: Refusal | None = None
        self._prompt_until_ms = 0
        self._is_bridged = False

    @property
    def attempt(self) -> Attempt | None:
        """The one that rings or talks now."""
        return self._connections.attempt

    @property
    def is_emergency(self) -> bool:
        """Somebody talks to 112 or its kin, or is about to."""
        return self.attempt is not None and self.attempt.leg.number in EMERGENCY

    @property
    def legs(self) -> list[Leg]:
        return self._connections.legs

    @property
    def held(self) -> int:
        """Money that is promised to it, in kopecks."""
        return sum(meter.held for meter in self._connections.meters)

    @property
    def node_name(self) -> str:
        return self._walk.node_name

    def begin(self, at_ms: int) -> list[Order]:
        step = self._walk.begin(self._facts(at_ms))
        until_ms = at_ms + step.patience_ms if isinstance(step, Ring) else at_ms
        connection, admitted = self._connections.admit_caller(at_ms, until_ms)
        if isinstance(admitted, Refusal):
            refused = self._refuse(connection, admitted, at_ms)
            return [refused, *self._end(Cause.REJECTED, at_ms)]
        return [*([admitted] if admitted else []), *self._take(step, at_ms)]

    def deadline_ms(self) -> int | None:
        """When this call wants to be woken, if nothing happens before."""
        moments = [leg.release_again_at_ms for leg in self.legs if leg.release_again_at_ms is not None]
        if self.state is State.RINGING and self.attempt:
            moments.append(self.attempt.ring_until_ms)
        elif self.state is State.TALKING and self.talk and (wanted := self.talk.deadline_ms()) is not None:
            moments.append(wanted)
        elif self.state is State.PROMPTING:
            moments.append(self._prompt_until_ms)
        return min(moments, default=None)

    def wake(self, at_ms: int) -> list[Order]:
        """`at_ms` is the deadline itself, however late the waking comes."""
        for leg in self.legs:
            if leg.release_again_at_ms is not None and leg.release_again_at_ms <= at_ms:
                return [*leg.release_again(at_ms)]
        match self.state:
            case State.RINGING:
                assert self.attempt
                if self.attempt.ring_until_ms <= at_ms:
                    return self._failed(NotReached.NO_ANSWER, EndedBy.SERVICE, Cause.NO_ANSWER, at_ms)
            case State.TALKING:
                assert self.talk
                return self._go_on_talking(self.talk, at_ms)
            case State.PROMPTING:
                return self._release_caller(at_ms)
            case _:
                pass
        return []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        leg = next((leg for leg in self.legs if leg.leg_id == event.leg_id), None)
        assert leg is not None, f"{self.call_id}: no leg {event.leg_id}"
        if leg.state is LegState.GONE:
            return []
        match event:
            case LegReady():
                return self._ready(leg, at_ms)
            case LegAnswered():
                return self._answered(leg, at_ms)
            case LegEnded():
                return self._ended(leg, EndedBy.CALLER if leg is self.caller else EndedBy.CALLEE, at_ms)
            case LegGone():
                return self._gone(leg, event.cause, at_ms)
            case PromptEnded():
                return self._release_caller(at_ms) if self.state is State.PROMPTING else []
            case _:
                assert_never(event)

    def listed(self, event: LegsListed) -> list[Order]:
        """What happened to our legs while nobody told us."""
        orders: list[Order] = []
        for leg in self.legs:
            if leg.state in (LegState.GONE, LegState.PLACED) or leg.since_ms >= event.asked_at_ms:
                continue
            if leg.leg_id in event.alive:
                leg.missed_since_ms = None
                orders += self._alive(leg, event)
            elif event.is_after_gap or leg.missed_since_ms is not None:
                proven_at_ms = event.proven_at_ms if leg.missed_since_ms is None else leg.missed_since_ms
                orders += self._ended(leg, EndedBy.LOST, proven_at_ms)
                orders += self._gone(leg, Cause.NORMAL, event.asked_at_ms)
            else:
                leg.missed_since_ms = event.proven_at_ms
        return orders

    def _alive(self, leg: Leg, event: LegsListed) -> list[Order]:
        if leg.leg_id in event.up:
            return self._answered(leg, event.asked_at_ms) if leg.state is LegState.RINGING else []
        if leg is self.caller and self.state is State.TALKING:
            return [Answer(leg.leg_id)]  # the order got lost: nobody shall pay for a talk without him
        return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        """An order was not carried out. What is gone is told by an event of its own."""
        match event.order:
            case PlaceLeg(leg_id=leg_id):
                return self._not_placed(leg_id, event.why, at_ms)
            case JoinAndDial(leg_ids=(_, leg_id)) if event.why is not Why.GONE:
                if self.state is State.RINGING and self.attempt and self.attempt.leg.leg_id == leg_id:
                    return self._failed(NotReached.UNREACHABLE, EndedBy.SERVICE, Cause.UNAVAILABLE, at_ms)
            case Answer() if event.why is Why.REJECTED:
                if self.attempt:
                    self.attempt.caller_refused = True
                return self.tear_down(at_ms)
            case Answer(leg_id=leg_id) if event.why is Why.UNKNOWN and self.state is State.TALKING:
                return [Answer(leg_id)]
            case Bound() if self.talk and event.why is not Why.GONE:
                self.talk.bound_lost(at_ms)
            case PlayToLeg() if self.state is State.PROMPTING:
                return self._release_caller(at_ms)
            case HangUp(leg_id=leg_id) if event.why is Why.GONE:
                leg = next(leg for leg in self.legs if leg.leg_id == leg_id)
                if leg.state is not LegState.GONE:
                    return self._ended(leg, EndedBy.LOST, at_ms) + self._gone(leg, Cause.NORMAL, at_ms)
            case _:
                pass
        return []

    def tear_down(self, at_ms: int) -> list[Order]:
        """Release everybody and settle by rule: something is wrong with this call."""
        orders: list[Order] = []
        if self.attempt and self.attempt.ending:
            orders += self._connections.settle_ending(Cause.NORMAL)
        else:
            orders += self._connections.settle(at_ms, EndedBy.SERVICE, Cause.UNAVAILABLE)
        if self.state not in (State.ENDING, State.OVER):
            self._move(State.ENDING)
        for leg in self.legs:
            orders += leg.release(Cause.UNAVAILABLE, at_ms)
        return orders

    def _take(self, step: Step, at_ms: int) -> list[Order]:
        match step:
            case Ring():
                self._step = step
                is_emergency = str(step.targets[0]) in EMERGENCY
                self._trunks_left = [self._terms.emergency_trunk] if is_emergency else [*self._terms.trunks]
                return self._try_next_trunk(at_ms, at_ms + step.patience_ms)
            case EndCall():
                return self._end(step.cause, at_ms)
            case _:
                raise NotImplementedError(step)

    def _facts(self, at_ms: int) -> Facts:
        return Facts(self.call_id, at_ms, self.caller.number, 0)

    def _try_next_trunk(self, at_ms: int, ring_until_ms: int) -> list[Order]:
        assert self._step
        trunk = self._trunks_left.pop(0)
        target = str(self._step.targets[0])
        connection, attempt = self._connections.admit(target, at_ms, ring_until_ms)
        if isinstance(attempt, Refusal):
            return self._not_admitted(connection, attempt, at_ms)
        self._refusal = None
        if self.state is State.ROUTING:
            self._move(State.RINGING)
        is_paid = any(meter.is_paid for meter in self._connections.meters)
        until_ms = ring_until_ms + self._terms.second_cut_ms if is_paid else None
        leg_id = attempt.leg.leg_id
        return [
            Bound(self.caller.leg_id, until_ms),
            attempt.ticket.held(at_ms),
            PlaceLeg(
                leg_id, self.caller.leg_id, Trunk(trunk, target), self.caller.number, until_ms, is_paid
            ),
        ]

    def _not_admitted(self, connection: Connection, refusal: Refusal, at_ms: int) -> list[Order]:
        if self.state is State.RINGING:
            self._move(State.ROUTING)
        refused = self._refuse(connection, refusal, at_ms)
        return [refused, *self._take(self._walk.go_on(NotReached.REFUSED, self._facts(at_ms)), at_ms)]

    def _refuse(self, connection: Connection, refusal: Refusal, at_ms: int) -> LegRefused:
        self._refusal = refusal
        return LegRefused(connection, at_ms, refusal, self._terms.refusal_causes[refusal])

    def _not_placed(self, leg_id: str, why: Why, at_ms: int) -> list[Order]:
        attempt = next(attempt for attempt in self._connections.attempts if attempt.leg.leg_id == leg_id)
        orders: list[Order] = []
        if why is Why.UNKNOWN:
            orders += attempt.leg.release(Cause.UNAVAILABLE, at_ms)
        else:
            attempt.leg.gone()
        if attempt is self.attempt and self.state is State.RINGING:
            if why is Why.NOT_RECORDED:
                self._refusal = Refusal.NOT_RECORDED
                self._trunks_left.clear()
                return orders + self._failed(NotReached.REFUSED, EndedBy.REFUSED, Cause.CONGESTION, at_ms)
            return orders + self._failed(NotReached.UNREACHABLE, EndedBy.SERVICE, Cause.UNAVAILABLE, at_ms)
        return orders + self._over_if_empty(at_ms)

    def _ready(self, leg: Leg, at_ms: int) -> list[Order]:
        if leg.state is not LegState.PLACED:
            return []
        leg.state = LegState.RINGING
        leg.since_ms = at_ms
        if leg.is_leaving:
            return [*leg.release_again(at_ms)]
        assert self.attempt and self.attempt.leg is leg, self.call_id
        self._is_bridged = True
        patience_ms = max(1_000, self.attempt.ring_until_ms - at_ms)
        return [
            JoinAndDial(self.call_id, (self.caller.leg_id, leg.leg_id), patience_ms, self.caller.since_ms)
        ]

    def _answered(self, leg: Leg, at_ms: int) -> list[Order]:
        if leg is self.caller:
            leg.answered(at_ms)
            if self.talk:
                self.talk.caller_answered(at_ms)
            return [*self._connections.caller_answered(at_ms)]
        attempt = self.attempt
        if self.state is not State.RINGING or attempt is None or attempt.leg is not leg or leg.is_leaving:
            return []  # answered in the moment we gave up on it: its release is on the way
        self._move(State.TALKING)
        began = self._connections.began(attempt, at_ms)
        self.talk = Talk(self.call_id, self.caller, leg, self._connections.meters, self._terms)
        return [Answer(self.caller.leg_id), *self.talk.begin(at_ms), *began]

    def _go_on_talking(self, talk: Talk, at_ms: int) -> list[Order]:
        orders = talk.wake(at_ms)
        return self._cut(orders, at_ms) if isinstance(orders, EndedBy) else orders

    def _cut(self, why: EndedBy, at_ms: int) -> list[Order]:
        """The money is over, and so is the last paid unit; or it has been as long as may be."""
        assert self.attempt
        leg = self.attempt.leg
        orders: list[Order] = []
        orders += leg.release(Cause.NORMAL, at_ms, due_at_ms=at_ms)
        orders += self.caller.release(Cause.NORMAL, at_ms, due_at_ms=at_ms)
        orders += self._connections.settle(at_ms, why, Cause.NORMAL)
        self._move(State.ENDING)
        return orders

    def _ended(self, leg: Leg, ended_by: EndedBy, at_ms: int) -> list[Order]:
        """A leg's media is over. The bill waits some milliseconds for the cause."""
        leg.ended(at_ms)
        attempt = self.attempt
        if self.state is State.TALKING:
            assert attempt
            if leg not in (self.caller, attempt.leg):
                return []
            attempt.ending = Ending(leg, at_ms, ended_by)
            self._move(State.ENDING)
            return [*self.caller.release(Cause.NORMAL, at_ms), *attempt.leg.release(Cause.NORMAL, at_ms)]
        if attempt and attempt.ending and leg in (self.caller, attempt.leg):
            # The first hang-up of either side counts (S-3), whichever we hear of first.
            if at_ms < attempt.ending.at_ms:
                attempt.ending = Ending(leg, at_ms, ended_by)
            return []
        if leg is not self.caller or self.state in (State.ENDING, State.OVER):
            return []
        self._move(State.ENDING)
        if attempt is None:
            return []
        attempt.ending = Ending(leg, at_ms, ended_by)
        return [*attempt.leg.release(Cause.NORMAL, at_ms)]

    def _gone(self, leg: Leg, cause: int, at_ms: int) -> list[Order]:
        is_caller = leg is self.caller
        orders = self._ended(leg, EndedBy.CALLER if is_caller else EndedBy.CALLEE, at_ms)
        leg.gone()
        attempt = self.attempt
        if attempt and attempt.ending and attempt.ending.leg is leg:
            if cause == SECOND_CUT_CAUSE:
                attempt.ending = replace(attempt.ending, by=EndedBy.SECOND_CUT)
            elif is_caller and attempt.leg.answered_at_ms is None:
                cause = Cause.NORMAL  # Asterisk says 127, "interworking", of a CANCEL
            orders += self._connections.settle_ending(cause)
        elif attempt and attempt.leg is leg and self.state is State.RINGING:
            outcome = outcome_of(cause)
            orders += self._failed(outcome, EndedBy.CALLEE, cause, at_ms)
        return orders + self._over_if_empty(at_ms)

    def _failed(self, outcome: NotReached, ended_by: EndedBy, cause: int, at_ms: int) -> list[Order]:
        """Nobody answered this attempt: settle it, then another trunk or the scheme's next step."""
        attempt = self.attempt
        assert attempt
        orders: list[Order] = [*attempt.leg.release(cause, at_ms)]
        orders += attempt.settle(at_ms, ended_by, cause)
        if outcome is NotReached.UNREACHABLE and self._trunks_left and at_ms < attempt.ring_until_ms:
            return orders + self._try_next_trunk(at_ms, attempt.ring_until_ms)
        self._move(State.ROUTING)
        return orders + self._take(self._walk.go_on(outcome, self._facts(at_ms)), at_ms)

    def _end(self, cause: Cause, at_ms: int) -> list[Order]:
        """The scheme is over, and so is the way in. A refusal that nothing followed is told as is set."""
        bills = self._connections.settle_caller(at_ms, EndedBy.SERVICE, cause)
        if self._refusal is None:
            self._move(State.ENDING)
            return [*bills, *self.caller.release(cause, at_ms)]
        prompt = self._terms.refusal_prompts.get(self._refusal)
        if prompt is None or self.caller.is_leaving:
            return [*bills, *self._release_caller(at_ms)]
        self._move(State.PROMPTING)
        self._prompt_until_ms = at_ms + self._terms.prompt_ms_max
        # Asterisk blocks a time limit behind a prompt that plays, so it comes first.
        until_ms = self._prompt_until_ms + self._terms.second_cut_ms
        return [*bills, Bound(self.caller.leg_id, until_ms), PlayToLeg(self.caller.leg_id, 1, (prompt,))]

    def _release_caller(self, at_ms: int) -> list[Order]:
        assert self._refusal
        self._move(State.ENDING)
        return [*self.caller.release(self._terms.refusal_causes[self._refusal], at_ms)]

    def _over_if_empty(self, at_ms: int) -> list[Order]:
        if self.state is not State.ENDING or any(leg.state is not LegState.GONE for leg in self.legs):
            return []
        self._move(State.OVER)
        unsettled = self._connections.settle_caller(at_ms, EndedBy.CALLER, Cause.NORMAL)
        return [*unsettled, *([CloseBridge(self.call_id)] if self._is_bridged else [])]

    def _move(self, state: State) -> None:
        assert state in MOVES[self.state], f"{self.call_id}: {self.state} -> {state}"
        self.state = state
