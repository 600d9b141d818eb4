"""Two ways to know which call is due: the heap that the switchboard has, and a wheel of ticks.

Rule 1: both give back what is due in the switchboard's order: by instant, who gives up before who talks on,
        the older call first.
"""

from heapq import heappop, heappush


class Due:
    """What either needs to know of a call; `age` grows from call to call."""

    __slots__ = ("age", "call_id", "due_ms", "is_talking")

    def __init__(self, age: int) -> None:
        self.age = age
        self.call_id = f"{age}.1795000000"
        self.is_talking = bool(age % 4)
        self.due_ms = 0


class Heap:
    """As in `callctl/calls/switchboard.py`: what was armed before stays until it comes up, and is dropped."""

    def __init__(self) -> None:
        self._calls: dict[str, Due] = {}
        self._deadlines: list[tuple[int, bool, int, str]] = []
        self._due: dict[str, tuple[int, bool]] = {}

    def arm(self, call: Due, due_ms: int) -> None:
        self._calls[call.call_id] = call
        due = (due_ms, call.is_talking)
        if self._due.get(call.call_id) != due:
            self._due[call.call_id] = due
            heappush(self._deadlines, (*due, call.age, call.call_id))

    def cancel(self, call: Due) -> None:
        self._due.pop(call.call_id, None)

    def deadline_ms(self) -> int | None:
        while self._deadlines and self._due.get(self._deadlines[0][3]) != self._deadlines[0][:2]:
            heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def due(self, at_ms: int) -> list[Due]:
        found = []
        while (due_ms := self.deadline_ms()) is not None and due_ms <= at_ms:
            _, _, _, call_id = heappop(self._deadlines)
            del self._due[call_id]
            call = self._calls[call_id]
            call.due_ms = due_ms
            found.append(call)
        return found


class Wheel:
    """A list of calls for each tick; a call counts in the tick of its own `due_ms` only."""

    def __init__(self, tick_ms: int) -> None:
        self._tick_ms = tick_ms
        self._ticks: dict[int, list[Due]] = {}
        self._next = 0  # all earlier ticks are empty

    def arm(self, call: Due, due_ms: int) -> None:
        call.due_ms = due_ms
        tick = due_ms // self._tick_ms
        if tick < self._next or not self._next:
            self._next = tick
        calls = self._ticks.get(tick)
        if calls is None:
            self._ticks[tick] = [call]
        else:
            calls.append(call)

    def cancel(self, call: Due) -> None:
        call.due_ms = -1

    def due(self, at_ms: int) -> list[Due]:
        """Also in the midst of a tick: what is due later stays."""
        found: list[Due] = []
        last = at_ms // self._tick_ms
        for tick in range(self._next, last + 1):
            calls = self._ticks.pop(tick, None)
            if calls is None:
                continue
            now = [call for call in calls if call.due_ms // self._tick_ms == tick]
            if tick == last:
                later = [call for call in now if call.due_ms > at_ms]
                if later:
                    self._ticks[tick] = later
                    now = [call for call in now if call.due_ms <= at_ms]
            now.sort(key=lambda call: (call.due_ms, call.is_talking, call.age))
            found += now
        self._next = last
        return found
