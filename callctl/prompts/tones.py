"""Sounds without words, reckoned instead of spoken.

Rule 1: they are files: a tone of Asterisk's own (`tone:…`) never ends by itself. Played to a bridge it is
    mixed for the rest of the call, in silence, and nothing that is played after it is heard.
"""

from array import array
from math import pi, sin
from typing import Final, NamedTuple

from callctl.prompts.companding import to_alaw
from callctl.prompts.wav import RATE

_LOUDNESS: Final = 0.25 * 32767
_EDGE_S: Final = 0.01  # it swells and dies away, or it would click


class Tone(NamedTuple):
    hertz: int
    seconds: float

    def __str__(self) -> str:
        return f"a tone of {self.hertz} Hz, {self.seconds} s"


TONES: Final = {"warning": Tone(1400, 0.3)}


def sound(tone: Tone) -> bytes:
    length = int(tone.seconds * RATE)
    edge = int(_EDGE_S * RATE)
    swing = 2 * pi * tone.hertz / RATE
    loudness = (_LOUDNESS * min(1, place / edge, (length - place) / edge) for place in range(length))
    return to_alaw(array("h", (int(loud * sin(swing * place)) for place, loud in enumerate(loudness))))
