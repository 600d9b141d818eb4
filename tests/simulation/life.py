"""One life of the service in a simulated night: what it has in memory is gone with it.

Rule 1: it does with records, orders and lists what `service.py` does, by the same pure code.
Rule 2: records become durable in their order, all that has gathered at once, and again until it is done.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from callctl.asterisk.witness import Witnessed
from callctl.calls.directory import Directory
from callctl.calls.events import Event, LegsListed, OrderRefused, Why
from callctl.calls.legs import call_id_of_order
from callctl.calls.orders import Answer, HangUp, MediaOrder, Order, PlaceLeg, PlayToLeg
from callctl.calls.records import (
    LegHeld,
    LegSettled,
    NodeFailed,
    PlaceKept,
    Record,
)
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.earlier_life import EarlierLife
from callctl.inheritance import Inheritance
from callctl.simulate.exchange import Exchange
from callctl.simulate.legs import witnessed
from callctl.simulate.promises import Promises
from callctl.simulate.scenario import Scenario
from callctl.simulate.timeline import Timeline, Turn
from tests.simulation.store import Away, Store

GRACE_MS = 2_000
RETRY_MS_MIN, RETRY_MS_MAX = 100, 2_000


@dataclass(slots=True)
class Durable:
    """Whether a record is, and who waits for it."""

    is_done: bool = False
    waiting: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class World:
    """What outlives the service; `pass_by` is called before anything happens to it, and may be its death."""

    scenario: Scenario
    directory: Directory
    timeline: Timeline
    exchange: Exchange
    store: Store
    pass_by: Callable[[], None]
    write_ms: Callable[[], int]
    paid: set[str] = field(default_factory=set)  # legs for which something was held
    left: dict[str, int] = field(default_factory=dict)  # what the account could spend after this bill


class Life:
    def __init__(self, world: World) -> None:
        self._world = world
        self._timeline = world.timeline
        self._clock = Clock(
            wall_ns=lambda: self._timeline.wall_ms * 1_000_000,
            monotonic_ns=lambda: self._timeline.now_ms * 1_000_000,
        )
        self.ledger, left = world.store.load()
        self.promises = Promises(self.ledger)
        for account in self.ledger.accounts():
            self.promises.told(account.account_id)
        self.promises.check()
        earlier = EarlierLife(left, self.ledger, world.directory.tariffs, self._clock.now_ms())
        self.promises.check()
        terms = world.scenario.settings.terms(("simulated",), "simulated")
        self.switchboard = Switchboard(self.ledger, world.directory, terms)
        self._inheritance = Inheritance(earlier, self.switchboard, lambda _name: 0, self._obey)
        for seat in world.scenario.seats:
            self.switchboard.seats.tell(seat.seat)
        self._lanes: dict[str, deque[tuple[MediaOrder, Durable | None]]] = {}
        self._waiting: deque[tuple[Record, Durable]] = deque()
        self._held: dict[str, Durable] = {}  # the last hold of a call
        self._is_writing = False
        self._retry_ms = RETRY_MS_MIN
        self._woken_at_ms: int | None = None
        self.is_dead = False

    @property
    def is_idle(self) -> bool:
        return not (self._waiting or self.switchboard.calls_running)

    def hear(self, event: Event, stamp_ms: int) -> None:
        at_ms = self._clock.heard_ms(stamp_ms)
        if isinstance(event, LegsListed):
            self._on_list(event, at_ms)
        else:
            self._obey(self.switchboard.handle(event, at_ms))

    def _on_list(self, listed: LegsListed, at_ms: int) -> None:
        seen = self._witnessed(listed)
        if listed.is_after_gap:
            self._inheritance.take_up(listed, seen)
        self._obey(self.switchboard.handle(self._inheritance.listed(listed, seen), at_ms))

    def _witnessed(self, listed: LegsListed) -> Witnessed:
        question, legs = self._inheritance.question(listed), self._world.exchange.legs
        sides = question.sides if question else ()
        return Witnessed(*witnessed(legs[side] for side in sides if side in legs))

    def _obey(self, orders: Iterable[Order]) -> None:
        for order in orders:
            match order:
                case _ if isinstance(order, Record):
                    durable = self._write(order)
                    if isinstance(order, LegHeld):
                        self._held[order.connection.call_id] = durable
                    elif isinstance(order, PlaceKept):
                        self._held[order.call_id] = durable
                    self._watch(order)
                case NodeFailed():
                    pass
                case HangUp():
                    self._world.exchange.carry_out(order)
                case _:
                    waits = isinstance(order, PlaceLeg | Answer) and order.is_paid
                    waits |= isinstance(order, PlayToLeg) and order.is_promise
                    self._queue(order, self._held.get(call_id_of_order(order)) if waits else None)
        for call_id, fault in self.switchboard.take_faults():
            raise AssertionError(f"a fault in {call_id}") from fault
        self.promises.check()
        self.promises.check_calls(self.switchboard.calls())
        self._arm()

    def _watch(self, record: Record) -> None:
        if isinstance(record, LegHeld) and record.amount:
            self._world.paid.add(record.connection.leg_id)
        account = self.ledger.account(record.account_id) if isinstance(record, LegSettled) else None
        if account and isinstance(record, LegSettled):
            self._world.left[record.leg_id] = account.available

    def _arm(self) -> None:
        due_ms = self.switchboard.deadline_ms()
        if due_ms is not None and due_ms != self._woken_at_ms:
            self._woken_at_ms = due_ms
            self._timeline.at(due_ms, partial(self._wake, due_ms), Turn.TIMER)

    def _wake(self, due_ms: int) -> None:
        if self._woken_at_ms != due_ms or not self._goes_on():
            return
        self._woken_at_ms = None
        self._obey(self.switchboard.wake(self._clock.now_ms()))

    def _goes_on(self) -> bool:
        if not self.is_dead:
            self._world.pass_by()
        return not self.is_dead

    def _queue(self, order: MediaOrder, after: Durable | None) -> None:
        call_id = call_id_of_order(order)
        lane = self._lanes.setdefault(call_id, deque())
        lane.append((order, after))
        if len(lane) == 1:
            self._follow_lane(call_id)

    def _follow_lane(self, call_id: str) -> None:
        lane = self._lanes.get(call_id)
        while lane and not self.is_dead:
            order, after = lane[0]
            if after and not after.is_done:
                after.waiting.append(partial(self._follow_lane, call_id))
                self._after(GRACE_MS, partial(self._give_up, call_id, order, after))
                return
            lane.popleft()
            self._world.exchange.carry_out(order)
        if lane is not None and not lane:
            self._lanes.pop(call_id, None)

    def _give_up(self, call_id: str, order: MediaOrder, after: Durable) -> None:
        """The record that must come first is still not written."""
        lane = self._lanes.get(call_id)
        if after.is_done or not lane or lane[0][0] is not order or not self._goes_on():
            return
        lane.popleft()
        self._obey(self.switchboard.handle(OrderRefused(order, Why.NOT_RECORDED), self._clock.now_ms()))
        self._follow_lane(call_id)

    def _write(self, record: Record) -> Durable:
        durable = Durable()
        self._waiting.append((record, durable))
        if not self._is_writing:
            self._begin_write()
        return durable

    def _begin_write(self) -> None:
        """What comes while it is under way waits for the next one."""
        self._is_writing = bool(self._waiting)
        if self._waiting:
            self._after(0, self._send)

    def _send(self) -> None:
        """All that the step before gave."""
        self._after(self._world.write_ms(), partial(self._commit, len(self._waiting)))

    def _commit(self, count: int) -> None:
        if not self._goes_on():
            return
        batch = [self._waiting[place][0] for place in range(count)]
        try:
            self._world.store.write(batch, self._timeline.now_ms)
        except Away:
            self._after(self._retry_ms, self._send)
            self._retry_ms = min(self._retry_ms * 2, RETRY_MS_MAX)
            return
        self._retry_ms = RETRY_MS_MIN
        self._after(0, partial(self._committed, count))

    def _committed(self, count: int) -> None:
        if not self._goes_on():
            return
        done = [self._waiting.popleft()[1] for _ in range(count)]
        self._begin_write()
        for durable in done:
            durable.is_done = True
            for go_on in durable.waiting:
                go_on()

    def _after(self, wait_ms: int, act: Callable[[], None]) -> None:
        self._timeline.at(self._timeline.now_ms + wait_ms, act)
