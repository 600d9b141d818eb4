"""Does a figure grow, or does it only go up and down? Pure.

Rule 1: the first half is warm-up: pools, caches and buffers reach their size there.
Rule 2: a leak never pauses: the whole second half grows faster than the bound, beyond three standard errors,
    and each of its halves does. A step that is taken once is none.
Rule 3: neighbouring samples say nearly the same, so the error is that of a line through means of blocks.
Rule 4: nothing is called flat that was not seen to be: where the error leaves room for a leak, it is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import inf, sqrt
from statistics import fmean

BLOCKS = 12
SURE = 3.0
HOUR_S = 3_600.0


class Verdict(Enum):
    FLAT = "flat"
    LEAK = "LEAK"
    UNCLEAR = "too short to tell"


@dataclass(frozen=True, slots=True)
class Point:
    at_s: float
    value: float


@dataclass(frozen=True, slots=True)
class Growth:
    first: float
    last: float
    per_hour: float
    error_per_hour: float
    bound_per_hour: float
    verdict: Verdict


def judge(points: Sequence[Point], bound_per_hour: float) -> Growth:
    half = second_half(points)
    slope, error = slope_per_hour(half), error_per_hour(half)
    grows_on = all(slope_per_hour(part) > bound_per_hour for part in _cut(half, 2))
    if slope - SURE * error > bound_per_hour and grows_on:
        verdict = Verdict.LEAK
    elif slope + SURE * error <= bound_per_hour:
        verdict = Verdict.FLAT
    else:
        verdict = Verdict.UNCLEAR
    return Growth(points[0].value, points[-1].value, slope, error, bound_per_hour, verdict)


def second_half(points: Sequence[Point]) -> Sequence[Point]:
    middle_s = (points[0].at_s + points[-1].at_s) / 2
    return [point for point in points if point.at_s >= middle_s]


def slope_per_hour(points: Sequence[Point]) -> float:
    """By least squares."""
    at_s, value = fmean(point.at_s for point in points), fmean(point.value for point in points)
    spread = sum((point.at_s - at_s) ** 2 for point in points)
    if not spread:
        return 0.0
    return HOUR_S * sum((point.at_s - at_s) * (point.value - value) for point in points) / spread


def error_per_hour(points: Sequence[Point]) -> float:
    """The standard error of the slope."""
    means = [
        Point(fmean(one.at_s for one in block), fmean(one.value for one in block))
        for block in _cut(points, BLOCKS)
    ]
    if len(means) < BLOCKS:
        return inf
    slope = slope_per_hour(means) / HOUR_S
    at_s, value = fmean(point.at_s for point in means), fmean(point.value for point in means)
    rest = sum((point.value - value - slope * (point.at_s - at_s)) ** 2 for point in means)
    spread = sum((point.at_s - at_s) ** 2 for point in means)
    return HOUR_S * sqrt(rest / (len(means) - 2) / spread)


def _cut(points: Sequence[Point], parts: int) -> list[Sequence[Point]]:
    """Into as many parts of nearly the same length; none is empty."""
    ends = [len(points) * part // parts for part in range(parts + 1)]
    return [points[begin:end] for begin, end in pairwise(ends) if end > begin]
