"""One call's life, from its arrival to the last leg gone.

Rule 1: nothing here waits, reads a clock or knows Asterisk. Events and `at_ms` come in, orders go out.
Rule 2: `MOVES` is the whole truth about states; only its `Phase` changes it.
Rule 3: the dialplan's walk says what to try next; a stage does it; what came of it goes back to the walk.
"""

from collections.abc import Sequence

from callctl.calls.course import Course
from callctl.calls.events import (
    LegAnswered,
    LegEnded,
    LegEvent,
    LegGone,
    LegReady,
    LegsListed,
    OrderRefused,
    RecordingEnded,
    Why,
)
from callctl.calls.legs import Ending, Leg, LegState
from callctl.calls.lost_news import note_missing
from callctl.calls.orders import Answer, Bound, CloseBridge, HangUp, Join, MusicOff, Order, PlaceLeg
from callctl.calls.records import CallAt, EndedBy
from callctl.calls.scene import Reached, Scene
from callctl.calls.stages.consult import Consult
from callctl.calls.stages.conversation import Conversation
from callctl.calls.states import Phase, State
from callctl.calls.talk import Talk
from dialplan.causes import Cause
from dialplan.numbers import EMERGENCY
from dialplan.steps import Member
from dialplan.straight import handed_over
from dialplan.targets import Target
from dialplan.walk import Walk
from rating.refusal import Refusal


