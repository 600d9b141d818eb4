"""Those who will be called back: whose place is kept, and when it is time to call.

Rule 1: nobody is called before he has hung up, nor twice at once; after a try that failed there is a pause.
Rule 2: a caller has one place in a line, however often he asks.
Rule 3: every promise comes to one end, which is told. It outlives the service.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from callctl.calls.lines.lines import Lines, Place
from callctl.calls.orders import Endpoint
from callctl.calls.records import CallBackOver, PlaceKept, PromiseEnd
from dialplan.scheme import Scheme
from dialplan.steps import CallBack, NotReached, RecordTalk

# A phone that has just been hung up may still be busy for its network.
HUNG_UP_MS = 5_000

Key = tuple[str, str, str]  # of an account, its line, a caller


@dataclass(slots=True, eq=False)
class Promise:
    """To somebody whose place is kept."""

    place: Place
    call_id: str  # in which he asked
    ways: tuple[Endpoint, ...]  # to his phone, each tried while the one before is unreachable
    line: str  # the number that he had dialled
    scheme: Scheme  # from the queue on
    scheme_version: int
    hops: int
    terms: CallBack
    until_ms: int
    caller_name: str = ""
    record: RecordTalk | None = None
    record_node: str = ""
    way: int = 0
    tries: int = 0
    due_ms: int | None = None  # None: while he is called, or has not hung up yet
    is_over: bool = False

    @property
    def kept(self) -> PlaceKept:
        place = self.place
        return PlaceKept(
            place.account_id,
            place.queue.name,
            place.caller,
            self.call_id,
            self.line,
            self.hops,
            self.scheme_version,
            self.scheme,
            self.caller_name,
            self.record,
            self.record_node,
            place.since_ms,
            self.until_ms,
            self.tries,
        )


class CallBacks:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._promises: dict[Key, Promise] = {}
        self._asked: dict[str, list[Promise]] = {}  # by the call that is not over yet
        self._due: list[tuple[int, int, Promise]] = []
        self._due_total = 0
        self._called_total = 0

    @property
    def waiting(self) -> int:
        return len(self._promises)

    @property
    def promises(self) -> Iterable[Promise]:
        return self._promises.values()

    def promise(self, promise: Promise) -> list[PlaceKept]:
        key = _key(promise.place)
        if key in self._promises:
            self._lines.leave(promise.place)
            return []
        self._promises[key] = promise
        self._asked.setdefault(promise.call_id, []).append(promise)
        return [promise.kept]

    def restore(self, promise: Promise, at_ms: int, *, is_on_phone: bool) -> None:
        """Of an earlier life of the service, which may have called him under numbers that are lower."""
        self.promise(promise)
        self._called_total = max(self._called_total, at_ms - promise.place.since_ms)
        if not is_on_phone:
            del self._asked[promise.call_id]
            self._rest(promise, at_ms + HUNG_UP_MS)

    def turn(self, place: Place) -> tuple[Promise, int]:
        """It is his turn: whom to call, and a number for this call that no other has."""
        promise = self._promises[_key(place)]
        promise.due_ms = None
        self._called_total += 1
        return promise, self._called_total

    def kept(self, promise: Promise) -> list[CallBackOver]:
        """He has answered: from now on he waits as anybody."""
        return self._end(promise, PromiseEnd.ANSWERED)

    def call_over(
        self, call_id: str, promise: Promise | None, why: NotReached, at_ms: int
    ) -> list[CallBackOver | PlaceKept]:
        """`promise`: that which the call should have kept, `why`: what came of it instead."""
        for asked in self._asked.pop(call_id, ()):
            self._rest(asked, at_ms + HUNG_UP_MS)
        return self._failed(promise, why, at_ms) if promise and not promise.is_over else []

    def deadline_ms(self) -> int | None:
        while self._due and self._due[0][2].due_ms != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def wake(self, at_ms: int) -> list[CallBackOver]:
        told: list[CallBackOver] = []
        while (due_ms := self.deadline_ms()) is not None and due_ms <= at_ms:
            promise = heappop(self._due)[2]
            if due_ms >= promise.until_ms:
                told += self._drop(promise, PromiseEnd.TOO_LATE)
            else:
                self._lines.resume(promise.place)
                self._wait_until(promise, promise.until_ms)
        return told

    def close(self) -> None:
        """The service ends: who waits at home is the next one's to call."""
        for promise in self._promises.values():
            self._lines.leave(promise.place)
            promise.is_over, promise.due_ms = True, None
        self._promises.clear()

    def _failed(self, promise: Promise, why: NotReached, at_ms: int) -> list[CallBackOver | PlaceKept]:
        promise.way += 1
        if why is NotReached.UNREACHABLE and promise.way < len(promise.ways):
            self._lines.resume(promise.place)
            self._wait_until(promise, promise.until_ms)
            return []
        promise.way, promise.tries = 0, promise.tries + 1
        if why is NotReached.REFUSED or promise.tries >= promise.terms.tries:
            return [*self._drop(promise, PromiseEnd(why.value))]
        self._rest(promise, at_ms + promise.terms.pause_ms)
        return [promise.kept]

    def _rest(self, promise: Promise, until_ms: int) -> None:
        """Whoever stands behind him goes first meanwhile."""
        if not promise.is_over:
            self._lines.put_off(promise.place)
            self._wait_until(promise, min(until_ms, promise.until_ms))

    def _wait_until(self, promise: Promise, due_ms: int) -> None:
        self._due_total += 1
        promise.due_ms = due_ms
        heappush(self._due, (due_ms, self._due_total, promise))

    def _drop(self, promise: Promise, why: PromiseEnd) -> list[CallBackOver]:
        self._lines.leave(promise.place)
        return self._end(promise, why)

    def _end(self, promise: Promise, why: PromiseEnd) -> list[CallBackOver]:
        place = promise.place
        del self._promises[_key(place)]
        promise.is_over, promise.due_ms = True, None
        return [
            CallBackOver(
                place.account_id, promise.call_id, place.caller, place.queue.name, promise.tries, why
            )
        ]


def _key(place: Place) -> Key:
    return place.account_id, place.queue.name, place.caller
