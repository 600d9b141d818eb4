"""A caller's way through the scheme: one step after the other, each played by a stage.

Rule 1: it goes on by itself until somebody is reached or the scheme is over; then it has an `outcome`.
Rule 2: what the world could not do is told with the node's name, and the scheme goes on by its exit.
"""

from collections.abc import Callable, Sequence

from callctl.calls.events import LegEvent, OrderRefused, RecordingEnded
from callctl.calls.legs import Attempt, Leg
from callctl.calls.lines.call_backs import Promise
from callctl.calls.orders import Order
from callctl.calls.records import CallAt, CallOver, NodeFailed, Passed
from callctl.calls.scene import Reached, Scene, Stage
from callctl.calls.stages.calling_back import CallingBack, promise_to
from callctl.calls.stages.prompting import Saying
from callctl.calls.stages.staging import patience_ms, stage_of, words_of
from callctl.calls.stages.waiting import Waiting
from callctl.calls.states import State
from dialplan.causes import Cause
from dialplan.facts import Facts, Standing
from dialplan.nodes.ringing import SILENT_END
from dialplan.scheme import Scheme
from dialplan.steps import (
    Done,
    EndCall,
    Failed,
    LeftQueue,
    Member,
    NameCaller,
    NotReached,
    Outcome,
    Play,
    Queue,
    RecordTalk,
    Step,
)
from dialplan.targets import Outside, Seat
from dialplan.walk import Walk
from rating.calendar import month_of


