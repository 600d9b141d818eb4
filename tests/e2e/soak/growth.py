"""Does a figure grow, or does it only go up and down? Pure.

Rule 1: the first half is warm-up: pools, caches and buffers reach their size there. It takes ten minutes.
Rule 2: what a collection or a quiet moment frees is no leak: the least of each twelfth of that half counts.
Rule 3: a leak never pauses: these grow faster than the bound, beyond four standard errors of the line
    through them, and the earlier and the later ones do, each by themselves. A step taken once is none.
Rule 4: nothing is called flat that was not seen to be: where the error leaves room for a leak, it is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import inf, sqrt
from statistics import fmean

BLOCKS = 12
SURE = 4.0
WARM_UP_S = 600.0
# What is made when it is wanted and kept: a connection to ARI is a thread and a file there, and the service
# keeps so many at most.
MADE_ONCE = 64
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
    low = lows(second_half(points))
    slope, error = slope_per_hour(low), error_per_hour(low)
    grows_on = all(slope_per_hour(part) > bound_per_hour for part in _cut(low, 2))
    if points[-1].at_s - points[0].at_s < 2 * WARM_UP_S:
        verdict = Verdict.UNCLEAR
    elif slope - SURE * error > bound_per_hour and grows_on:
        verdict = Verdict.LEAK
    elif slope + SURE * error <= bound_per_hour:
        verdict = Verdict.FLAT
    else:
        verdict = Verdict.UNCLEAR
    return Growth(points[0].value, points[-1].value, slope, error, bound_per_hour, verdict)


def judge_at_rest(before: float, after: float, bound: float) -> Verdict:
    """`bound`: for all the calls between the two."""
    return Verdict.LEAK if after - before > MADE_ONCE + bound else Verdict.FLAT


def second_half(points: Sequence[Point]) -> Sequence[Point]:
    middle_s = (points[0].at_s + points[-1].at_s) / 2
    return [point for point in points if point.at_s >= middle_s]


def lows(points: Sequence[Point]) -> Sequence[Point]:
    return [min(block, key=lambda point: point.value) for block in _cut(points, BLOCKS)]


def slope_per_hour(points: Sequence[Point]) -> float:
    """By least squares."""
    at_s, value = _middle(points)
    spread = sum((point.at_s - at_s) ** 2 for point in points)
    if not spread:
        return 0.0
    return HOUR_S * sum((point.at_s - at_s) * (point.value - value) for point in points) / spread


def error_per_hour(points: Sequence[Point]) -> float:
    """The standard error of the slope."""
    if len(points) < BLOCKS:
        return inf
    slope = slope_per_hour(points) / HOUR_S
    at_s, value = _middle(points)
    rest = sum((point.value - value - slope * (point.at_s - at_s)) ** 2 for point in points)
    spread = sum((point.at_s - at_s) ** 2 for point in points)
    return HOUR_S * sqrt(rest / (len(points) - 2) / spread)


def _middle(points: Sequence[Point]) -> tuple[float, float]:
    return fmean(point.at_s for point in points), fmean(point.value for point in points)


def _cut(points: Sequence[Point], parts: int) -> list[Sequence[Point]]:
    """Into as many parts of nearly the same length; none is empty."""
    ends = [len(points) * part // parts for part in range(parts + 1)]
    return [points[begin:end] for begin, end in pairwise(ends) if end > begin]
