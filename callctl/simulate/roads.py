"""What goes between the switchboard and the switch: orders there, news back, with the faults of both ways.

Rule 1: orders of one call are carried out in their order, each when the one before it is done; only a
    hang-up waits for nobody.
Rule 2: the answer to an order comes by a road of its own: it may be late, but not lost with the news.
Rule 3: every draw of luck comes from the one seed.
Rule 4: whoever orders may die. What it had not sent is never sent, what was on the wire may still be done,
    and nobody hears the news until somebody else is there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from callctl.calls.events import CallArrived, Event, LegEvent, OrderRefused, Why
from callctl.calls.legs import call_id_of_order
from callctl.calls.orders import (
    Bound,
    HangUp,
    MediaOrder,
)
from callctl.simulate.timeline import Timeline
from callctl.simulate.told import Faults

ANSWER_MS_MAX = 5_000  # who asks Asterisk waits no longer: what is not done by then may still be

# Who hears: the event, and the wall clock's stamp of it.
Hear = Callable[[Event, int], None]
Done = Callable[[Why | None], None]
# Who carries out, and says when it is done, or why it is not.
Take = Callable[[MediaOrder, Done], None]


@dataclass(slots=True)
class Lane:
    free_at_ms: int = 0
    is_busy: bool = False
    waiting: deque[MediaOrder] = field(default_factory=deque)


@dataclass(slots=True)
class Client:
    """Whoever orders and hears."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    is_gone: bool = False


class Roads:
    def __init__(
        self,
        timeline: Timeline,
        faults: Faults,
        seed: int,
        hear: Hear,
        take: Take,
        pass_by: Callable[[], None],
    ) -> None:
        """`pass_by`: called before anything is heard or taken; the client may be gone afterwards."""
        self._timeline = timeline
        self._faults = faults
        self._luck = Random(seed)
        self._hear = hear
        self._take = take
        self._pass_by = pass_by
        self._silent_since_ms = self._silent_until_ms = 0
        self._client = Client()
        self._began_ms: dict[str, int] = {}  # when the first news of a caller comes, which none overtakes

    @property
    def is_deserted(self) -> bool:
        return self._client.is_gone

    @property
    def proven_ms(self) -> int:
        """Until then, nothing has been lost with the stream."""
        return self._silent_since_ms if self._is_silent else self._timeline.now_ms

    @property
    def _is_silent(self) -> bool:
        return self._timeline.now_ms < self._silent_until_ms

    @property
    def is_swallowing(self) -> bool:
        """Nothing passes, either way."""
        return self._is_silent and self._faults.silence_swallows

    def lose_client(self) -> None:
        self._client.is_gone = True

    def new_client(self) -> None:
        self._client = Client()

    def order(self, order: MediaOrder) -> None:
        client = self._client
        arrives_ms = self._timeline.now_ms + self._delay_ms()
        if isinstance(order, HangUp):
            self._timeline.at(arrives_ms, partial(self._enter, client, Lane(), order))
            return
        lane = client.lanes.setdefault(call_id_of_order(order), Lane())
        lane.free_at_ms = max(lane.free_at_ms, arrives_ms)
        self._timeline.at(lane.free_at_ms, partial(self._enter, client, lane, order))

    def tell(self, event: Event) -> None:
        if self._client.is_gone:
            return
        stamp_ms = self._timeline.wall_ms
        times = 2 if self._luck.random() < self._faults.double else 1
        for _ in range(times):
            arrives_ms = self._timeline.now_ms + self._delay_ms()
            if isinstance(event, CallArrived):
                arrives_ms = self._began_ms.setdefault(event.leg_id, arrives_ms)
            elif isinstance(event, LegEvent):
                arrives_ms = max(arrives_ms, self._began_ms.get(event.leg_id, 0))
            self._timeline.at(arrives_ms, partial(self._deliver, self._client, event, stamp_ms))

    def fall_silent(self) -> int:
        """The news are lost until then."""
        self._silent_since_ms = self.proven_ms
        self._silent_until_ms = self._timeline.now_ms + self._luck.randint(1, self._faults.silence_ms_max)
        return self._silent_until_ms

    def _deliver(self, client: Client, event: Event, stamp_ms: int) -> None:
        if not self._is_silent and self._is_there(client):
            self._hear(event, stamp_ms)

    def _is_there(self, client: Client) -> bool:
        if not client.is_gone:
            self._pass_by()
        return not client.is_gone

    def _enter(self, client: Client, lane: Lane, order: MediaOrder) -> None:
        if client.is_gone:
            self._arrive_late(lane, order)
            return
        lane.waiting.append(order)
        if not lane.is_busy:
            self._next(client, lane)

    def _arrive_late(self, lane: Lane, order: MediaOrder) -> None:
        """Its sender is dead; only one order of a call is on the wire at a time."""
        is_next = not lane.is_busy
        lane.is_busy = True
        if is_next and self._faults.delay_ms_max and self._luck.random() < 0.5:
            self._take(order, lambda why: None)

    def _next(self, client: Client, lane: Lane) -> None:
        lane.is_busy = bool(lane.waiting)
        if lane.waiting and self._is_there(client):
            self._carry_out(client, lane.waiting.popleft(), partial(self._next, client, lane))

    def _carry_out(self, client: Client, order: MediaOrder, go_on: Callable[[], None]) -> None:
        if self.is_swallowing:
            self._swallow(client, order, go_on)
        elif self._luck.random() < self._faults.reject and not isinstance(order, HangUp | Bound):
            self._answer(client, order, Why.REJECTED)
            go_on()
        elif self._luck.random() < self._faults.unknown:
            if self._luck.random() < 0.5:
                self._take(order, lambda why: None)
            self._answer(client, order, Why.UNKNOWN)
            go_on()
        else:
            self._wait_for(client, order, go_on)

    def _swallow(self, client: Client, order: MediaOrder, go_on: Callable[[], None]) -> None:
        def given_up() -> None:
            self._answer(client, order, Why.UNKNOWN)
            go_on()

        self._timeline.at(self._timeline.now_ms + ANSWER_MS_MAX, given_up)

    def _wait_for(self, client: Client, order: MediaOrder, go_on: Callable[[], None]) -> None:
        is_over = False

        def done(why: Why | None) -> None:
            nonlocal is_over
            if is_over:
                return
            is_over = True
            if why is not None:
                self._answer(client, order, why)
            go_on()

        self._take(order, done)
        if not is_over:
            self._timeline.at(self._timeline.now_ms + ANSWER_MS_MAX, partial(done, Why.UNKNOWN))

    def _answer(self, client: Client, order: MediaOrder, why: Why) -> None:
        stamp_ms = self._timeline.wall_ms
        self._timeline.at(
            self._timeline.now_ms + self._delay_ms(),
            partial(self._tell_answer, client, OrderRefused(order, why), stamp_ms),
        )

    def _tell_answer(self, client: Client, refused: OrderRefused, stamp_ms: int) -> None:
        if self._is_there(client):
            self._hear(refused, stamp_ms)

    def _delay_ms(self) -> int:
        return self._luck.randint(0, self._faults.delay_ms_max)
