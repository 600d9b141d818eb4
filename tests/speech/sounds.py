"""Files of sound that the tests make: tones and noise, in any kind of WAV."""

import struct
from array import array
from collections.abc import Iterable
from itertools import chain
from math import pi, sin

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
LOUD = 0.3


def tone(seconds: float, rate: int = 8000, hertz: float = 1000, loud: float = LOUD) -> list[float]:
    return [loud * sin(2 * pi * hertz * n / rate) for n in range(int(seconds * rate))]


def wav(
    *channels: list[float], rate: int = 8000, kind: int = PCM, bits: int = 16, extensible: bool = False
) -> bytes:
    mixed = list(chain.from_iterable(zip(*channels, strict=True)))
    return raw_wav(pack(mixed, kind, bits), len(channels), rate, kind, bits, extensible)


def raw_wav(
    data: bytes,
    channels: int = 1,
    rate: int = 8000,
    kind: int = PCM,
    bits: int = 16,
    extensible: bool = False,
) -> bytes:
    frame = channels * bits // 8
    told = EXTENSIBLE if extensible else kind
    form = struct.pack("<HHIIHH", told, channels, rate, rate * frame, frame, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, kind) + b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    # A chunk that nobody asked for, as recording programs write.
    body = b"WAVE" + chunk(b"LIST", b"odd") + chunk(b"fmt ", form) + chunk(b"data", data)
    return chunk(b"RIFF", body)


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def pack(samples: Iterable[float], kind: int, bits: int) -> bytes:
    if kind == FLOAT:
        return array("f" if bits == 32 else "d", samples).tobytes()
    full = 2 ** (bits - 1) - 1
    whole = [round(sample * full) for sample in samples]
    if bits == 8:
        return bytes(sample + 128 for sample in whole)
    return b"".join(sample.to_bytes(bits // 8, "little", signed=True) for sample in whole)
