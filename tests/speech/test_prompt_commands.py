"""`callctl prompts …`: what it prints, what it refuses, how it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from callctl.commands.prompt_set import recipes
from callctl.prompts.companding import ALAW, expand
from callctl.prompts.sound_check import check_sound
from callctl.prompts.wav import read_own
from tests.shell.command_line import Said, is_complaint, run_main
from tests.speech.sounds import tone, wav

Prompts = Callable[..., Said]


@pytest.fixture
def prompts(capsys: pytest.CaptureFixture[str]) -> Prompts:
    def ask(*words: object) -> Said:
        capsys.readouterr()
        code = run_main("prompts", *map(str, words))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ask


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.wav"
    file.write_bytes(wav(tone(1, 44100, loud=0.025), rate=44100))
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.mp3"
    file.write_bytes(b"ID3\x04")
    return file


def test_say_tells_words_and_sounds(prompts: Prompts) -> None:
    said = prompts("say", "balance", "2.01", "--lang", "ru")
    assert said.out.splitlines() == [
        "На вашем счёте: два рубля одна копейка",
        *("ru/money/balance", "ru/digits/2", "ru/roubles/few", "ru/digits/1f", "ru/kopecks/one"),
    ]
    assert prompts("say", "wait", "300", "--lang", "en", "--json").json == {
        "text": "The expected wait is about five minutes",
        "sounds": ["en/queue/wait", "en/wait/5"],
    }


def test_say_writes_a_file_to_listen_to(prompts: Prompts, tmp_path: Path) -> None:
    out = tmp_path / "heard.wav"
    assert prompts("say", "phrase", "goodbye", "--out", out).code == 0
    assert len(read_own(out.read_bytes())) > 4000


@pytest.mark.parametrize(
    ("what", "value", "why"),
    [
        ("balance", "12.3", "is not an amount in roubles"),
        ("number", "-1", "give a whole number, 0 to 999999999999"),
        ("position", "0", "give a whole number, 1 to"),
        ("wait", "1h", "give a whole number, 0 to 86400"),
        ("call-back", "7", "is not a telephone number"),
        ("phrase", "hello", "there is no phrase 'hello'"),
        ("weather", "1", "invalid choice"),
    ],
)
def test_say_refuses_what_cannot_be_said(prompts: Prompts, what: str, value: str, why: str) -> None:
    assert is_complaint(prompts("say", what, "--", value), 2, why)


def test_list_knows_every_sound_and_whose_it_is(prompts: Prompts, tmp_path: Path, good: Path) -> None:
    own = tmp_path / "own"
    (own / "ru").mkdir(parents=True)
    assert prompts("convert", good, own / "ru/goodbye.wav").code == 0
    (own / "ru/minus.wav").write_bytes(good.read_bytes())
    (own / "ru/goodby.alaw").write_bytes(b"\xd5" * 4000)
    rows = prompts("list", "--own", own, "--json").json
    states = {row["sound"]: row["state"] for row in rows}
    assert states.keys() == {*recipes(), "ru/goodby"}
    assert (states["ru/goodbye"], states["ru/try-again"]) == ("own", "built")
    assert "callctl prompts convert" in states["ru/minus"] and "replaces nothing" in states["ru/goodby"]


def test_a_folder_of_recordings_must_be_there(prompts: Prompts, tmp_path: Path) -> None:
    assert is_complaint(prompts("list", "--own", tmp_path / "none"), 2, "is no folder")


def test_check_says_what_a_good_file_is(prompts: Prompts, good: Path) -> None:
    said = prompts("check", good)
    assert (said.code, said.err) == (0, "")
    assert f"{good}: good, 1.0 s, 44100 Hz, mono, PCM 16 bit, -35 dB; made louder by 15 dB\n" == said.out


def test_check_looks_at_every_file_and_names_the_bad_ones(prompts: Prompts, good: Path, bad: Path) -> None:
    said = prompts("check", bad, good)
    assert said.code == 2 and said.err == f"callctl: refused: {bad}\n"
    assert [line.split(": ")[:2] for line in said.out.splitlines()] == [
        [str(bad), "it is MP3, no WAV"],
        [str(good), "good, 1.0 s, 44100 Hz, mono, PCM 16 bit, -35 dB; made louder by 15 dB"],
    ]


def test_check_tells_programs_the_same(prompts: Prompts, good: Path, bad: Path) -> None:
    said = prompts("check", good, bad, "--json")
    assert said.code == 2
    told = {row["file"]: row for row in json.loads(said.out)}
    assert told[str(good)]["ok"] and told[str(good)]["seconds"] == 1.0
    assert not told[str(bad)]["ok"] and told[str(bad)]["faults"] == [
        "it is MP3, no WAV: save it as WAV, 16 bit"
    ]


def test_convert_writes_what_asterisk_plays(prompts: Prompts, good: Path, tmp_path: Path) -> None:
    expected = check_sound(good.read_bytes())
    assert not isinstance(expected, list)
    assert prompts("convert", good, tmp_path / "a.wav").code == 0
    assert prompts("convert", good, tmp_path / "a.alaw").code == 0
    assert read_own((tmp_path / "a.wav").read_bytes()) == expected.samples
    heard = expand((tmp_path / "a.alaw").read_bytes(), ALAW)
    assert all(abs(a - b) <= 128 for a, b in zip(heard, expected.samples, strict=True))


def test_convert_of_a_bad_file_writes_nothing(prompts: Prompts, bad: Path, tmp_path: Path) -> None:
    assert is_complaint(prompts("convert", bad, tmp_path / "a.wav"), 2, "it is MP3")
    assert not (tmp_path / "a.wav").exists()


def test_convert_knows_two_suffixes(prompts: Prompts, good: Path, tmp_path: Path) -> None:
    assert is_complaint(prompts("convert", good, tmp_path / "a.mp3"), 2, ".wav or .alaw")


@pytest.mark.parametrize("word", ["check", "convert"])
def test_a_file_that_is_not_there_is_named(prompts: Prompts, tmp_path: Path, word: str) -> None:
    target = [tmp_path / "a.wav"] if word == "convert" else []
    assert is_complaint(prompts(word, tmp_path / "none.wav", *target), 2, "none.wav", "No such file")
