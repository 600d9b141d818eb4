"""A call centre with books of its own: callers come, members take them, miss them, part from them and rest.

Rule 1: all offers of an instant are written down with who was free for each just before.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from callctl.calls.legs import Attempt, Leg, LegState
from callctl.calls.lines.lines import Lines, Place
from callctl.calls.money.ticket import Ticket
from callctl.calls.records import Connection, EndedBy
from callctl.calls.seats import Seats
from dialplan.causes import Cause
from dialplan.steps import Member, NotReached, Queue, Strategy
from dialplan.targets import Outside, Target

STEP_MS = 1_000
ALONE_MS = {NotReached.NO_ANSWER: 1_000, NotReached.BUSY: 5_000, NotReached.UNREACHABLE: 10_000}


@dataclass(frozen=True)
class Offered:
    at_ms: int
    queue: Queue
    call_id: str
    chosen: tuple[Target, ...]
    free: tuple[Target, ...]  # of the queue's members, whatever their skills
    idle_since_ms: dict[Target, int]
    calls: dict[Target, int]  # from this line
    last: Target | None  # whom the line's offer before went to
    passed: list[str]  # who was before the caller, had nobody, and could have had who is rung


@dataclass
class Floor:
    """`nodes`: of lines that share members; a caller comes to any of them."""

    nodes: list[Queue]
    luck: Random
    lines: Lines = field(default_factory=lambda: Lines(Seats()))
    at_ms: int = 0
    offers: list[Offered] = field(default_factory=list)
    waiting: list[Place] = field(default_factory=list)
    talks: dict[str, tuple[Target, Attempt, Queue]] = field(default_factory=dict)
    rung: dict[Target, Place] = field(default_factory=dict)
    rests_until_ms: Counter[Target] = field(default_factory=Counter)
    idle_since_ms: Counter[Target] = field(default_factory=Counter)
    calls: Counter[tuple[str, Target]] = field(default_factory=Counter)
    last: dict[str, Target] = field(default_factory=dict)
    came: int = 0

    def run(self, steps: int) -> list[Offered]:
        for _ in range(steps):
            self.at_ms += STEP_MS
            self.lines.members.wake(self.at_ms)
            self._offer()
            self.luck.choice([self._come, self._come, self._take, self._take, self._miss, self._part])()
            self._offer()
        return self.offers

    def is_free(self, target: Target) -> bool:
        is_talking = any(target == talking for talking, _, _ in self.talks.values())
        return target not in self.rung and not is_talking and self.at_ms >= self.rests_until_ms[target]

    def alone(self) -> list[Place]:
        """Who waits, and nobody is rung for him."""
        rung_for = list(self.rung.values())
        return [place for place in self.waiting if not place.has_left and place not in rung_for]

    def _offer(self) -> None:
        for place, chosen in self.lines.offers():
            targets = tuple(member.target for member in chosen)
            queue = place.queue
            members = [member.target for member in queue.members]
            self.offers.append(
                Offered(
                    self.at_ms,
                    queue,
                    place.call_id,
                    targets,
                    tuple(target for target in members if self.is_free(target)),
                    {target: self.idle_since_ms[target] for target in members},
                    {target: self.calls[queue.name, target] for target in members},
                    self.last.get(queue.name),
                    [
                        one.call_id
                        for one in self.alone()
                        if one.rank < place.rank and not one.able.isdisjoint(targets)
                    ],
                )
            )
            self.last[queue.name] = targets[-1]
            self.rung |= dict.fromkeys(targets, place)

    def _come(self) -> None:
        self.came += 1
        queue = self.luck.choice(self.nodes)
        self.waiting.append(self.lines.join("a", f"c{self.came}", "", queue, self.at_ms))

    def _take(self) -> None:
        if not self.rung:
            return
        target, place = self.luck.choice(list(self.rung.items()))
        connection = Connection("a", "leg1", place.call_id, "", str(target), "")
        caller = Leg(place.call_id, "", LegState.UP, 0)
        talk = Attempt(caller, caller, Ticket(connection, None, is_inside=True), 0)
        self.talks[place.call_id] = target, talk, place.queue
        self.calls[place.queue.name, target] += 1
        self.rung = {one: other for one, other in self.rung.items() if other is not place}
        self.lines.took(place, target, talk, self.at_ms)

    def _miss(self) -> None:
        if not self.rung:
            return
        target, place = self.luck.choice(list(self.rung.items()))
        why = self.luck.choice(list(ALONE_MS))
        penalty_ms = place.queue.penalty_ms if why is NotReached.NO_ANSWER else 0
        self.rests_until_ms[target] = self.at_ms + max(ALONE_MS[why], penalty_ms)
        del self.rung[target]
        self.lines.missed(place, target, why, self.at_ms)
        if not place.offered:
            self.lines.unanswered(place)

    def _part(self) -> None:
        if not self.talks:
            return
        call_id = self.luck.choice(list(self.talks))
        target, talk, queue = self.talks.pop(call_id)
        talk.settle(self.at_ms, EndedBy.CALLER, Cause.NORMAL)
        self.idle_since_ms[target] = self.at_ms
        self.rests_until_ms[target] = self.at_ms + queue.wrap_up_ms
        self.lines.members.look(call_id, self.at_ms)


def floor(seed: int, strategy: Strategy) -> Floor:
    luck = Random(seed)
    everybody = [Outside(f"7916000000{n}") for n in range(luck.randint(1, 5))]
    nodes = [_node(luck, name, everybody, strategy) for name in ("sales", "sales", "help")]
    nodes[1] = Queue("sales", nodes[0].members, strategy, 1, needs=_skills(luck), priority=5)
    return Floor([node for node in nodes if any(node.needs <= one.skills for one in node.members)], luck)


def _node(luck: Random, name: str, everybody: list[Outside], strategy: Strategy) -> Queue:
    members = tuple(Member(target, luck.randint(1, 4), _skills(luck)) for target in everybody)
    wrap_up_ms, penalty_ms = luck.choice([0, 7_000]), luck.choice([0, 9_000])
    return Queue(name, members, strategy, 1, wrap_up_ms=wrap_up_ms, penalty_ms=penalty_ms)


def _skills(luck: Random) -> frozenset[str]:
    return luck.choice([frozenset(), frozenset({"en"}), frozenset({"en", "de"})])
