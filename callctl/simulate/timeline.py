"""Virtual time: what is to happen, in the order of its moments."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Timeline:
    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms
        self.jumped_ms = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at_ms: int, act: Callable[[], None]) -> None:
        """Whatever lies in the past happens now."""
        heappush(self._heap, (max(at_ms, self.now_ms), next(self._order), act))

    def run(self, until_ms: int) -> None:
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, act = heappop(self._heap)
            act()

    @property
    def wall_ms(self) -> int:
        """What a wall clock shows that somebody moves."""
        return self.now_ms + self.jumped_ms
