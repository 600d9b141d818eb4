"""How fast a token may ask: so many questions a second, and twice as many at once after a pause.

Rule 1: what is kept is bounded, whatever comes: one number pair for each of the tokens that asked last.
"""

import math
from collections import OrderedDict
from collections.abc import Callable

TOKENS_MAX = 1_000
BURST_S = 2.0


class Pace:
    """`per_s` 0: as fast as they can."""

    def __init__(self, per_s: float, now_s: Callable[[], float]) -> None:
        self._per_s = per_s
        self._now_s = now_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # questions that are left, and when

    def wait_s(self, name: str) -> int:
        """0: it may ask; else after how many whole seconds it may again."""
        if not self._per_s:
            return 0
        now_s, most = self._now_s(), max(1.0, self._per_s * BURST_S)
        left, seen_s = self._left.pop(name, (most, now_s))
        left = min(most, left + (now_s - seen_s) * self._per_s)
        may = left >= 1
        self._left[name] = (left - may, now_s)
        if len(self._left) > TOKENS_MAX:
            self._left.popitem(last=False)
        return 0 if may else math.ceil((1 - left) / self._per_s)
