"""An overseer of a call centre, who keeps books of his own: who waits, who is rung, who talks, who rests, and
whose place is kept.

Rule 1: he knows the schemes, what was heard and what is ordered, and nothing of how the product decides.
Rule 2: he looks at evenings on a good switch, where an order is done in the instant in which it is given.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from callctl.calls.events import DeviceSeen, Event, LegAnswered, LegEnded
from callctl.calls.legs import asked_in, call_id_of
from callctl.calls.orders import Device, HangUp, Join, MusicOn, Order, PlaceLeg, PlayToLeg, RingBack, Trunk
from callctl.calls.outcomes import outcome_of
from callctl.calls.records import (
    CallBackOver,
    CallOver,
    EndedBy,
    LegRefused,
    LegSettled,
    PromiseEnd,
)
from callctl.simulate.scenario import Scenario
from dialplan.causes import Cause
from dialplan.nodes.queue import CalledBack, QueueMember, WaitInQueue
from dialplan.steps import NotReached, Strategy, most_telling
from dialplan.targets import Outside, Seat, Target

# How long somebody is left alone who was rung in vain, whatever the scheme says.
ALONE_MS = {
    NotReached.NO_ANSWER: 1_000,
    NotReached.BUSY: 5_000,
    NotReached.UNREACHABLE: 10_000,
    NotReached.REFUSED: 30_000,
}


# Nobody is called sooner after his call.
HUNG_UP_MS = 5_000


@dataclass
class Waiting:
    """One who waits in a line; `phones`: those that ring for him, by leg."""

    call_id: str
    line: WaitInQueue
    came: int
    since_ms: int
    phones: dict[str, Target] = field(default_factory=dict)
    failed: dict[Target, list[NotReached]] = field(default_factory=dict)

    @property
    def able(self) -> list[QueueMember]:
        return [one for one in self.line.members if self.line.needs <= one.skills]

    @property
    def rank(self) -> tuple[int, int]:
        return -self.line.priority, self.came


@dataclass
class Kept:
    """One who will be called back; `due_ms`: from when on, None while he is on the phone, or is called."""

    place: Waiting
    number: str
    asked_ms: int
    due_ms: int | None = None
    rings: str | None = None  # the call that calls him
    perhaps: set[Target] = field(default_factory=set)  # one of these is kept free meanwhile
    tries: int = 0


@dataclass
class Offer:
    """Who was free just before, and who is rung. Some were perhaps free from this instant on, or are kept for
    somebody who is called back."""

    to: Waiting
    free: list[QueueMember]
    perhaps: list[QueueMember]
    chosen: list[Target]

    def perhaps_free(self) -> Iterator[list[QueueMember]]:
        """Whose rest ends in this instant may be free a moment later."""
        for count in range(len(self.perhaps) + 1):
            for late in combinations(self.perhaps, count):
                yield [one for one in self.free if one not in late]


class Overseer:
    def __init__(self, scenario: Scenario) -> None:
        self._lines = {
            told.number: node
            for told in scenario.numbers
            for node in told.read_scheme().nodes.values()
            if isinstance(node, WaitInQueue)
        }
        self._seat_of = {device: Seat(seat.name) for seat in scenario.seats for device in seat.devices}
        self._reachable = dict.fromkeys(self._seat_of, True)
        self._line_of = {f"sim-{place}": call.to for place, call in enumerate(scenario.calls, 1)}
        self._number_of = {f"sim-{place}": call.caller for place, call in enumerate(scenario.calls, 1)}
        self._waiting: dict[str, Waiting] = {}
        self._kept: dict[str, Kept] = {}  # by the call in which he asked
        self.called_back: Counter[PromiseEnd] = Counter()
        self._talks: dict[str, tuple[Target, WaitInQueue]] = {}  # by the member's leg
        self._asked: dict[str, Seat] = {}  # by the member's leg
        self._rests_until_ms: Counter[Target] = Counter()
        self._idle_since_ms: Counter[Target] = Counter()
        self._taken: Counter[tuple[str | None, Target]] = Counter()
        self._last: dict[str | None, Target] = {}
        self._came: set[str] = set()
        self._at_ms = 0
        self.offers: Counter[Strategy] = Counter()
        self.heavy, self.heavy_expected = 0, 0.0  # offers of weighted lines to who weighs more than another
        self.talked = 0

    def watch(self, event: Event | None, orders: Sequence[Order], at_ms: int) -> None:
        if at_ms > self._at_ms:
            self._nobody_waits_beside_a_free_member()
        self._at_ms = at_ms
        match event:
            case DeviceSeen(device, is_reachable):
                self._reachable[device] = is_reachable
            case LegEnded(leg_id):
                self._waiting.pop(leg_id, None)
            case LegAnswered(leg_id):
                self._asks(leg_id)
        offers: dict[str, Offer] = {}
        unlucky: set[str] = set()
        for order in orders:
            match order:
                case MusicOn(leg_id=call_id) | RingBack(leg_id=call_id) if call_id not in self._came:
                    self._joins(call_id)
                case LegRefused():
                    unlucky.add(order.connection.call_id)
                    self._refused(order)
                case PlayToLeg(leg_id=call_id, media=(media,)) if media.endswith("call-back/booked"):
                    self._promised(call_id)
                case CallOver():
                    self._over(order.call_id)
                case CallBackOver():
                    self._no_more_kept(order)
                case PlaceLeg() if asked_in(order.leg_id):
                    self._calls_back(order.leg_id)
                case PlaceLeg():
                    self._rings(order, offers, unlucky)
                case Join(leg_ids=(call_id, leg_id)):
                    self._takes(self._waiting.pop(call_id), leg_id)
                case HangUp(leg_id=leg_id):
                    self._waiting.pop(leg_id, None)
                case LegSettled() if order.leg_id in self._talks:
                    self._asked.pop(order.leg_id, None)
                    self._parts(order.leg_id)
                case LegSettled():
                    self._rang_in_vain(order)
                case _:
                    pass
        for offer in offers.values():
            if offer.to.call_id not in unlucky:
                self._keeps_strategy(offer)
            self._last[offer.to.line.name] = offer.chosen[-1]

    def nobody_is_left(self) -> None:
        assert not self._waiting, f"still waiting: {self._waiting}"
        assert not self._talks, f"still talking: {self._talks}"
        assert not self._kept, f"still promised: {self._kept}"

    def _joins(self, call_id: str) -> None:
        line = self._lines[self._line_of[call_id]]
        before = [one for one in self._all_places() if one.line.name == line.name]
        assert line.length_max is None or len(before) < line.length_max, f"{call_id}: the line is full"
        self._came.add(call_id)
        self._waiting[call_id] = Waiting(call_id, line, len(self._came), self._at_ms)

    def _all_places(self) -> list[Waiting]:
        return [*self._waiting.values(), *(kept.place for kept in self._kept.values())]

    def _promised(self, call_id: str) -> None:
        """He will be called back; unless he has a place already."""
        place, number = self._waiting.pop(call_id), self._number_of[call_id]
        lines = [kept.place.line.name for kept in self._kept.values() if kept.number == number]
        if place.line.name not in lines:
            self._kept[call_id] = Kept(place, number, self._at_ms)

    def _over(self, call_id: str) -> None:
        if kept := self._kept.get(call_id):
            kept.due_ms = self._at_ms + HUNG_UP_MS
        again = self._kept.get(asked_in(call_id) or "")
        if again and again.rings == call_id:
            terms = again.place.line.called_back or CalledBack()
            again.rings, again.due_ms = None, self._at_ms + terms.pause_s * 1000
            again.tries += 1

    def _calls_back(self, call_id: str) -> None:
        kept = self._kept[asked_in(call_id) or ""]
        told = f"{self._at_ms}: {call_id} is called back"
        assert kept.rings is None, f"{told} while {kept.rings} calls him"
        assert kept.due_ms is not None and kept.due_ms <= self._at_ms, f"{told} too soon: {kept}"
        free = {one.target for one in kept.place.able if self._is_free(one.target)}
        for called in self._called():
            free -= called.perhaps if len(called.perhaps) == 1 else set()
        assert free, f"{told}, and nobody is free for him"
        for other in self._before(kept.place):
            assert not free <= {one.target for one in other.able}, f"{told}; {other.call_id} was before him"
        kept.rings, kept.due_ms, kept.perhaps = call_id, None, free
        self._number_of[call_id] = kept.number

    def _no_more_kept(self, over: CallBackOver) -> None:
        kept = self._kept.pop(over.call_id)
        terms = kept.place.line.called_back or CalledBack()
        self.called_back[over.end] += 1
        match over.end:
            case PromiseEnd.ANSWERED:
                assert kept.rings
                self._came.add(kept.rings)
                self._waiting[kept.rings] = Waiting(kept.rings, kept.place.line, kept.place.came, self._at_ms)
            case PromiseEnd.TOO_LATE:
                assert self._at_ms >= kept.asked_ms + terms.within_s * 1000, kept
            case PromiseEnd.REFUSED:
                assert kept.rings is None, kept
            case _:
                assert kept.tries == terms.tries, kept

    def _called(self) -> list[Kept]:
        return [kept for kept in self._kept.values() if kept.rings]

    def _kept_free(self, *members: Target) -> int:
        """How many of these may be kept for somebody who is called back."""
        return sum(not kept.perhaps.isdisjoint(members) for kept in self._called())

    def _before(self, one: Waiting) -> Iterator[Waiting]:
        """Who stands before him, and has nobody."""
        due = [kept.place for kept in self._kept.values() if kept.due_ms and kept.due_ms < self._at_ms]
        for other in [*self._waiting.values(), *due]:
            if other.rank < one.rank and not other.phones:
                yield other

    def _rings(self, order: PlaceLeg, offers: dict[str, Offer], unlucky: set[str]) -> None:
        waiting, target = self._waiting[order.caller_leg_id or ""], self._target(order)
        if waiting.call_id not in offers:
            assert not waiting.phones, f"{waiting.call_id} is offered to more while {waiting.phones} ring"
            free = [one for one in waiting.able if self._is_free(one.target)]
            perhaps = [
                one
                for one in free
                if self._kept_free(one.target) or self._rests_until_ms[one.target] == self._at_ms
            ]
            offers[waiting.call_id] = Offer(waiting, free, perhaps, [])
            waiting.failed.clear()
        offer = offers[waiting.call_id]
        if target not in offer.chosen:
            told = f"{self._at_ms}: {target} is rung for {waiting.call_id}"
            assert self._at_ms >= self._rests_until_ms[target], f"{told} while he rests"
            assert target in [one.target for one in offer.free], f"{told}, who is not free"
            for other in self._before(waiting):
                is_passed = other.call_id not in unlucky and target in [one.target for one in other.able]
                assert not is_passed, f"{told}; {other.call_id} was before him"
            offer.chosen.append(target)
        waiting.phones[order.leg_id] = target

    def _refused(self, order: LegRefused) -> None:
        """Also whom there was no money for has had his turn."""
        target = Outside(order.connection.number)
        self._rest(target, ALONE_MS[NotReached.REFUSED])
        if waiting := self._waiting.get(order.connection.call_id):
            self._last[waiting.line.name] = target

    def _asks(self, leg_id: str) -> None:
        """A seat that is asked whether it takes the call is not free before its phone is."""
        waiting = self._waiting.get(call_id_of(leg_id))
        target = waiting.phones.get(leg_id) if waiting and waiting.line.accept else None
        if isinstance(target, Seat):
            self._asked[leg_id] = target

    def _takes(self, waiting: Waiting, leg_id: str) -> None:
        target = waiting.phones[leg_id]
        self._talks[leg_id] = target, waiting.line
        self._taken[waiting.line.name, target] += 1
        self.talked += 1

    def _parts(self, leg_id: str) -> None:
        target, line = self._talks.pop(leg_id)
        self._idle_since_ms[target] = self._at_ms
        self._rest(target, line.wrap_up_s * 1000)

    def _rang_in_vain(self, settled: LegSettled) -> None:
        """Whose bill comes when the caller has left was not asked for long enough: no rest for that."""
        self._asked.pop(settled.leg_id, None)
        waiting = self._waiting.get(call_id_of(settled.leg_id))
        target = waiting.phones.pop(settled.leg_id, None) if waiting else None
        if waiting is None or target is None or settled.cause == Cause.ANSWERED_ELSEWHERE:
            return
        failed = waiting.failed.setdefault(target, [])
        failed.append(_outcome(settled))
        if target in waiting.phones.values():
            return
        why = most_telling(failed)
        penalty_ms = waiting.line.penalty_s * 1000 if why is NotReached.NO_ANSWER else 0
        self._rest(target, max(ALONE_MS[why], penalty_ms))

    def _rest(self, target: Target, rest_ms: int) -> None:
        self._rests_until_ms[target] = self._at_ms + rest_ms

    def _target(self, order: PlaceLeg) -> Target:
        match order.endpoint:
            case Device(name):
                return self._seat_of[name]
            case Trunk(number=number):
                return Outside(number)
            case _:
                raise AssertionError(order)

    def _is_free(self, target: Target) -> bool:
        is_rung = any(target in one.phones.values() for one in self._waiting.values())
        is_talking = any(target == talking for talking, _ in self._talks.values())
        is_asked = target in self._asked.values()
        is_resting = self._at_ms < self._rests_until_ms[target]
        return not (is_rung or is_asked or is_talking or is_resting) and self._is_there(target)

    def _is_there(self, target: Target) -> bool:
        phones = [device for device, seat in self._seat_of.items() if seat == target]
        return isinstance(target, Outside) or any(self._reachable[device] for device in phones)

    def _nobody_waits_beside_a_free_member(self) -> None:
        for one in self._waiting.values():
            longest_s = one.line.wait_s_max
            assert longest_s is None or self._at_ms <= one.since_ms + longest_s * 1000, (
                f"{self._at_ms}: {one.call_id} of {one.line.name} waits too long"
            )
        due = [kept.place for kept in self._kept.values() if kept.due_ms and kept.due_ms <= self._at_ms]
        for one in [*self._waiting.values(), *due]:
            free = (
                [] if one.phones else [member.target for member in one.able if self._is_free(member.target)]
            )
            told = f"{self._at_ms}: {one.call_id} of {one.line.name}"
            assert len(free) <= self._kept_free(*free), f"{told} waits, and nobody rings {free}"

    def _keeps_strategy(self, offer: Offer) -> None:
        line, chosen = offer.to.line, offer.chosen
        is_kept = any(self._is_promised(line, free, chosen) for free in offer.perhaps_free() if free)
        assert is_kept, f"{self._at_ms}: {line.strategy}: {chosen} of {offer.free} for {offer.to}"
        self.offers[line.strategy] += 1
        if line.strategy is Strategy.WEIGHTED and not offer.perhaps:
            weights = {one.target: one.weight for one in offer.free}
            heaviest, lightest = max(weights.values()), min(weights.values())
            if heaviest > lightest:
                self.heavy += weights[chosen[0]] == heaviest
                heavy = [weight for weight in weights.values() if weight == heaviest]
                self.heavy_expected += sum(heavy) / sum(weights.values())

    def _is_promised(self, line: WaitInQueue, free: list[QueueMember], chosen: list[Target]) -> bool:
        targets = [one.target for one in free]
        match line.strategy:
            case Strategy.RING_ALL:
                return chosen == targets
            case Strategy.FIXED_ORDER:
                return chosen == targets[:1]
            case Strategy.IN_TURN:
                return chosen == [self._next_in_turn(line, targets)]
            case Strategy.LONGEST_IDLE:
                return chosen == [min(targets, key=lambda one: self._idle_since_ms[one])]
            case Strategy.FEWEST_CALLS:
                return chosen == [min(targets, key=lambda one: self._taken[line.name, one])]
            case Strategy.RANDOM | Strategy.WEIGHTED:
                return len(chosen) == 1 and chosen[0] in targets

    def _next_in_turn(self, line: WaitInQueue, free: list[Target]) -> Target:
        """All members stand in a ring; the one who was offered the last call stands at its end."""
        ring = [one.target for one in line.members]
        last = self._last.get(line.name)
        begin = ring.index(last) + 1 if last in ring else 0
        return next(one for one in ring[begin:] + ring[:begin] if one in free)


def _outcome(settled: LegSettled) -> NotReached:
    match settled.ended_by:
        case EndedBy.BALANCE | EndedBy.LIMIT | EndedBy.LONGEST | EndedBy.REFUSED:
            return NotReached.REFUSED
        case EndedBy.SERVICE if settled.cause == Cause.NORMAL:
            return NotReached.BUSY  # pressed another key than the one that takes the call
        case _:
            return outcome_of(settled.cause)