class Course:
    def __init__(
        self,
        scene: Scene,
        walk: Walk,
        move: Callable[[State], None],
        number: str,
        earlier: CallAt | None = None,
    ) -> None:
        """`move`: to tell the call its state. `number`: as it was dialled. `earlier`: where the service
        before us left it."""
        self._scene = scene
        self._number = number
        self._is_version = earlier.is_version if earlier else scene.scheme_version > 0
        self._arrived_ms = earlier.arrived_at_ms if earlier else scene.caller.since_ms
        scene.language = walk.language
        self._walk = walk
        self._move = move
        self._stage: Stage | None = None
        self._first: Step | None = None
        self._past = earlier.way if earlier else ()
        self._is_farewell = self._is_broken_off = False
        self.outcome: Reached | Cause | None = None

    @property
    def node_name(self) -> str:
        return self._walk.node_name

    @property
    def way(self) -> tuple[Passed, ...]:
        return self._past + tuple(
            Passed(passed.node, passed.at_ms, tuple(map(words_of, passed.outcomes)))
            for passed in self._walk.trail
        )

    def look_ahead_ms(self, at_ms: int) -> int:
        """How long the first step may keep the caller's answer away."""
        self._first = self._walk.begin(self._facts(at_ms))
        return patience_ms(self._first)

    def begin(self, at_ms: int) -> list[Order]:
        assert self._first
        return self._take(self._first, at_ms)

    def talks_on(self, talking: Attempt, at_ms: int) -> None:
        """Somebody was reached before our time. If it is a member of a queue, he is not free."""
        step = Walk(self._walk.scheme).begin(self._facts(at_ms))
        if isinstance(step, Queue):
            scene, who = self._scene, talking.leg.number
            member = Seat(who) if talking.ticket.is_inside else Outside(who)
            scene.lines.members.took((scene.account_id, member), talking, scene.call_id, step.wrap_up_ms)

    def call_back(self, promise: Promise, at_ms: int) -> list[Order]:
        """First the caller must be on the phone."""
        self._stage = CallingBack(self._scene, promise)
        self._move(self._stage.state)
        return self._after(self._stage.begin(at_ms), at_ms)

    def deadline_ms(self) -> int | None:
        return self._stage.deadline_ms() if self._stage else None

    def wake(self, at_ms: int) -> list[Order]:
        return self._after(self._stage.wake(at_ms), at_ms) if self._stage else []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        if self._is_broken_off and not isinstance(event, RecordingEnded):
            return []
        return self._after(self._stage.hear(event, at_ms), at_ms) if self._stage else []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if self._stage is None or self._is_broken_off:
            return []
        return self._after(self._stage.refused(event, at_ms), at_ms)

    def offer(self, members: Sequence[Member], at_ms: int) -> list[Order]:
        """In the queue it is this caller's turn."""
        assert isinstance(self._stage, Waiting)
        return self._after(self._stage.offer(members, at_ms), at_ms)

    def lead(self, scheme: Scheme, at_ms: int) -> list[Order]:
        """Another way from here on: somebody hands the caller over."""
        self._past, self._walk, self._is_version = self.way, Walk(scheme), False
        return self._take(self._walk.begin(self._facts(at_ms)), at_ms)

    def pick_up(self, leg: Leg, seat: str, rung: str, at_ms: int) -> list[Order] | None:
        if self._stage is None or self._is_broken_off:
            return None
        return self._stage.pick_up(leg, seat, rung, at_ms)

    def say_farewell(self, prompt: str, at_ms: int) -> list[Order]:
        """The last that the caller hears, who is not answered for it."""
        self._is_farewell = True
        length_ms_max = self._scene.terms.prompt_ms_max
        self._stage = Saying(self._scene, Play((prompt,), early=True), length_ms_max=length_ms_max)
        self._move(self._stage.state)
        return self._stage.begin(at_ms)

    @property
    def place(self) -> CallAt:
        scene = self._scene
        return CallAt(
            scene.account_id,
            scene.call_id,
            self._number,
            scene.line,
            scene.caller.number,
            scene.seat,
            scene.hops,
            scene.scheme_version,
            self._walk.scheme,
            self._is_version,
            scene.caller_name,
            scene.record,
            scene.record_node,
            self._arrived_ms,
            self.way,
        )

    def over(self, at_ms: int, last_state: State) -> CallOver:
        """Nobody is in the call any more."""
        scene, caller = self._scene, self._scene.caller
        return CallOver(
            scene.account_id,
            scene.call_id,
            caller.number,
            scene.line,
            scene.scheme_version,
            self._arrived_ms,
            at_ms,
            caller.answered_at_ms,
            self.way,
            last_state.value,
        )

    def break_off(self, at_ms: int) -> list[Order]:
        """The call ends: nobody is reached for any more; what was recorded may still be told."""
        self._is_broken_off = True
        return self._stage.leave(at_ms) if self._stage else []

    def _facts(self, at_ms: int) -> Facts:
        purse = self._scene.purse
        available = purse.available_in(month_of(at_ms))
        return Facts(self._scene.call_id, at_ms, purse.caller, available, Standing(purse.standing.value))

    def _take(self, step: Step, at_ms: int) -> list[Order]:
        """Until a step takes time, or the scheme is over."""
        orders: list[Order] = []
        while not isinstance(step, EndCall):
            outcome: Outcome = Done()
            match step:
                case NameCaller():
                    self._scene.caller_name = step.name
                case RecordTalk():
                    self._scene.record, self._scene.record_node = step, self.node_name
                case _:
                    self._scene.node = self.node_name
                    self._scene.visits = sum(passed.node == self.node_name for passed in self.way)
                    stage = stage_of(step, self._scene)
                    self._move(stage.state)
                    orders += stage.begin(at_ms)
                    if stage.outcome is None:
                        self._stage = stage
                        return [*orders, self.place]
                    assert not isinstance(stage.outcome, Reached)
                    outcome = stage.outcome
                    orders += self._told(outcome)
                    self._move(State.ROUTING)
            step = self._walk.go_on(outcome, self._facts(at_ms))
        self.outcome = step.cause
        return orders

    def _after(self, orders: list[Order], at_ms: int) -> list[Order]:
        """Onward, if the stage has come to its outcome."""
        stage = self._stage
        assert stage
        outcome = stage.outcome
        if outcome is None or self._is_broken_off:
            return orders
        self._stage = None
        if isinstance(outcome, Reached):
            self.outcome = outcome
            return orders
        if self._is_farewell:
            self.outcome = Cause.NORMAL
            return orders
        if isinstance(stage, CallingBack):
            return orders + self._called_back(outcome, at_ms)
        orders += self._told(outcome)
        self._move(State.ROUTING)
        if outcome is LeftQueue.CALL_BACK:
            orders += self._scene.call_backs.promise(promise_to(self._scene, self._walk.rest, at_ms))
        return orders + self._take(self._walk.go_on(outcome, self._facts(at_ms)), at_ms)

    def _called_back(self, outcome: Outcome, at_ms: int) -> list[Order]:
        """The caller is on the phone again, and his way begins; or it never does."""
        if isinstance(outcome, NotReached):
            self.outcome = SILENT_END[outcome]
            return []
        self._move(State.ROUTING)
        return self._take(self._walk.begin(self._facts(at_ms)), at_ms)

    def _told(self, outcome: Outcome) -> list[Order]:
        if not isinstance(outcome, Failed):
            return []
        return [NodeFailed(self._scene.call_id, self._scene.node, outcome.why)]
