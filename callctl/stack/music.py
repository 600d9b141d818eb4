"""The music of those who wait: soft broken chords out of sines, made here, so that it is nobody else's.

Rule 1: a folder with music in it is left as it is: an operator's own takes the place of ours.
"""

import math
import wave
from array import array
from pathlib import Path
from typing import Final

RATE: Final = 8000
NOTE_S: Final = 0.8
RINGS_S: Final = 1.6  # a note goes on sounding under the next
ATTACK_S: Final = 0.03
# A quarter of what the line carries at the loudest: nobody shall have to turn it down.
PEAK: Final = 8000
# Four notes up, four down again; in semitones above the A of 220 Hz.
CHORDS: Final = ((0, 3, 7, 12), (-4, 0, 3, 8), (-9, -2, 3, 7), (-2, 2, 5, 10), (-7, 0, 5, 8))


def provide_music(folder: Path) -> None:
    if not any(folder.iterdir()):
        part = folder / ".broken-chords.part"
        with wave.open(str(part), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(broken_chords().tobytes())
        part.replace(folder / "broken-chords.wav")


def broken_chords() -> "array[int]":
    """Sixteen bits a sample; its end goes over into its beginning, as it is played round and round."""
    pitches = [
        pitch for low, *middle, high in CHORDS for pitch in (low, *middle, high, high, *middle[::-1], low)
    ]
    sounds = {pitch: _note(pitch) for pitch in pitches}
    step = round(NOTE_S * RATE)
    tune = [0.0] * (step * len(pitches))
    for place, pitch in enumerate(pitches):
        for at, value in enumerate(sounds[pitch], start=place * step):
            tune[at % len(tune)] += value
    loudest = max(map(abs, tune))
    return array("h", (round(value / loudest * PEAK) for value in tune))


def _note(pitch: int) -> list[float]:
    """A sine with a little of its octave, struck and dying away."""
    turn = 2 * math.pi * 220 * 2 ** (pitch / 12) / RATE
    length = round(RINGS_S * RATE)
    note = []
    for at in range(length):
        strength = min(1, at / (ATTACK_S * RATE)) * math.exp(-3 * at / length) * (1 - at / length)
        note.append(strength * (math.sin(turn * at) + 0.2 * math.sin(2 * turn * at)))
    return note
