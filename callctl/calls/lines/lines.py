"""All callers who wait, in their order, and who is offered to whom.

Rule 1: the order is priority, then arrival. No member is offered to somebody while one before him, who could
    have this member too, has no offer.
    Nor is anybody offered more while somebody he was offered may still answer, or another who picks up.
Rule 2: a place is kept until its caller talks or leaves: an offer that came to nothing costs no place.
Rule 3: a caller who will be called back keeps his place. When it is his turn one member is kept free for him,
    until he is there; whom he gets is decided then.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from zlib import crc32

from callctl.calls.legs import Attempt
from callctl.calls.lines.members import Members
from callctl.calls.seats import Seats
from dialplan.choice import Candidate, choose
from dialplan.steps import Member, NotReached, Queue
from dialplan.targets import Target

# The expected wait is guessed from so many of the last who were taken.
REMEMBERED = 20


class WaitEnd(Enum):
    """How a caller's wait on the phone ended."""

    TAKEN = "taken"
    LEFT = "left"  # hung up, or the call ended otherwise
    DIGIT = "digit"  # chose another way
    TIMEOUT = "timeout"
    EMPTY = "empty"
    FULL = "full"
    CALL_BACK = "call_back"
    FAILED = "failed"  # what he was to hear could not be played


@dataclass(slots=True, eq=False)
class Place:
    """Somebody's place in a line."""

    account_id: str
    call_id: str
    caller: str
    since_ms: int
    queue: Queue
    number: int  # of arrival
    able: frozenset[Target]  # the members with the skills that the caller needs
    is_kept: bool = False  # its caller is not on the phone
    is_put_off: bool = False  # for a while he is offered to nobody
    offered: frozenset[Target] = frozenset()
    alone_since_ms: int | None = None  # since when no member is there any more who could take him
    is_rung: bool = False  # members, or whoever picks up, may still answer
    offers: int = 0
    has_left: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        return (-self.queue.priority, self.number)


