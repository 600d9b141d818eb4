"""The longest of many prefixes that a number begins with, in flat arrays: no object for each prefix.

Prefixes are flattened to ranges of numbers that do not overlap: range `i` is `[starts[i], starts[i + 1])` of
numbers padded to 16 digits, `rows[i]` the place of its longest prefix in the list that was given, or NONE.
The five leading digits lead straight to the few ranges among which a bisection finds the one.

Rule 1: the order in which prefixes are given changes nothing; each is given once.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

NONE: Final = -1
DIGITS: Final = 16  # a number has at most 15
HEAD_DIGITS: Final = 5
HEAD: Final = 10 ** (DIGITS - HEAD_DIGITS)
TOP: Final = 10**DIGITS


class PrefixTable:
    def __init__(self, prefixes: Sequence[str]) -> None:
        self._lengths = array("b", [len(prefix) for prefix in prefixes])
        self._longest = max(self._lengths, default=0)
        self._shorter = array("i", [NONE]) * len(prefixes)  # of each prefix: the next shorter one
        self._starts = array("q", [0])
        self._rows = array("i", [NONE])
        self._sweep(prefixes)
        self._heads = self._ranges_by_head()

    def __len__(self) -> int:
        return len(self._lengths)

    def find(self, number: str) -> int:
        """The place of the longest prefix of `number`, which has at most 15 digits, or NONE."""
        padded = int(number.ljust(DIGITS, "0"))
        head = padded // HEAD
        heads = self._heads
        row = self._rows[bisect_right(self._starts, padded, heads[head], heads[head + 1]) - 1]
        if len(number) < self._longest:
            while row != NONE and self._lengths[row] > len(number):
                row = self._shorter[row]
        return row

    def length(self, row: int) -> int:
        return self._lengths[row]

    def shorter(self, row: int) -> int:
        """The place of the longest prefix that `row`'s own begins with, or NONE."""
        return self._shorter[row]

    def prefixes(self) -> list[str]:
        """As they were given."""
        found = [""] * len(self)
        for start, row in zip(self._starts, self._rows, strict=True):
            digits = f"{start:0{DIGITS}}"
            while row != NONE and not found[row]:
                found[row] = digits[: self._lengths[row]]
                row = self._shorter[row]
        return found

    @property
    def bytes_used(self) -> int:
        parts = (self._lengths, self._shorter, self._starts, self._rows, self._heads)
        return sum(part.itemsize * len(part) for part in parts)

    def _ranges_by_head(self) -> "array[int]":
        """Of each head: how many ranges begin at its first number or before it."""
        heads = array("i")
        first_heads = [-(-start // HEAD) for start in self._starts]
        for place, (head, next_head) in enumerate(pairwise([*first_heads, 10**HEAD_DIGITS + 1]), start=1):
            if next_head > head:
                heads.extend(array("i", [place]) * (next_head - head))
        return heads

    def _sweep(self, prefixes: Sequence[str]) -> None:
        """In the order of their first numbers, the shorter of two that begin alike first."""
        open_ends = [TOP]
        open_rows = [NONE]
        for row in sorted(range(len(prefixes)), key=prefixes.__getitem__):
            prefix = prefixes[row]
            width = 10 ** (DIGITS - len(prefix))
            first = int(prefix or "0") * width
            while open_ends[-1] <= first:
                self._close(open_ends, open_rows)
            self._begin(first, row)
            self._shorter[row] = open_rows[-1]
            open_ends.append(first + width)
            open_rows.append(row)
        while len(open_ends) > 1:
            self._close(open_ends, open_rows)

    def _close(self, open_ends: list[int], open_rows: list[int]) -> None:
        ended = open_ends.pop()
        open_rows.pop()
        if ended < TOP:
            self._begin(ended, open_rows[-1])

    def _begin(self, start: int, row: int) -> None:
        if self._starts[-1] == start:
            self._rows[-1] = row
        else:
            self._starts.append(start)
            self._rows.append(row)
