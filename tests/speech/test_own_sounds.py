"""Subscribers' files: what is taken, what becomes of it, what is refused and why."""

import struct
from array import array
from math import cos, log10, pi, sin, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callctl.prompts.apart import check_apart
from callctl.prompts.companding import ALAW, ULAW, expand, to_alaw
from callctl.prompts.sound_check import BYTES_MAX, Sound, check_sound
from callctl.prompts.wav import read_own
from tests.speech import sounds
from tests.speech.sounds import raw_wav, tone, wav


def taken(data: bytes) -> Sound:
    sound = check_sound(data)
    assert isinstance(sound, Sound), sound
    return sound


def refused(data: bytes) -> str:
    faults = check_sound(data)
    assert not isinstance(faults, Sound), faults.notes
    assert all("\n" not in fault and ": " in fault for fault in faults), faults
    return "; ".join(faults)


def level(samples: "array[int]", begin: int = 400) -> float:
    """In dB, away from the edges."""
    middle = [sample / 32768 for sample in samples[begin:-begin]]
    return 10 * log10(sum(x * x for x in middle) / len(middle) + 1e-12)


def sine_share(samples: "array[int]", hertz: float) -> float:
    """How much of a sound is this one tone."""
    middle = samples[400:-400]
    turns = [2 * pi * hertz * n / 8000 for n in range(len(middle))]
    along = sum(x * cos(turn) for x, turn in zip(middle, turns, strict=True))
    across = sum(x * sin(turn) for x, turn in zip(middle, turns, strict=True))
    return 2 * (along**2 + across**2) / len(middle) / sum(x * x for x in middle)


# --- what is taken ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        (sounds.PCM, 8),
        (sounds.PCM, 16),
        (sounds.PCM, 24),
        (sounds.PCM, 32),
        (sounds.FLOAT, 32),
        (sounds.FLOAT, 64),
    ],
)
@pytest.mark.parametrize("extensible", [False, True], ids=["plain", "extensible"])
def test_every_usual_width_gives_the_same_sound(kind: int, bits: int, extensible: bool) -> None:
    said = tone(0.5)
    sound = taken(wav(said, kind=kind, bits=bits, extensible=extensible))
    expected = taken(wav(said)).samples
    most = max(abs(a - b) for a, b in zip(sound.samples, expected, strict=True))
    assert most <= (200 if bits == 8 else 2)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000])
def test_a_tone_stays_what_it_is_at_every_rate(rate: int) -> None:
    sound = taken(wav(tone(0.5, rate), rate=rate))
    assert abs(len(sound.samples) - 4000) <= 1
    assert sine_share(sound.samples, 1000) > 0.999


@pytest.mark.parametrize("hertz", [300, 3400])
def test_what_telephones_carry_is_not_weakened(hertz: int) -> None:
    both = [a + b for a, b in zip(tone(0.5, 48000, 1000), tone(0.5, 48000, hertz), strict=True)]
    assert abs(sine_share(taken(wav(both, rate=48000)).samples, hertz) - 0.5) < 0.01


@pytest.mark.parametrize("hertz", [4700, 7000, 9000, 15000])
def test_what_telephones_do_not_carry_does_not_fold_into_the_voice(hertz: int) -> None:
    both = [a + b for a, b in zip(tone(0.5, 48000, 1000), tone(0.5, 48000, hertz), strict=True)]
    assert sine_share(taken(wav(both, rate=48000)).samples, 1000) > 0.99999


@pytest.mark.parametrize(
    ("kind", "table"), [(sounds.ALAW, ALAW), (sounds.ULAW, ULAW)], ids=["A-law", "mu-law"]
)
def test_the_laws_of_telephones_are_read(kind: int, table: list[int]) -> None:
    nearest = {value: code for code, value in enumerate(table)}
    data = bytes(nearest[min(table, key=lambda value: abs(value - 32768 * x))] for x in tone(0.5))
    assert sine_share(taken(raw_wav(data, kind=kind, bits=8)).samples, 1000) > 0.999


def test_both_channels_are_heard() -> None:
    samples = taken(wav(tone(0.5, hertz=500), tone(0.5, hertz=1000))).samples
    assert abs(sine_share(samples, 500) - 0.5) < 0.01 and abs(sine_share(samples, 1000) - 0.5) < 0.01


def test_channels_that_cancel_each_other_out_are_still_heard() -> None:
    said = tone(0.5)
    assert sine_share(taken(wav(said, [-x for x in said])).samples, 1000) > 0.999


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_file_that_was_streamed_does_not_know_its_size(size: int) -> None:
    data = wav(tone(0.5))
    at = data.index(b"data") + 4
    assert len(taken(data[:at] + struct.pack("<I", size) + data[at + 4 :]).samples) == 4000


@settings(deadline=None)
@given(st.floats(0.02, 0.95))
def test_all_come_out_equally_loud(loud: float) -> None:
    assert abs(level(taken(wav(tone(0.3, loud=loud))).samples) + 20) < 0.2


