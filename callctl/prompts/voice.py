"""Words into a sound by espeak-ng: trimmed, as loud as all the others, in A-law.

Rule 1: what stands before other words, such as a number, ends at once; a sentence ends with a breath.
"""

import subprocess
from array import array
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from callctl.complaint import Complaint
from callctl.prompts.companding import to_alaw
from callctl.prompts.loudness import gain_for, silence_around, to_16_bit
from callctl.prompts.resample import resample
from callctl.prompts.wav import RATE, read_wav

PROGRAM: Final = "espeak-ng"
_VOICES: Final = {"ru": ("ru", 150), "en": ("en-gb", 150)}
_MARGIN_S: Final = 0.02
_BREATHS_S: Final = {".": 0.3, ":": 0.15}
_WORD_BREATH_S: Final = 0.04


def recipe(language: str, words: str) -> str:
    """All that a sound is made from."""
    voice, words_a_minute = _VOICES[language]
    return f"{PROGRAM} -v {voice} -s {words_a_minute}: {words}"


def speak(language: str, words: str) -> bytes:
    wav = read_wav(_spoken(language, words))
    samples = resample(wav.split()[0], wav.rate)
    before, after = silence_around(samples)
    begin = max(0, int((before - _MARGIN_S) * RATE))
    end = len(samples) - max(0, int((after - _MARGIN_S) * RATE))
    said = samples[begin:end]
    breath = array("h", bytes(2 * int(RATE * _BREATHS_S.get(words[-1], _WORD_BREATH_S))))
    return to_alaw(to_16_bit(said, gain_for(said)) + breath)


def _spoken(language: str, words: str) -> bytes:
    voice, words_a_minute = _VOICES[language]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        command = [PROGRAM, "-v", voice, "-s", str(words_a_minute), "-w", str(file), "--", words]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise Complaint(f"there is no {PROGRAM} here: apt-get install {PROGRAM}") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or ["it says nothing more"]
            raise Complaint(f"{PROGRAM} ended with {error.returncode}: {said[-1]}") from None
        return file.read_bytes()
