"""A WAV file's bytes into samples, and samples into the one kind of WAV that Asterisk plays.

Rule 1: nothing in a file is believed: what does not fit is refused, with what to do about it.
Rule 2: samples are numbers from -1 to 1, whatever the file has them in.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from math import isfinite
from operator import mul
from typing import Any, Final

from callctl.prompts.companding import ALAW, ULAW, expand

Samples = array  # of "f"

RATE: Final = 8000
RATES: Final = range(RATE, 192_001)
CHANNELS_MAX: Final = 2
SAVE_AS: Final = "save it as WAV, 16 bit"

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_TYPE_CODES: Final = {(_PCM, 16): "h", (_PCM, 32): "i", (_FLOAT, 32): "f", (_FLOAT, 64): "d"}
_NAMES: Final = {_PCM: "PCM", _FLOAT: "float", _ALAW: "A-law", _ULAW: "mu-law"}
_STREAMED: Final = (0, 0xFFFF_FFFF)  # a size that was not known when the file was begun
_MARKS: Final = (
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"\xff\xf3", "MP3"),
    (b"\xff\xf2", "MP3"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"FORM", "AIFF"),
    (b".snd", "AU"),
    (b"RIFX", "RIFX"),
    (b"RF64", "RF64"),
    (b"\x30\x26\xb2\x75", "WMA"),
    (b"\x1aE\xdf\xa3", "WebM or Matroska"),
)


class Unreadable(ValueError):
    """Why, and what to do."""


@dataclass(frozen=True, slots=True)
class Wav:
    kind: int
    bits: int
    rate: int
    channels: int
    data: bytes

    @property
    def seconds(self) -> float:
        return len(self.data) // (self.channels * self.bits // 8) / self.rate

    @property
    def encoding(self) -> str:
        return f"{_NAMES[self.kind]} {self.bits} bit"

    @property
    def is_fine(self) -> bool:
        """Fine enough to tell a flat top from a coarse step."""
        return self.bits >= 16

    def split(self) -> list["Samples[float]"]:
        """The samples of each channel."""
        numbers, full = self._numbers()
        scale = repeat(1 / full)
        channels = [array("f", map(mul, numbers[n :: self.channels], scale)) for n in range(self.channels)]
        if self.kind == _FLOAT and not all(map(isfinite, chain(*channels))):
            raise Unreadable(f"it has samples that are no numbers: {SAVE_AS}")
        return channels

    def _numbers(self) -> tuple["array[int] | array[float]", float]:
        """All channels mixed, and what is full loudness."""
        if self.kind in (_ALAW, _ULAW):
            return expand(self.data, ALAW if self.kind == _ALAW else ULAW), 32768
        if self.bits == 8:
            return array("b", bytes(byte ^ 0x80 for byte in self.data)), 128
        data = self.data
        if self.bits == 24:
            wide = bytearray(len(data) // 3 * 4)
            wide[1::4], wide[2::4], wide[3::4] = data[0::3], data[1::3], data[2::3]
            data = bytes(wide)
        numbers = _little_endian(_TYPE_CODES[self.kind, 32 if self.bits == 24 else self.bits], data)
        return numbers, 1 if self.kind == _FLOAT else 32768 if self.bits == 16 else 2**31


def read_wav(data: bytes) -> Wav:
    if not data:
        raise Unreadable("it is empty: give a WAV file")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise Unreadable(f"it is {_guess(data)}: {SAVE_AS}")
    form: bytes | None = None
    for name, size, body in _chunks(data):
        if name == b"fmt ":
            form = body
        elif name == b"data":
            if form is None:
                raise Unreadable(f"it does not say how its sound is written: {SAVE_AS}")
            if len(body) < size and size not in _STREAMED:
                raise Unreadable(
                    f"it ends early, after {len(body)} of {size} bytes of sound: copy it again, whole"
                )
            return _wav(form, body)
    raise Unreadable("it has no sound in it: copy it again, whole")


def write_wav(samples: "array[int]") -> bytes:
    """8 kHz, mono, 16 bit."""
    data = _little_endian("h", samples.tobytes()).tobytes()
    body = (
        b"WAVE"
        + _chunk(b"fmt ", struct.pack("<HHIIHH", _PCM, 1, RATE, RATE * 2, 2, 16))
        + _chunk(b"data", data)
    )
    return _chunk(b"RIFF", body)


def read_own(data: bytes) -> "array[int]":
    """The samples of what `write_wav` wrote; Unreadable when it is anything else, as Asterisk would find."""
    wav = read_wav(data)
    if (wav.kind, wav.bits, wav.rate, wav.channels) != (_PCM, 16, RATE, 1):
        raise Unreadable("Asterisk plays 8 kHz, mono, 16 bit: `callctl prompts convert` makes it so")
    return _little_endian("h", wav.data)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Name, size as told, and what there really is."""
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        streamed = name == b"data" and size in _STREAMED
        yield name, size, data[at + 8 :] if streamed else data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _wav(form: bytes, data: bytes) -> Wav:
    if len(form) < 16:
        raise Unreadable(f"it does not say how its sound is written: {SAVE_AS}")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    known = {(_PCM, 8), (_PCM, 24), (_ALAW, 8), (_ULAW, 8), *_TYPE_CODES}
    if (kind, bits) not in known:
        raise Unreadable(f"its sound is {bits} bit of kind {kind}, which is not understood: {SAVE_AS}")
    if rate not in RATES:
        raise Unreadable(f"it has {rate} samples a second: save it with {RATES[0]} to {RATES[-1]}")
    if not 1 <= channels <= CHANNELS_MAX:
        raise Unreadable(f"it has {channels} channels: save it as mono or stereo")
    frame = channels * bits // 8
    return Wav(kind, bits, rate, channels, data[: len(data) // frame * frame])


def _little_endian(type_code: str, data: bytes) -> "array[Any]":
    """Of a file, whatever this machine has; and back."""
    numbers = array(type_code)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _guess(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "MP4, no WAV"
    kind = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    return f"{kind}, no WAV" if kind else "no WAV"