def test_pauses_do_not_make_a_sound_louder() -> None:
    said, pause = tone(1), [0.0] * 16_000
    sound = taken(wav([*said, *pause, *said]))
    assert abs(level(sound.samples[:8000]) + 20) < 0.2


def test_peaks_keep_a_sound_below_full() -> None:
    noise = Random(1)
    quiet = [0.02 * noise.uniform(-1, 1) for _ in range(8000)]
    quiet[::1000] = [0.5] * 8
    sound = taken(wav(quiet))
    assert max(sound.samples) < 0.9 * 32768
    assert any("peaks keep it" in note for note in sound.notes)


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        (tone(1, loud=0.03), "made louder by"),
        (tone(1, loud=0.9), "made quieter by"),
        ([0.0] * 24_000 + tone(1), "begins with 3.0 s of silence"),
        (tone(1) + [0.0] * 24_000, "ends with 3.0 s of silence"),
    ],
    ids=["quiet", "loud", "late", "early"],
)
def test_what_was_mended_or_looks_odd_is_said(samples: list[float], note: str) -> None:
    assert any(note in said for said in taken(wav(samples)).notes)


def test_what_is_written_can_be_checked_again_and_stays() -> None:
    sound = taken(wav(tone(0.5, 44100), rate=44100))
    assert taken(sound.wav).notes == () and read_own(sound.wav) == sound.samples


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"ID3\x04 and more", "MP3, no WAV: save it as WAV"),
        (b"OggS\0\0", "Ogg, no WAV"),
        (b"\0\0\0\x20ftypM4A ", "MP4, no WAV"),
        (b"hello", "it is no WAV"),
        (b"RIFF\0\0\0\0WAVE", "no sound in it"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "does not say how its sound is written"),
        (wav(tone(0.29)), "it lasts 0.29 s: give at least 0.3 s"),
        (raw_wav(b"\x80" * 8000 * 301, bits=8), "it lasts 301 s: give at most 300 s"),
        (b"RIFF" + bytes(BYTES_MAX), "10.0 MB, at most 10 are taken"),
        (wav(tone(1))[:-100], "it ends early, after 15900 of 16000 bytes"),
        (wav([0.0] * 8000), "nothing is heard on it"),
        (wav(tone(1, loud=0.005)), "it is too quiet, -49 dB"),
        (wav([max(-1.0, min(1.0, x)) for x in tone(1, loud=3)]), "cut off at full loudness"),
        (raw_wav(bytes(16_000), rate=6000), "it has 6000 samples a second"),
        (raw_wav(bytes(16_000), rate=0), "it has 0 samples a second"),
        (raw_wav(bytes(16_000), channels=6), "it has 6 channels"),
        (raw_wav(bytes(16_000), channels=0), "it has 0 channels"),
        (raw_wav(bytes(16_000), kind=2, bits=4), "which is not understood"),
        (raw_wav(struct.pack("<d", 1e300) * 8000, kind=sounds.FLOAT, bits=64), "no numbers"),
        (raw_wav(struct.pack("<f", float("nan")) * 8000, kind=sounds.FLOAT, bits=32), "no numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_file_is_refused_with_the_reason(data: bytes, why: str) -> None:
    assert why in refused(data)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=80).map(lambda more: wav(tone(0.4))[:60] + more))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    check_sound(data)


@settings(deadline=None)
@given(st.integers(12, 80), st.binary(min_size=1, max_size=4))
def test_a_damaged_head_gets_an_answer(at: int, damage: bytes) -> None:
    data = wav(tone(0.31))
    check_sound(data[:at] + damage + data[at + len(damage) :])


# --- the laws of telephones, other processes -------------------------------------------------------------


def test_every_code_of_a_law_is_its_own_nearest() -> None:
    assert to_alaw(expand(bytes(range(256)), ALAW)) == bytes(range(256))


@settings(deadline=None)
@given(st.integers(-32768, 32767))
def test_no_other_code_is_nearer(sample: int) -> None:
    (code,) = to_alaw([sample])
    assert abs(ALAW[code] - sample) == min(abs(value - sample) for value in ALAW)


def test_the_known_values_of_the_laws() -> None:
    """Of G.711's tables: silence, the least and the greatest."""
    assert (ALAW[0xD5], ALAW[0x55], ALAW[0xAA], ALAW[0x2A]) == (8, -8, 32256, -32256)
    assert (ULAW[0xFF], ULAW[0x7F], ULAW[0x80], ULAW[0x00]) == (0, 0, 32124, -32124)


async def test_another_process_finds_the_same() -> None:
    data = wav(tone(0.5, 16000), rate=16000)
    assert await check_apart(data) == check_sound(data)
    assert await check_apart(b"hello") == check_sound(b"hello")


def test_a_level_is_that_of_a_sine() -> None:
    assert abs(taken(wav(tone(1, loud=0.1 * sqrt(2)))).level_db + 20) < 0.1
