"""A night in which the service dies and comes back: calls, phones and the database go on without it.

Rule 1: every step of the service that others can notice is counted: what it hears, each write that begins and
    each that is known to be done, each order that leaves it. It can die before each of them.
Rule 2: whoever wants to pay while nobody serves comes again.
"""

from dataclasses import dataclass
from functools import partial
from random import Random

from callctl.calls.connections import CALLERS_OWN
from callctl.calls.directory import Directory, Number
from callctl.calls.events import EntryPosted, Event
from callctl.calls.legs import call_id_of, leg_id_of
from callctl.simulate.exchange import Exchange
from callctl.simulate.scenario import LedgerLine, Scenario
from callctl.simulate.timeline import Timeline, Turn
from rating.profile import Tariffs
from tests.simulation.life import Life, World
from tests.simulation.store import Failure, Store

LIST_EVERY_MS = 15_000
PAY_AGAIN_MS = 1_000
REST_MS = 400 * 24 * 3600 * 1000
STEPS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Fate:
    """When the service dies, and for how long; a life may die while it still recovers from the last death."""

    dies_before: tuple[int, ...] = ()  # steps, counted over all lives
    down_ms: tuple[int, ...] = (100,)  # in turn
    comes_back: bool = True
    failure: Failure | None = None
    write_ms_max: int = 0


SPARED = Fate()


@dataclass(frozen=True, slots=True)
class Key:
    """Pressed by whoever sits at this phone."""

    at_ms: int
    phone: str
    digits: str


def directory_of(scenario: Scenario, tariffs: Tariffs) -> Directory:
    directory = Directory(tariffs)
    for number in scenario.numbers:
        directory.add(Number(number.number, number.account, number.read_scheme(), 1))
    return directory


class Lives:
    def __init__(
        self, scenario: Scenario, directory: Directory, fate: Fate = SPARED, keys: tuple[Key, ...] = ()
    ) -> None:
        self.scenario = scenario
        self._fate = fate
        self._keys = keys
        self._timeline = Timeline(scenario.start_ms)
        self._luck = Random(scenario.seed + 2)
        self.exchange = Exchange(self._timeline, scenario, self._hear, self._pass_by)
        self.store = Store(scenario, directory, fate.failure)
        self.world = World(
            scenario,
            directory,
            self._timeline,
            self.exchange,
            self.store,
            self._pass_by,
            lambda: self._luck.randint(0, fate.write_ms_max),
        )
        self.steps = 0
        self.deaths: list[tuple[int, int]] = []  # the step, and the moment
        self.life = Life(self.world)
        self.exchange.list_first(scenario.start_ms)

    def run(self, length_ms: int = REST_MS) -> "Lives":
        scenario, start_ms = self.scenario, self.scenario.start_ms
        for told in scenario.payments:
            self._timeline.at(start_ms + told.at, partial(self._pay, told), Turn.PAYMENT)
        for seen in scenario.seen:
            see = partial(self.exchange.see, seen.device, is_reachable=seen.reachable)
            self._timeline.at(start_ms + seen.at, see)
        for number, call in enumerate(scenario.calls, 1):
            ring = partial(self.exchange.ring_in, f"sim-{number}", call)
            self._timeline.at(start_ms + call.at, ring, Turn.ARRIVAL)
        for key in self._keys:
            for place, digit in enumerate(key.digits):
                press = partial(self._press, key.phone, digit)
                self._timeline.at(start_ms + key.at_ms + place * 100, press)
        self._list_later()
        self._timeline.run(start_ms + length_ms)
        return self

    @property
    def free(self) -> set[str]:
        """Legs that cost nobody anything: Asterisk lets them be."""
        legs, paid = self.exchange.legs, self.world.paid
        dear = set(paid)
        for leg in legs.values():
            call_id = call_id_of(leg.leg_id)
            talks_outside = leg.leg_id in paid & self.exchange.talked
            is_from_seat = any(
                call_id_of(one) == call_id and legs[one].phone and one not in paid
                for one in self.exchange.talked
            )
            if leg_id_of(call_id, CALLERS_OWN) in paid or (talks_outside and not is_from_seat):
                dear.add(call_id)
        return legs.keys() - dear

    @property
    def now_ms(self) -> int:
        return self._timeline.now_ms

    @property
    def is_over(self) -> bool:
        nobody = not self.exchange.legs_alive and not self.store.open_legs()
        return nobody and self.life.is_idle and self._timeline.now_ms > self._last_call_ms

    @property
    def _last_call_ms(self) -> int:
        return self.scenario.start_ms + max((call.at for call in self.scenario.calls), default=0)

    def _hear(self, event: Event, stamp_ms: int) -> None:
        self.life.hear(event, stamp_ms)

    def _pass_by(self) -> None:
        self.steps += 1
        assert self.steps < STEPS_MAX, "the night has no end"
        if self.steps in self._fate.dies_before:
            self._die()

    def _die(self) -> None:
        self.life.is_dead = True
        self.exchange.desert()
        down_ms = self._fate.down_ms[len(self.deaths) % len(self._fate.down_ms)]
        self.deaths.append((self.steps, self._timeline.now_ms))
        if self._fate.comes_back:
            self._timeline.at(self._timeline.now_ms + down_ms, self._come_back)

    def _come_back(self) -> None:
        self.life = Life(self.world)
        self.exchange.serve()
        self._pass_by()
        if not self.life.is_dead:
            self.exchange.list_first(self._timeline.now_ms)

    def _list_later(self) -> None:
        self._timeline.at(self._timeline.now_ms + LIST_EVERY_MS, self._list)

    def _list(self) -> None:
        if self.life.is_dead:
            if self._fate.comes_back:
                self._list_later()
            return
        self._pass_by()
        if not self.life.is_dead:
            self.exchange.list_again()
        if not self.is_over:
            self._list_later()

    def _pay(self, told: LedgerLine) -> None:
        if self.life.is_dead or self.store.is_away(self._timeline.now_ms):
            if self._fate.comes_back:
                again = partial(self._pay, told)
                self._timeline.at(self._timeline.now_ms + PAY_AGAIN_MS, again, Turn.PAYMENT)
            return
        entry = self.store.books.entry(told, self._timeline.now_ms)
        assert entry
        is_new = self.store.post(entry)
        self._pass_by()
        if is_new and not self.life.is_dead:
            self.life.promises.told(entry.account_id)
            self.life.hear(EntryPosted(entry), self._timeline.wall_ms)

    def _press(self, phone: str, digit: str) -> None:
        """On the leg that rings or talks there now."""
        phones = self.scenario.phones
        for leg in list(self.exchange.legs.values()):
            if leg.is_alive and leg.phone is not None and leg.phone is phones.get(phone):
                self.exchange.press(leg, digit)
