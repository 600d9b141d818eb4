"""The shipped sounds, how they are kept up to date, and how recordings take their place."""

from array import array
from pathlib import Path

import pytest

from callctl.commands.prompt_set import recipes
from callctl.complaint import Complaint
from callctl.places import SOUNDS
from callctl.prompts import voice
from callctl.prompts.loudness import TARGET_DB, level_of
from callctl.prompts.shelf import Shelf, samples_of
from callctl.prompts.sound_check import check_sound
from callctl.prompts.sound_set import LIST, State, build, read_list, state_of
from callctl.prompts.texts import texts
from callctl.prompts.wav import write_wav
from tests.speech.sounds import tone, wav

BYTES_MAX = 4_000_000
WORDS = {"ru/goodbye": "До свидания.", "ru/digits/1": "один"}


def spell(sound: str) -> bytes:
    return f"made {sound}".encode()


def states(folder: Path, words: dict[str, str] = WORDS) -> dict[str, State]:
    made = read_list(folder)
    return {sound: state_of(folder, sound, recipe, made) for sound, recipe in words.items()}


# --- what is shipped -------------------------------------------------------------------------------------


def test_every_shipped_sound_says_its_words_of_today() -> None:
    """Otherwise: `callctl prompts build`."""
    made = read_list(SOUNDS)
    state = {sound: state_of(SOUNDS, sound, recipe, made) for sound, recipe in recipes().items()}
    assert {sound: told for sound, told in state.items() if told in (State.OLD, State.MISSING)} == {}


def test_nothing_is_shipped_that_is_not_made() -> None:
    assert set(Shelf(SOUNDS)) == set(recipes()) == set(read_list(SOUNDS))


def test_all_shipped_sounds_are_equally_loud() -> None:
    levels = {sound: level_of(wav_of(sound)) for sound in texts()}
    assert {sound: level for sound, level in levels.items() if not -3 < level - TARGET_DB < 1} == {}


def wav_of(sound: str) -> "array[float]":
    file = Shelf(SOUNDS).file(sound)
    assert file
    return array("f", (sample / 32768 for sample in samples_of(file)))


def test_the_shipped_sounds_stay_small() -> None:
    assert sum(file.stat().st_size for file in SOUNDS.rglob("*")) < BYTES_MAX


# --- how they are built ----------------------------------------------------------------------------------


def test_only_what_is_missing_or_has_other_words_is_made(tmp_path: Path) -> None:
    assert build(tmp_path, WORDS, spell).new == list(WORDS)
    assert build(tmp_path, WORDS, spell).new == []
    (tmp_path / "ru/goodbye.alaw").unlink()
    changed = WORDS | {"ru/digits/1": "раз"}
    assert states(tmp_path, changed) == {"ru/goodbye": State.MISSING, "ru/digits/1": State.OLD}
    assert build(tmp_path, changed, spell).new == list(WORDS)
    assert set(states(tmp_path, changed).values()) == {State.BUILT}


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    build(tmp_path, WORDS, spell)
    (tmp_path / "ru/goodbye.alaw").write_bytes(b"a studio's")
    assert states(tmp_path)["ru/goodbye"] is State.RECORDED
    built = build(tmp_path, WORDS | {"ru/goodbye": "Всего доброго."}, spell)
    assert (built.new, built.kept) == ([], ["ru/goodbye"])
    assert (tmp_path / "ru/goodbye.alaw").read_bytes() == b"a studio's"


def test_a_recording_that_was_there_first_is_kept(tmp_path: Path) -> None:
    (tmp_path / "ru").mkdir()
    (tmp_path / "ru/goodbye.alaw").write_bytes(b"a studio's")
    assert build(tmp_path, WORDS, spell).kept == ["ru/goodbye"]
    assert (tmp_path / "ru/goodbye.alaw").read_bytes() == b"a studio's"


def test_what_is_not_said_any_more_goes_but_not_a_recording_of_it(tmp_path: Path) -> None:
    build(tmp_path, WORDS, spell)
    (tmp_path / "ru/goodbye.alaw").write_bytes(b"a studio's")
    assert build(tmp_path, {}, spell).gone == ["ru/digits/1"]
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [LIST, "goodbye.alaw"]


def test_a_build_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    def stopped(sound: str) -> bytes:
        if sound == "ru/digits/1":
            raise KeyboardInterrupt
        return spell(sound)

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, WORDS, stopped)
    assert states(tmp_path) == {"ru/goodbye": State.BUILT, "ru/digits/1": State.MISSING}
    assert build(tmp_path, WORDS, spell).new == ["ru/digits/1"]


def test_without_the_voice_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Complaint, match="apt-get install espeak-ng"):
        voice.speak("ru", "один")


# --- recordings in a folder of their own -----------------------------------------------------------------


def test_an_operators_recording_comes_before_the_shipped_sound(tmp_path: Path) -> None:
    (tmp_path / "ru/queue").mkdir(parents=True)
    (tmp_path / "ru/queue/next.wav").write_bytes(write_wav(array("h", range(100))))
    shelf = Shelf(tmp_path, SOUNDS)
    assert shelf.media("ru/queue/next") == f"sound:{tmp_path}/ru/queue/next"
    assert shelf.media("ru/goodbye") == f"sound:{SOUNDS}/ru/goodbye"
    assert shelf.media("ru/nothing-of-the-kind") is None


def test_a_converted_recording_can_be_played(tmp_path: Path) -> None:
    sound = check_sound(wav(tone(1, 44100), tone(1, 44100), rate=44100))
    assert not isinstance(sound, list)
    file = tmp_path / "a.wav"
    file.write_bytes(sound.wav)
    assert samples_of(file) == sound.samples
