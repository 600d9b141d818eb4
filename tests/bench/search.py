"""The highest rate that is held, found in few steps. Pure.

Rule 1: double while it holds, halve the gap when it does not, and stop when the gap is one `grain`.
Rule 2: a rate that failed is tried once more: a moment of somebody else's load is not a limit.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Search:
    start: int
    most: int
    grain: int
    held: int = field(default=0, init=False)
    """The best so far."""
    _broken: int | None = field(default=None, init=False)
    _doubted: int | None = field(default=None, init=False)

    def next_rate(self) -> int | None:
        """None: there is nothing more to learn."""
        if self._doubted is not None:
            return self._doubted
        if self._broken is None:
            wanted = min(self.most, self.held * 2 or self.start)
            return wanted if wanted > self.held else None
        middle = (self.held + self._broken) // 2 // self.grain * self.grain
        return middle if self.held < middle < self._broken else None

    def tried(self, rate: int, is_held: bool) -> None:
        if is_held:
            self.held = max(self.held, rate)
            self._doubted = None
        elif self._doubted is None:
            self._doubted = rate
        else:
            self._broken, self._doubted = rate, None