class Call:
    def __init__(self, number: str, *, scene: Scene, walk: Walk, earlier: CallAt | None = None) -> None:
        """`number`: as it was dialled. `earlier`: where the service before us left it."""
        self.call_id = scene.call_id
        self.number = number
        self.account_id = scene.account_id
        self.caller = scene.caller
        self._phase = Phase(self.call_id)
        self.scene = scene
        self._connections = scene.connections
        self.course = Course(scene, walk, self._phase.move, number, earlier)
        self._conversation: Conversation | None = None
        self._ending: Ending | None = None

    @property
    def is_emergency(self) -> bool:
        """Somebody talks to 112 or its kin, or is about to."""
        attempt = self._connections.attempt
        return attempt is not None and not attempt.ticket.is_inside and attempt.leg.number in EMERGENCY

    @property
    def state(self) -> State:
        return self._phase.now

    @property
    def legs(self) -> list[Leg]:
        return self._connections.legs

    def begin(self, at_ms: int) -> list[Order]:
        if self.scene.promise:
            return self._onward(self.course.call_back(self.scene.promise, at_ms), at_ms)
        answer_until_ms = at_ms + self.course.look_ahead_ms(at_ms)
        if self.scene.seat:
            return self._onward(self.course.begin(at_ms), at_ms)
        connection, admitted = self._connections.admit_caller(at_ms, answer_until_ms)
        if isinstance(admitted, Refusal):
            refused = self.scene.refuse(connection, admitted, at_ms)
            return [refused, *self._end(Cause.REJECTED, at_ms)]
        return [*([admitted] if admitted else []), *self._onward(self.course.begin(at_ms), at_ms)]

    def resume(self, at_ms: int) -> list[Order]:
        """An earlier life of the service began it: who talks goes on, else the caller's node begins again."""
        if talking := self._connections.talking:
            self.course.talks_on(talking, at_ms)
            return self._talk(Reached(talking)).resume(at_ms)
        self.course.look_ahead_ms(at_ms)
        paid = self._pay_way_in(at_ms) if self.caller.state is LegState.UP else []
        onward = self._onward(self.course.begin(at_ms), at_ms)
        return [MusicOff(self.caller.leg_id), *paid, *onward]

    def deadline_ms(self) -> int | None:
        """When this call wants to be woken, if nothing happens before."""
        wanted = [leg.release_again_at_ms for leg in self.legs]
        if self._phase.is_live:
            wanted += [one.deadline_ms() for one in (self.course, self._conversation, self.scene.paid) if one]
        return min((moment for moment in wanted if moment is not None), default=None)

    def buys_at(self, at_ms: int) -> bool:
        """Whether it wants money then: whoever gives some back goes first."""
        paid = self.scene.paid
        return self._phase.is_live and paid is not None and paid.deadline_ms() == at_ms

    def wake(self, at_ms: int) -> list[Order]:
        """`at_ms` is the deadline itself, however late the waking comes."""
        for leg in self.legs:
            if leg.release_again_at_ms is not None and leg.release_again_at_ms <= at_ms:
                return [*leg.release_again(at_ms)]
        if not self._phase.is_live:
            return []
        if (due_ms := self.course.deadline_ms()) is not None and due_ms <= at_ms:
            return self._onward(self.course.wake(at_ms), at_ms)
        conversation = self._conversation
        if conversation and (due_ms := conversation.deadline_ms()) is not None and due_ms <= at_ms:
            return self._converse(conversation.wake(at_ms), at_ms)
        if self.scene.paid:
            orders = self.scene.paid.wake(at_ms)
            return self._cut(orders, at_ms) if isinstance(orders, EndedBy) else orders
        return []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        leg = self._leg(event.leg_id)
        if isinstance(event, RecordingEnded):
            return self._hear_on_course(event, at_ms)
        if leg.state is LegState.GONE:
            return []
        match event:
            case LegReady():
                return self._ready(leg, event, at_ms)
            case LegAnswered():
                return self._answered(leg, event, at_ms)
            case LegEnded():
                by = EndedBy.CALLER if leg is self.caller else EndedBy.CALLEE
                orders = self._ended(leg, by if event.was_seen else EndedBy.LOST, at_ms)
                if leg is not self.caller or self.number not in EMERGENCY:
                    return orders
                # Perhaps the dialplan helps him now: nobody shall ever hang him up.
                return orders + self._gone(leg, LegGone(leg.leg_id, Cause.NORMAL), at_ms)
            case LegGone():
                return self._gone(leg, event, at_ms)
            case _:
                return self._hear_on_course(event, at_ms)

    def offer(self, members: Sequence[Member], at_ms: int) -> list[Order]:
        """In the queue it is this caller's turn."""
        return self._onward(self.course.offer(members, at_ms), at_ms)

    def pick_up(self, leg: Leg, seat: str, rung: str, at_ms: int) -> list[Order]:
        """If it rings where it is picked up, the leg is the call's from now on."""
        return self.course.pick_up(leg, seat, rung, at_ms) or []

    def listed(self, event: LegsListed) -> list[Order]:
        """What was lost is heard by now, but for the order to answer."""
        note_missing(self.legs, event)
        is_unanswered = self.caller.leg_id in event.alive and self.caller.leg_id not in event.up
        if not is_unanswered or not self.scene.is_answering or not self._phase.is_live:
            return []
        self.caller.was_found_unanswered = True
        return [self.scene.answer_again()]  # nobody shall pay for a talk without him

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        """An order was not carried out. What is gone is told by an event of its own."""
        match event.order:
            case PlaceLeg(leg_id=leg_id):
                leg = self._leg(leg_id)
                if event.why is Why.UNKNOWN:
                    released = leg.release(Cause.UNAVAILABLE, at_ms)
                else:
                    leg.gone()
                    released = []
                told = self._refused_on_course(event, at_ms)
                return [*released, *told, *self._over_if_empty(at_ms)]
            case Answer(leg_id=leg_id) if event.why is Why.UNKNOWN and self._phase.is_live:
                return [Answer(leg_id)]
            case Answer(leg_id=leg_id) if leg_id != self.caller.leg_id:
                return [*self._leg(leg_id).release(Cause.UNAVAILABLE, at_ms)]
            case Answer() if event.why is Why.NOT_RECORDED and self._phase.is_live:
                self.scene.refusal = Refusal.NOT_RECORDED
                bills = self._connections.settle(at_ms, EndedBy.REFUSED, Cause.CONGESTION)
                return [*bills, *self._break_off(at_ms), *self._end(Cause.CONGESTION, at_ms)]
            case Answer() if event.why is not Why.UNKNOWN and self.caller.answered_at_ms is None:
                if event.why is Why.GONE and not self.scene.silence.is_watched(at_ms):
                    return []  # he may have talked before he left
                self.caller.answer_refused = True
                return self.tear_down(at_ms) if event.why is Why.REJECTED else []
            case Join() if self.state is State.TALKING and event.why is Why.REJECTED:
                return self.tear_down(at_ms)
            case Join() if self.state is State.TALKING and event.why is Why.UNKNOWN:
                return [event.order]
            case Bound() if self.scene.paid and event.why is not Why.GONE:
                self.scene.paid.bound_lost(event.order, at_ms)
                return self._refused_on_course(event, at_ms)
            case HangUp(leg_id=leg_id) if event.why is Why.GONE:
                leg = self._leg(leg_id)
                is_heard = self.scene.silence.is_watched(at_ms)
                if leg.state is not LegState.GONE and is_heard:
                    gone = LegGone(leg_id, Cause.NORMAL)
                    return self._ended(leg, EndedBy.LOST, at_ms) + self._gone(leg, gone, at_ms)
            case _:
                return self._refused_on_course(event, at_ms)
        return []

    def _refused_on_course(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if self._conversation:
            return self._converse(self._conversation.refused(event, at_ms), at_ms)
        return self._onward(self.course.refused(event, at_ms), at_ms)

    def tear_down(self, at_ms: int) -> list[Order]:
        """Release everybody and settle by rule: something is wrong with this call."""
        ending = self._ending
        end = (ending.at_ms, ending.by) if ending else (at_ms, EndedBy.SERVICE)
        orders: list[Order] = []
        orders += self._connections.settle(*end, Cause.NORMAL if ending else Cause.UNAVAILABLE)
        if self._phase.is_live:
            self._phase.move(State.ENDING)
        orders += self._break_off(at_ms)
        for leg in self.legs:
            orders += leg.release(Cause.UNAVAILABLE, at_ms)
        return orders

    def _leg(self, leg_id: str) -> Leg:
        leg = next((leg for leg in self.legs if leg.leg_id == leg_id), None)
        assert leg is not None, f"{self.call_id}: no leg {leg_id}"
        return leg

    def _hear_on_course(self, event: LegEvent, at_ms: int) -> list[Order]:
        if not self._phase.is_live and not isinstance(event, RecordingEnded):
            return []
        if self._conversation:
            return self._converse(self._conversation.hear(event, at_ms), at_ms)
        return self._onward(self.course.hear(event, at_ms), at_ms)

    def _onward(self, orders: list[Order], at_ms: int) -> list[Order]:
        """If the course is over, whichever way."""
        outcome = self.course.outcome
        if outcome is None or not self._phase.is_live:
            return orders
        self.course.outcome = None
        if isinstance(outcome, Reached):
            return orders + self._connect(outcome, at_ms)
        return orders + self._end(outcome, at_ms)

    def _ready(self, leg: Leg, event: LegReady, at_ms: int) -> list[Order]:
        if leg.state is not LegState.PLACED:
            return []
        leg.state = LegState.RINGING
        leg.since_ms = at_ms
        if leg.is_leaving:
            return [*leg.release_again(at_ms)]
        return self._hear_on_course(event, at_ms)

    def _answered(self, leg: Leg, event: LegAnswered, at_ms: int) -> list[Order]:
        if leg is not self.caller:
            # Answered in the moment we gave up on it, it finds no stage: its release is on the way.
            return self._hear_on_course(event, at_ms)
        leg.answered(at_ms)
        if self.state is State.TALKING and self.scene.paid:
            self.scene.paid.caller_answered(at_ms)
        orders: list[Order] = [*self._connections.caller_answered(at_ms)]
        if not self.scene.paid and self._phase.is_live:
            orders += self._pay_way_in(at_ms)
        return orders + self._hear_on_course(event, at_ms)

    def _connect(self, reached: Reached, at_ms: int) -> list[Order]:
        return self._talk(reached).begin(at_ms)

    def _talk(self, reached: Reached) -> Conversation:
        self._phase.move(State.TALKING)
        self._conversation = Conversation(self.scene, reached)
        return self._conversation

    def _converse(self, orders: list[Order], at_ms: int) -> list[Order]:
        """Perhaps a seat has handed its caller over."""
        conversation = self._conversation
        assert conversation
        if conversation.handed_over_to is None:
            return orders
        talking = self._connections.talking
        assert talking
        released = talking.leg.release(Cause.NORMAL, at_ms)
        return [*orders, *released, *self._hand_over(conversation.handed_over_to, at_ms)]

    def _seat_left(self, consult: Consult, at_ms: int) -> list[Order]:
        """Who hangs up while consulting hands the caller over to whom he consults."""
        if consult.attempt is None:
            return [*consult.withdraw(at_ms), *self._hand_over(consult.target, at_ms)]
        bills = self._end_talk(at_ms)
        return [*bills, *self._connect(Reached(consult.attempt), at_ms)]

    def _hand_over(self, target: Target, at_ms: int) -> list[Order]:
        assert self._conversation and self._conversation.seat
        way = handed_over(target, self._conversation.seat)
        bills = self._end_talk(at_ms)
        return [*bills, *self._onward(self.course.lead(way, at_ms), at_ms)]

    def _end_talk(self, at_ms: int) -> list[Order]:
        """The caller stays; whoever talked to him has gone."""
        bills = self._connections.end_talk(at_ms, EndedBy.CALLEE, Cause.NORMAL)
        self._conversation = None
        self._phase.move(State.ROUTING)
        return [*bills, *self._pay_way_in(at_ms)]

    def _pay_way_in(self, at_ms: int) -> list[Order]:
        """Alone: the caller talks to nobody."""
        way_in = self._connections.way_in
        self.scene.paid = Talk([self.caller], [way_in], self.scene.terms) if way_in else None
        return self.scene.paid.begin(at_ms) if self.scene.paid else []

    def _cut(self, why: EndedBy, at_ms: int) -> list[Order]:
        """The money is over, and so is the last paid unit; or it has been as long as may be."""
        orders: list[Order] = []
        for leg in reversed(self.legs):
            orders += leg.release(Cause.NORMAL, at_ms, due_at_ms=at_ms)
        orders += self._break_off(at_ms)
        orders += self._settle_proven(why, Cause.NORMAL, at_ms)
        self._phase.move(State.ENDING)
        return orders

    def _settle_proven(self, by: EndedBy, cause: int, at_ms: int) -> list[Order]:
        """Who may have left before, and the news of it are lost, is billed when he is known to be gone."""
        if self.scene.silence.is_proven(at_ms):
            return [*self._connections.settle(at_ms, by, cause)]
        self._ending = Ending(self.caller, at_ms, by, cause)
        return []

    def _ended(self, leg: Leg, ended_by: EndedBy, at_ms: int) -> list[Order]:
        """A leg's media is over. The bill waits some milliseconds for the cause."""
        leg.ended(at_ms)
        talking = self._connections.talking
        is_side = leg is self.caller or (talking is not None and leg is talking.leg)
        if self._ending:
            # The first hang-up of either side counts (S-3), whichever we hear of first.
            if is_side and at_ms < self._ending.at_ms:
                self._ending = Ending(leg, at_ms, ended_by)
            return []
        if not is_side or not self._phase.is_live:
            return []
        is_talk = self.state is State.TALKING
        consult = self._conversation.consult if self._conversation else None
        if consult and leg is not self.caller:
            return self._seat_left(consult, at_ms)
        self._phase.move(State.ENDING)
        if self._connections.open or self._connections.way_in:
            self._ending = Ending(leg, at_ms, ended_by)
        if not is_talk:
            return self._break_off(at_ms)
        assert talking
        return [
            *self._break_off(at_ms),
            *self.caller.release(Cause.NORMAL, at_ms),
            *talking.leg.release(Cause.NORMAL, at_ms),
        ]

    def _gone(self, leg: Leg, event: LegGone, at_ms: int) -> list[Order]:
        is_caller = leg is self.caller
        orders = self._ended(leg, EndedBy.CALLER if is_caller else EndedBy.CALLEE, at_ms)
        leg.gone(event.cause, was_cancelled=event.was_cancelled)
        ending = self._ending
        if ending and ending.leg is leg:
            is_unmet_caller = is_caller and self._connections.talking is None and not self.scene.promise
            by, cause = ending.why(event, is_unmet_caller=is_unmet_caller)
            orders += self._connections.settle(ending.at_ms, by, cause)
        else:
            orders += self._hear_on_course(event, at_ms)
        return orders + self._over_if_empty(at_ms)

    def _end(self, cause: Cause, at_ms: int) -> list[Order]:
        """The scheme is over, and so is the way in. A refusal that nothing followed is told as is set."""
        scene = self.scene
        if scene.refusal is None:
            return self._let_go(cause, cause, at_ms)
        prompt = scene.terms.refusal_prompts.get(scene.refusal)
        if prompt is None or not self.caller.can_hear or self.state is State.PROMPTING:
            return self._let_go(scene.terms.refusal_causes[scene.refusal], cause, at_ms)
        bills = self._connections.settle_caller(at_ms, EndedBy.SERVICE, cause)
        return [*bills, *self.course.say_farewell(prompt, at_ms)]

    def _let_go(self, told: int, cause: int, at_ms: int) -> list[Order]:
        """The caller, who is told something else than what is on his bill."""
        bills = self._settle_proven(EndedBy.SERVICE, cause, at_ms)
        self._phase.move(State.ENDING)
        return [*bills, *self.caller.release(told, at_ms), *self._over_if_empty(at_ms)]

    def _break_off(self, at_ms: int) -> list[Order]:
        """Nobody is rung or consulted any more."""
        consulted = self._conversation.leave(at_ms) if self._conversation else []
        return [*self.course.break_off(at_ms), *consulted]

    def _over_if_empty(self, at_ms: int) -> list[Order]:
        if self.state is not State.ENDING or any(leg.state is not LegState.GONE for leg in self.legs):
            return []
        self._phase.move(State.OVER)
        unsettled = self._connections.settle_caller(at_ms, EndedBy.CALLER, Cause.NORMAL)
        close = [CloseBridge(self.call_id)] if self.scene.is_bridged else []
        return [*unsettled, *close, self.course.over(at_ms, self._phase.last)]
