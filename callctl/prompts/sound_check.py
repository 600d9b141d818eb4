"""A subscriber's file into a sound that Asterisk plays, or into everything that is wrong with it.

Rule 1: a file is refused whole, with all reasons that can be told at once; what can be mended is mended, and
    that is said.
Rule 2: this may compute for seconds; a process that has calls to look after asks `apart.py`.
"""

from array import array
from dataclasses import dataclass
from operator import add, mul
from typing import Final

from callctl.prompts.loudness import (
    SILENT_DB,
    TARGET_DB,
    clipped_share,
    decibels,
    gain_for,
    level_of,
    peak_of,
    silence_around,
    to_16_bit,
)
from callctl.prompts.resample import Told, resample
from callctl.prompts.wav import Unreadable, Wav, read_wav, write_wav

BYTES_MAX: Final = 10_000_000
SECONDS_MIN: Final = 0.3
SECONDS_MAX: Final = 300
QUIET_DB: Final = -45.0
CLIPPED_MAX: Final = 0.005
PAUSE_MAX_S: Final = 2.0
# Two channels that differ only in sign cancel each other out: then one of them is the sound.
_CANCELLED_DB: Final = 12.0
_GAIN_SAID_DB: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    samples: "array[int]"  # 8 kHz, mono, 16 bit
    seconds: float
    rate: int  # that it came with
    channels: int
    encoding: str
    level_db: float  # that it came with
    gain_db: float  # that it was given
    notes: tuple[str, ...]

    @property
    def wav(self) -> bytes:
        return write_wav(self.samples)


def check_sound(data: bytes, told: Told | None = None) -> Sound | list[str]:
    if len(data) > BYTES_MAX:
        return [
            f"it has {len(data) / 1e6:.1f} MB, at most {BYTES_MAX // 10**6} are taken: save it as mono, 8 kHz"
        ]
    try:
        wav = read_wav(data)
        if faults := _length_faults(wav):
            return faults
        channels = wav.split()
    except Unreadable as fault:
        return [str(fault)]
    clipped = max(map(clipped_share, channels)) if wav.is_fine else 0.0
    samples = resample(_mono(channels), wav.rate, told)
    return _loudness_faults(samples, clipped) or _sound(wav, samples, clipped)


def _length_faults(wav: Wav) -> list[str]:
    if wav.seconds < SECONDS_MIN:
        return [f"it lasts {wav.seconds:.2f} s: give at least {SECONDS_MIN} s"]
    if wav.seconds > SECONDS_MAX:
        return [f"it lasts {wav.seconds:.0f} s: give at most {SECONDS_MAX} s"]
    return []


def _loudness_faults(samples: "array[float]", clipped: float) -> list[str]:
    level = level_of(samples)
    if decibels(peak_of(samples)) < SILENT_DB:
        return ["nothing is heard on it: record it again, louder"]
    faults = []
    if level < QUIET_DB:
        faults.append(f"it is too quiet, {level:.0f} dB: record it at {TARGET_DB:.0f} dB or save it louder")
    if clipped > CLIPPED_MAX:
        faults.append(f"{clipped:.1%} of it is cut off at full loudness: record it again, less loud")
    return faults


def _mono(channels: list["array[float]"]) -> "array[float]":
    if len(channels) == 1:
        return channels[0]
    left, right = channels
    both = array("f", map(add, left, right))
    louder = max(left, right, key=_energy)
    if decibels(_energy(both)) < decibels(_energy(louder)) - 2 * _CANCELLED_DB:
        return louder
    return array("f", (value / 2 for value in both))


def _energy(samples: "array[float]") -> float:
    return float(sum(map(mul, samples, samples)))


def _sound(wav: Wav, samples: "array[float]", clipped: float) -> Sound:
    gain = gain_for(samples)
    level, gain_db = level_of(samples), decibels(gain)
    return Sound(
        samples=to_16_bit(samples, gain),
        seconds=round(wav.seconds, 2),
        rate=wav.rate,
        channels=wav.channels,
        encoding=wav.encoding,
        level_db=round(level, 1),
        gain_db=round(gain_db, 1),
        notes=tuple(_notes(samples, clipped, level + gain_db, gain_db)),
    )


def _notes(samples: "array[float]", clipped: float, level: float, gain_db: float) -> list[str]:
    notes = []
    if abs(gain_db) >= _GAIN_SAID_DB:
        notes.append(f"made {'louder' if gain_db > 0 else 'quieter'} by {abs(gain_db):.0f} dB")
    if level < TARGET_DB - 3:
        notes.append(f"its peaks keep it {TARGET_DB - level:.0f} dB below other sounds")
    if clipped:
        notes.append(f"{clipped:.2%} of it is cut off at full loudness")
    before, after = silence_around(samples)
    if before > PAUSE_MAX_S:
        notes.append(f"it begins with {before:.1f} s of silence")
    if after > PAUSE_MAX_S:
        notes.append(f"it ends with {after:.1f} s of silence")
    return notes
