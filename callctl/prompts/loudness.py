"""How loud a sound is, and whether it is one: at 8 kHz, in dB below full loudness.

Rule 1: pauses do not count: the level of a sound is that of the parts in which something is said.
"""

from array import array
from collections.abc import Iterator
from itertools import groupby, repeat
from math import log10, sqrt
from operator import mul
from typing import Final

from callctl.prompts.wav import RATE

TARGET_DB: Final = -20.0
PEAK_MAX: Final = 0.89  # 1 dB below full
SILENT_DB: Final = -55.0
_FRAME: Final = RATE // 50
_SAID_WITHIN_DB: Final = 30.0  # of the loudest part
_FLAT: Final = 0.98
_FLAT_RUN: Final = 3


def decibels(ratio: float) -> float:
    return 20 * log10(max(ratio, 1e-9))


def peak_of(samples: "array[float]") -> float:
    return max(max(samples), -min(samples)) if samples else 0.0


def level_of(samples: "array[float]") -> float:
    """In dB, of what is said."""
    loud = list(_frames(samples))
    if not loud:
        return decibels(0)
    least = max(decibels(max(loud)) - _SAID_WITHIN_DB, SILENT_DB)
    said = [rms * rms for rms in loud if decibels(rms) >= least]
    return decibels(sqrt(sum(said) / len(said))) if said else decibels(max(loud))


def silence_around(samples: "array[float]") -> tuple[float, float]:
    """Seconds before and after what is said."""
    frames = list(_frames(samples))
    least = max(decibels(max(frames, default=0.0)) - 1.5 * _SAID_WITHIN_DB, SILENT_DB)
    said = [n for n, rms in enumerate(frames) if decibels(rms) >= least]
    if not said:
        return 0.0, 0.0
    return said[0] * _FRAME / RATE, (len(frames) - 1 - said[-1]) * _FRAME / RATE


def clipped_share(samples: "array[float]") -> float:
    """How much of a sound is flat at the top, where its loudness did not fit."""
    if peak_of(samples) < _FLAT:
        return 0.0
    runs = (sum(1 for _ in run) for value, run in groupby(samples) if abs(value) >= _FLAT)
    return sum(run for run in runs if run >= _FLAT_RUN) / len(samples)


def gain_for(samples: "array[float]") -> float:
    """What brings it to the level of all the others, as far as its peaks allow."""
    wanted = 10 ** ((TARGET_DB - level_of(samples)) / 20)
    return min(wanted, PEAK_MAX / max(peak_of(samples), 1e-9))


def to_16_bit(samples: "array[float]", gain: float) -> "array[int]":
    return array("h", map(round, map(mul, samples, repeat(gain * 32767))))


def _frames(samples: "array[float]") -> Iterator[float]:
    """The mean loudness of each 20 ms."""
    for at in range(0, len(samples), _FRAME):
        part = samples[at : at + _FRAME]
        yield sqrt(sum(map(mul, part, part)) / len(part))