@dataclass(slots=True)
class _Line:
    places: list[Place] = field(default_factory=list)  # in order
    last_offered: Target | None = None
    calls: dict[Target, int] = field(default_factory=dict)
    ahead: dict[Target, int] = field(default_factory=dict)  # of the calls of his own, by who came later

    def fairly(self, target: Target) -> int:
        """His calls, and those that others had before he came."""
        return self.calls.get(target, 0) + self.ahead.get(target, 0)

    def meet(self, members: Sequence[Member]) -> None:
        """Who is new begins with the fewest, or he would get all calls until he has as many as the others."""
        least = min((self.fairly(one.target) for one in members if one.target in self.ahead), default=0)
        for member in members:
            self.ahead.setdefault(member.target, least)

    taken_ms: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Lines:
    def __init__(self, seats: Seats) -> None:
        self.members = Members(seats)
        self.on_waited: Callable[[int, WaitEnd], None] = lambda _wait_ms, _end: None
        self._lines: dict[tuple[str, str], _Line] = {}
        self._waiting: dict[str, list[Place]] = {}  # by account, in order
        self._idle: dict[str, set[Target]] = {}  # who may be free, by account
        self._arrived = 0

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def length(self, account_id: str, queue: Queue) -> int:
        return len(self._line(account_id, queue).places)

    def has_members(self, account_id: str, queue: Queue) -> bool:
        """Somebody is there who could take the call, now or later."""
        return self._is_anybody_there(account_id, _able(queue))

    def join(self, account_id: str, call_id: str, caller: str, queue: Queue, at_ms: int) -> Place:
        self._arrived += 1
        self._line(account_id, queue).meet(queue.members)
        place = Place(account_id, call_id, caller, at_ms, queue, self._arrived, _able(queue))
        insort(self._line(account_id, queue).places, place, key=_rank)
        insort(self._waiting.setdefault(account_id, []), place, key=_rank)
        self._look_again(place)
        return place

    def keep(self, place: Place, number: str) -> None:
        """Its caller is about to hang up, and will be called back under this number."""
        place.is_kept, place.caller = True, number
        self.put_off(place)

    def put_off(self, place: Place) -> None:
        self._withdraw(place)
        place.is_put_off = True

    def resume(self, place: Place) -> None:
        self._withdraw(place)
        place.is_put_off = False
        self._look_again(place)

    def come_back(self, place: Place, call_id: str) -> None:
        """Its caller is on the phone again."""
        place.is_kept, place.call_id = False, call_id
        self.resume(place)

    def leave(self, place: Place) -> None:
        account_id = place.account_id
        self._withdraw(place)
        place.has_left = True
        self._line(account_id, place.queue).places.remove(place)
        self._waiting[account_id].remove(place)
        if not self._waiting[account_id]:
            del self._waiting[account_id]
            self._idle.pop(account_id, None)

    def missed(self, place: Place, target: Target, why: NotReached, at_ms: int) -> None:
        """One who was offered the call did not take it; who is rung with him may yet."""
        self.members.missed((place.account_id, target), why, at_ms, place.queue.penalty_ms)
        place.offered -= {target}

    def unanswered(self, place: Place) -> None:
        """Nobody of those who were rung may answer any more; others may have become free meanwhile."""
        place.is_rung = False
        self._look_again(place)

    def took(self, place: Place, target: Target, talk: Attempt, at_ms: int) -> None:
        line = self._line(place.account_id, place.queue)
        line.calls[target] = line.calls.get(target, 0) + 1
        line.taken_ms.append(at_ms)
        place.offered -= {target}
        self.members.took((place.account_id, target), talk, place.call_id, place.queue.wrap_up_ms)
        self.leave(place)

    def member_changed(self, account_id: str, target: Target, at_ms: int) -> list[Place]:
        """He came or went: the places of those whom that leaves alone, or who are not alone any more."""
        self.members.may_be_free((account_id, target))
        changed: list[Place] = []
        for place in self._waiting.get(account_id, ()):
            was_alone = place.alone_since_ms is not None
            if target in place.able and was_alone == self._is_anybody_there(account_id, place.able):
                place.alone_since_ms = None if was_alone else at_ms
                changed.append(place)
        return changed

    def offers(self) -> Iterator[tuple[Place, tuple[Member, ...]]]:
        """Each is to be carried out before the next is asked for."""
        while accounts := self.members.accounts_with_news():
            for account_id in accounts:
                yield from self._offers_in(account_id)

    def _offers_in(self, account_id: str) -> Iterator[tuple[Place, tuple[Member, ...]]]:
        news = self.members.take_news(account_id)
        places = self._waiting.get(account_id)
        if not places:
            return
        idle = self._idle.setdefault(account_id, set())
        idle |= news
        for place in list(places):
            if _wants_nobody(place) or idle.isdisjoint(place.able):
                continue
            if chosen := self._chosen(place, idle):
                yield place, chosen

    def names(self) -> Iterator[tuple[str, str]]:
        """Of all lines in which somebody has waited; each of an account."""
        return iter(self._lines)

    def places(self, account_id: str, name: str) -> Sequence[Place]:
        """In their order."""
        line = self._lines.get((account_id, name))
        return tuple(line.places) if line else ()

    def calls_taken(self, account_id: str, name: str, target: Target) -> int:
        line = self._lines.get((account_id, name))
        return line.calls.get(target, 0) if line else 0

    def position(self, place: Place) -> int:
        return self._line(place.account_id, place.queue).places.index(place) + 1

    def expected_wait_ms(self, place: Place) -> int | None:
        """From the pace at which the last ones were taken; None while there is no telling."""
        taken_ms = self._line(place.account_id, place.queue).taken_ms
        if len(taken_ms) < 2:
            return None
        return self.position(place) * (taken_ms[-1] - taken_ms[0]) // (len(taken_ms) - 1)

    def _chosen(self, place: Place, idle: set[Target]) -> tuple[Member, ...]:
        queue, account_id = place.queue, place.account_id
        line = self._line(account_id, queue)
        for target in idle & place.able:
            if not self.members.is_free((account_id, target)):
                idle.discard(target)
        free = [
            Candidate(
                index,
                member,
                self.members.state((account_id, member.target)).idle_since_ms,
                line.fairly(member.target),
            )
            for index, member in enumerate(queue.members)
            if member.target in idle and member.target in place.able
        ]
        if not free:
            return ()
        targets = [member.target for member in queue.members]
        last_place = targets.index(line.last_offered) if line.last_offered in targets else -1
        luck = crc32(f"{place.call_id} {place.offers}".encode())
        chosen = choose(queue.strategy, free, last_place=last_place, luck=luck)
        if place.is_kept:
            chosen = chosen[:1]
        else:
            place.is_rung = True
            line.last_offered = chosen[-1].member.target
            place.offers += 1
        place.offered = frozenset(candidate.member.target for candidate in chosen)
        idle -= place.offered
        for target in place.offered:
            self.members.offer((account_id, target), place.call_id)
        return tuple(candidate.member for candidate in chosen)

    def _is_anybody_there(self, account_id: str, able: frozenset[Target]) -> bool:
        return any(self.members.is_there((account_id, target)) for target in able)

    def _withdraw(self, place: Place) -> None:
        for target in place.offered:
            self.members.withdraw((place.account_id, target))
        place.offered, place.is_rung = frozenset(), False

    def _look_again(self, place: Place) -> None:
        for target in place.able:
            self.members.may_be_free((place.account_id, target))

    def _line(self, account_id: str, queue: Queue) -> _Line:
        return self._lines.setdefault((account_id, queue.name), _Line())


def _wants_nobody(place: Place) -> bool:
    return bool(place.offered) or place.is_rung or place.has_left or place.is_put_off


def _rank(place: Place) -> tuple[int, int]:
    return place.rank


def _able(queue: Queue) -> frozenset[Target]:
    return frozenset(member.target for member in queue.members if queue.needs <= member.skills)
