"""The members of all queues as they are now: free, offered a call, talking, resting, pausing.

Rule 1: a member is one person, whatever queues he serves: one call at a time.
Rule 2: his rest after a talk, and after a call that he did not take, counts for all of them.
Rule 3: whatever may make somebody free is news: who is found not to be free is not looked at again before.
"""

from dataclasses import dataclass
from heapq import heappop, heappush

from callctl.calls.legs import Attempt
from callctl.calls.seats import Seats
from dialplan.steps import NotReached
from dialplan.targets import Outside, Seat, Target

# Somebody who cannot be rung now is not rung again in the same instant.
RETRY_MS = {
    NotReached.NO_ANSWER: 1_000,
    NotReached.BUSY: 5_000,
    NotReached.UNREACHABLE: 10_000,
    NotReached.REFUSED: 30_000,
}

Key = tuple[str, Target]  # of an account


@dataclass(slots=True)
class MemberState:
    offered_by: str | None = None  # the call whose caller he is offered
    talks: int = 0  # more than one when he takes another's call meanwhile
    rests_until_ms: int | None = None  # until `wake` has said so: news may be older than the last waking
    idle_since_ms: int = 0
    is_pausing: bool = False


@dataclass(frozen=True, slots=True)
class _Talk:
    member: Key
    attempt: Attempt
    wrap_up_ms: int


class Members:
    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._states: dict[Key, MemberState] = {}
        self._talks: dict[str, _Talk] = {}  # by call
        self._rests: list[tuple[int, int, Key]] = []  # whose end is news
        self._rests_total = 0
        self._news: dict[str, set[Target]] = {}

    def state(self, key: Key) -> MemberState:
        return self._states.setdefault(key, MemberState())

    def is_there(self, key: Key) -> bool:
        """He may be busy, but he is at work and can be reached."""
        account_id, target = key
        if self.state(key).is_pausing:
            return False
        match target:
            case Outside():
                return True
            case Seat(name):
                return self._seats.is_there(account_id, name)

    def is_free(self, key: Key) -> bool:
        state = self.state(key)
        is_resting = state.rests_until_ms is not None
        if state.offered_by or state.talks or is_resting or not self.is_there(key):
            return False
        account_id, target = key
        return not (isinstance(target, Seat) and self._seats.is_engaged(account_id, target.name))

    def take_news(self, account_id: str) -> set[Target]:
        """Who may have become free since the last time."""
        return self._news.pop(account_id, set())

    def may_be_free(self, key: Key) -> None:
        self._news.setdefault(key[0], set()).add(key[1])

    def pause(self, key: Key, *, is_pausing: bool) -> None:
        self.state(key).is_pausing = is_pausing

    def offer(self, key: Key, call_id: str) -> None:
        self.state(key).offered_by = call_id

    def withdraw(self, key: Key) -> None:
        """He is offered the call no more, through no fault of his."""
        self.state(key).offered_by = None
        self.may_be_free(key)

    def missed(self, key: Key, why: NotReached, at_ms: int, penalty_ms: int) -> None:
        self.state(key).offered_by = None
        self._rest(key, at_ms, max(RETRY_MS[why], penalty_ms if why is NotReached.NO_ANSWER else 0))

    def took(self, key: Key, talk: Attempt, call_id: str, wrap_up_ms: int) -> None:
        state = self.state(key)
        state.offered_by, state.talks = None, state.talks + 1
        self._talks[call_id] = _Talk(key, talk, wrap_up_ms)

    def look(self, call_id: str, at_ms: int) -> None:
        """Something happened in this call: perhaps it was the end of a member's talk."""
        for account_id, name in self._seats.take_ended(call_id):
            self.may_be_free((account_id, Seat(name)))
        talk = self._talks.get(call_id)
        if talk and talk.attempt.is_settled:
            del self._talks[call_id]
            state = self._states[talk.member]
            state.talks, state.idle_since_ms = state.talks - 1, at_ms
            self._rest(talk.member, at_ms, talk.wrap_up_ms)

    def deadline_ms(self) -> int | None:
        """When the next rest is over."""
        return self._rests[0][0] if self._rests else None

    def wake(self, at_ms: int) -> None:
        while self._rests and self._rests[0][0] <= at_ms:
            until_ms, _, key = heappop(self._rests)
            state = self.state(key)
            if state.rests_until_ms == until_ms:
                state.rests_until_ms = None
                self.may_be_free(key)

    def accounts_with_news(self) -> list[str]:
        return sorted(self._news)

    def _rest(self, key: Key, at_ms: int, rest_ms: int) -> None:
        state, until_ms = self.state(key), at_ms + rest_ms
        if not rest_ms:
            self.may_be_free(key)
        elif state.rests_until_ms is None or state.rests_until_ms < until_ms:
            state.rests_until_ms = until_ms
            self._rests_total += 1
            heappush(self._rests, (until_ms, self._rests_total, key))
