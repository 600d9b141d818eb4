"""WAV files of one tone, as subscribers send them."""

import io
import wave
from array import array
from math import pi, sin


def tone(seconds: float = 1.0, *, hertz: int = 440, rate: int = 8_000, loudness: float = 0.3) -> bytes:
    """Mono, 16 bit."""
    count = round(seconds * rate)
    samples = array("h", (round(sin(2 * pi * hertz * n / rate) * loudness * 32_767) for n in range(count)))
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes(samples.tobytes())
    return file.getvalue()
