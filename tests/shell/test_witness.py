"""What Asterisk's own event log proves of the answers and ends of legs, however damaged it is."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from callctl.asterisk import witness
from callctl.asterisk.witness import STRIDE_BYTES, Question, Witnessed, lines_since, moments, witnessed


def line(kind: str, leg_id: object, time: object) -> str:
    return json.dumps({"eventtype": kind, "uniqueid": leg_id, "eventtime": time, "channame": "PJSIP/x"})


def said(lines: list[str], leg_ids: Collection[str]) -> Witnessed:
    return moments([text.encode() for text in lines], leg_ids)


HANGUP = line("HANGUP", "l1", "1790000000.250000")

NO_TIMES: list[object] = ["", "x", "nan", None, []]
NO_IDS: list[object] = [[], {}, None, 5]

TABLE: dict[str, tuple[list[str], dict[str, int]]] = {
    "nothing": ([], {}),
    "an end": ([HANGUP], {"l1": 1_790_000_000_250}),
    "a number for the time": ([line("HANGUP", "l1", 1790000000.25)], {"l1": 1_790_000_000_250}),
    "not an end": ([line("ANSWER", "l1", "1.5"), line("CHAN_END", "l1", "1.5")], {}),
    "to the millisecond": (
        [line("HANGUP", f"{ms}", f"1790000000.{ms:03}000") for ms in range(1000)],
        {f"{ms}": 1_790_000_000_000 + ms for ms in range(1000)},
    ),
    "of somebody else": ([line("HANGUP", "l3", "1.5")], {}),
    "of somebody who speaks of ours": (
        [line("HANGUP", "l3", "1.5").replace("PJSIP/x", '\\"uniqueid\\": \\"l1\\"')],
        {},
    ),
    "an id in other signs": ([HANGUP.replace('"l1"', '"l\\u0031"')], {"l1": 1_790_000_000_250}),
    "of two": ([HANGUP, line("HANGUP", "l2", "2.5")], {"l1": 1_790_000_000_250, "l2": 2_500}),
    "among damaged lines": (["", "{", "null", "[]", "5", '"HANGUP"', HANGUP], {"l1": 1_790_000_000_250}),
    "a line cut off": ([HANGUP, line("HANGUP", "l2", "2.5")[:-9]], {"l1": 1_790_000_000_250}),
    "without a time": (['{"eventtype": "HANGUP", "uniqueid": "l1"}'], {}),
    "a time that is none": ([line("HANGUP", "l1", word) for word in NO_TIMES], {}),
    "an id that is none": ([line("HANGUP", leg, "1") for leg in NO_IDS], {}),
    "after a damaged line of its own": ([line("HANGUP", "l1", "x"), HANGUP], {"l1": 1_790_000_000_250}),
}


@pytest.mark.parametrize(("lines", "found"), TABLE.values(), ids=TABLE)
def test_the_witness_says_what_it_saw_and_guesses_nothing(lines: list[str], found: dict[str, int]) -> None:
    assert said(lines, {"l1", "l2"} | set(found)).ended_ms == found


def test_answers_and_ends_are_told_apart() -> None:
    lines = [line("ANSWER", "l1", "1.5"), line("ANSWER", "l2", "2"), line("HANGUP", "l1", "9.25")]
    assert said(lines, {"l1", "l2"}) == Witnessed({"l1": 1_500, "l2": 2_000}, {"l1": 9_250})


def test_who_was_called_and_never_joined_counts_as_unanswered() -> None:
    lines = [line("ANSWER", leg_id, "2") for leg_id in ("c1", "leg1-c1", "leg2-c1", "back1-c1")]
    lines.append(line("BRIDGE_ENTER", "leg2-c1", "2.1"))
    sides = {"c1", "leg1-c1", "leg2-c1", "back1-c1"}
    assert said(lines, sides).answered_ms == {"c1": 2_000, "leg2-c1": 2_000, "back1-c1": 2_000}


def test_damaged_lines_are_counted_not_hidden(caplog: pytest.LogCaptureFixture) -> None:
    said(["{", HANGUP, "x"], {"l1"})
    assert "2 damaged lines in the witness" in caplog.text


@pytest.mark.parametrize("since", [0, 1, 2_500, 4_999, 5_000, 9_000])
def test_a_long_record_is_read_from_the_moment_that_matters(tmp_path: Path, since: int) -> None:
    path = tmp_path / "cel.jsonl"
    written = [line("HANGUP", f"l{second}", f"{second}.5") for second in range(5_000)]
    path.write_text("\n".join(written) + "\n")
    read = [text.decode().rstrip("\n") for text in lines_since(path, since * 1000)]
    assert read == written[len(written) - len(read) :], "an end of the file, without a line missing in it"
    assert set(written[since:]) <= set(read)
    assert sum(map(len, read)) < sum(map(len, written[since:])) + 2 * STRIDE_BYTES


def test_a_long_record_with_a_damaged_line_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cel.jsonl"
    written = [line("HANGUP", f"l{second}", f"{second}.5") for second in range(5_000)]
    for place in range(0, 5_000, 7):
        written[place] = "{damaged"
    path.write_text("\n".join(written) + "\n")
    read = [text.decode().rstrip("\n") for text in lines_since(path, 3_000_000)]
    assert set(written[3_000:]) <= set(read)


HOUR_S = 3_600


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{text}\n" for text in lines))
    return path


@pytest.mark.parametrize("behind_s", [0, 30, HOUR_S - 1, -HOUR_S])
def test_who_came_before_the_service_died_is_found_whichever_clock_is_ahead(
    tmp_path: Path, behind_s: int
) -> None:
    came_s = 3 * HOUR_S - behind_s
    lines = [line("CHAN_START", f"l{second}", second) for second in range(4 * HOUR_S)]
    lines += [line("CHAN_START", "c1", came_s), line("ANSWER", "c1", came_s + 2)]
    path = written(tmp_path / "cel.jsonl", *sorted(lines, key=lambda text: json.loads(text)["eventtime"]))
    question = Question(3 * HOUR_S * 1_000, frozenset({"c1", "leg1-c1"}), frozenset({"c1"}))
    assert witnessed(path, question).answered_ms == {"c1": (came_s + 2) * 1_000}


def test_who_is_silent_about_an_answer_is_asked_no_further_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(path: Path, since_ms: int) -> Iterator[bytes]:
        asked.append(since_ms)
        return lines_since(path, since_ms)

    monkeypatch.setattr(witness, "lines_since", counted)
    path = written(tmp_path / "cel.jsonl", line("CHAN_START", "c1", 5_000))
    witnessed(path, Question(5_000_000, frozenset({"c1", "leg1-c1"}), frozenset({"c1"})))
    assert asked == [5_000_000 - witness.CLOCKS_APART_MS[0]]


def test_a_witness_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert witnessed(tmp_path / "none", Question(0, frozenset({"c1"}), frozenset())) == Witnessed()
