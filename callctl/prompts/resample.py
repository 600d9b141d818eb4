"""Samples of any rate into those of telephones: 8,000 a second, without what would fold back.

Rule 1: telephones carry up to 3.4 kHz; all below it stays, all from 4.6 kHz on is at least 60 dB down,
    and what is between folds to above 3.4 kHz.
"""

from array import array
from collections.abc import Callable
from math import ceil, gcd, pi, sin, sqrt
from operator import mul
from typing import Final

from callctl.prompts.wav import RATE

Told = Callable[[int, int], None]  # how many samples of how many are done

PASSED_HZ: Final = 3400
_STOPPED_HZ: Final = 2 * RATE // 2 - PASSED_HZ
_DOWN_DB: Final = 60
_BETA: Final = 0.1102 * (_DOWN_DB - 8.7)  # Kaiser's window for so many dB
_TOLD_EVERY: Final = RATE


def resample(samples: "array[float]", rate: int, told: Told | None = None) -> "array[float]":
    if rate == RATE:
        return samples
    shared = gcd(RATE, rate)
    up, down = RATE // shared, rate // shared
    half = ceil((_DOWN_DB - 7.95) * rate / (14.36 * (_STOPPED_HZ - PASSED_HZ)) / 2)
    padding = array("f", bytes(4 * half))
    padded = padding + samples + padding
    count = len(samples) * up // down
    filters: dict[int, list[float]] = {}
    resampled = array("f")
    for n in range(count):
        if told and n % _TOLD_EVERY == 0:
            told(n, count)
        at, phase = divmod(n * down, up)
        taps = filters.get(phase)
        if taps is None:
            taps = filters[phase] = _taps(phase / up, half, rate)
        resampled.append(sum(map(mul, taps, padded[at : at + 2 * half + 1])))
    return resampled


def _taps(phase: float, half: int, rate: int) -> list[float]:
    """What each sample around a moment `phase` after one of them counts for."""
    cut = RATE / rate  # twice the middle between passed and stopped, in parts of the rate
    taps = [_sinc(cut * (n - phase)) * _kaiser((n - phase) / (half + 1)) for n in range(-half, half + 1)]
    whole = sum(taps)
    return [tap / whole for tap in taps]


def _sinc(x: float) -> float:
    return sin(pi * x) / (pi * x) if x else 1.0


def _kaiser(x: float) -> float:
    """But for a factor."""
    return _bessel(_BETA * sqrt(1 - x * x))


def _bessel(x: float) -> float:
    """I0, by its series."""
    term = total = 1.0
    for k in range(1, 16):
        term *= (x / (2 * k)) ** 2
        total += term
    return total
