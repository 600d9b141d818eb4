"""A-law and mu-law: what telephones make of 16 bits, both ways as far as it is needed (ITU-T G.711)."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable


def _alaw_value(code: int) -> int:
    code ^= 0x55
    step, exponent = code & 0x0F, code >> 4 & 0x07
    magnitude = (step << 4) + 8 if not exponent else ((step << 4) + 0x108) << (exponent - 1)
    return magnitude if code & 0x80 else -magnitude


def _ulaw_value(code: int) -> int:
    code ^= 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 0x07)) - 0x84
    return -magnitude if code & 0x80 else magnitude


ALAW = [_alaw_value(code) for code in range(256)]
ULAW = [_ulaw_value(code) for code in range(256)]

_BY_VALUE = sorted((value, code) for code, value in enumerate(ALAW))
_VALUES = [value for value, _ in _BY_VALUE]
_CODES = [code for _, code in _BY_VALUE]


def expand(data: bytes, table: list[int]) -> "array[int]":
    return array("h", map(table.__getitem__, data))


def to_alaw(samples: Iterable[int]) -> bytes:
    """The nearest code of each 16-bit sample."""
    return bytes(map(_nearest, samples))


def _nearest(sample: int) -> int:
    above = bisect_left(_VALUES, sample)
    if above == len(_VALUES) or (above and sample - _VALUES[above - 1] < _VALUES[above] - sample):
        above -= 1
    return _CODES[above]
