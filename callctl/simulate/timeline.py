"""Virtual time: what is to happen, in the order of its moments.

Rule 1: at one instant the order is payments, a new tariff, guaranteed payments (S-9), news, the switchboard's
    timer, new calls (S-8 needs one order).
"""

from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count


class Turn(IntEnum):
    PAYMENT = 0
    TARIFF = 1
    GUARANTEE = 2
    NEWS = 3
    TIMER = 4
    ARRIVAL = 5


class Timeline:
    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms
        self.jumped_ms = 0
        self._heap: list[tuple[int, Turn, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at_ms: int, act: Callable[[], None], turn: Turn = Turn.NEWS) -> None:
        """Whatever lies in the past happens now."""
        heappush(self._heap, (max(at_ms, self.now_ms), turn, next(self._order), act))

    def run(self, until_ms: int) -> None:
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, _, act = heappop(self._heap)
            act()

    @property
    def wall_ms(self) -> int:
        """What a wall clock shows that somebody moves."""
        return self.now_ms + self.jumped_ms
