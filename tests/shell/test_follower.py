"""The witness's file followed: whole lines, once each, whatever becomes of the file."""

from pathlib import Path

import pytest

from callctl.asterisk.evidence import Evidence, host_of
from callctl.asterisk.follower import LINE_BYTES_MAX, SLICE_BYTES, Follower
from callctl.asterisk.witness import Damaged, Happening, read_line
from tests.shell.test_witness import line


def drained(follower: Follower) -> tuple[list[bytes], int, bool]:
    """All that is there: its lines, how many were lost, whether it was cut short."""
    lines, lost, was_cut, is_all = [], 0, False, False
    while not is_all:
        read = follower.read()
        lines += read.lines
        lost, was_cut, is_all = lost + read.lost, was_cut or read.is_cut_short, read.is_all
    return lines, lost, was_cut


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cel.jsonl"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_what_is_appended_is_read_once(path: Path) -> None:
    follower = Follower(path, 0)
    assert drained(follower) == ([], 0, False), "nobody has called yet"
    append(path, "a\nb\n")
    assert drained(follower) == ([b"a", b"b"], 0, False)
    assert drained(follower) == ([], 0, False)
    append(path, "c\n")
    assert drained(follower) == ([b"c"], 0, False)
    follower.close()


def test_a_line_that_is_half_written_waits_for_its_end(path: Path) -> None:
    follower = Follower(path, 0)
    append(path, "a\nbeg")
    assert drained(follower)[0] == [b"a"]
    append(path, "un")
    assert drained(follower)[0] == []
    append(path, "\n")
    assert drained(follower)[0] == [b"begun"]
    follower.close()


def test_a_file_that_is_rotated_is_read_to_its_end_and_the_new_one_from_its_beginning(path: Path) -> None:
    follower = Follower(path, 0)
    append(path, "a\n")
    assert drained(follower)[0] == [b"a"]
    append(path, "b\n")
    old = path.rename(path.with_suffix(".1"))
    append(old, "c\n")
    append(path, "d\n")
    assert drained(follower) == ([b"b", b"c", b"d"], 0, False)
    follower.close()


def test_the_half_line_that_a_rotated_file_ends_with_is_lost_and_counted(path: Path) -> None:
    follower = Follower(path, 0)
    append(path, "a\nb")
    drained(follower)
    path.unlink()
    assert drained(follower) == ([], 0, False), "until there is another"
    append(path, "c\n")
    assert drained(follower) == ([b"c"], 1, False)
    follower.close()


def test_a_file_that_became_shorter_is_read_from_its_beginning_and_told(path: Path) -> None:
    follower = Follower(path, 0)
    append(path, "a\nb\n")
    drained(follower)
    path.write_text("c\n")
    assert drained(follower) == ([b"c"], 0, True)
    follower.close()


def test_many_lines_come_in_slices_and_none_twice(path: Path) -> None:
    written = [f"{number:0100}".encode() for number in range(3 * SLICE_BYTES // 100)]
    path.write_bytes(b"\n".join(written) + b"\n")
    follower = Follower(path, 0)
    assert len(follower.read().lines) < len(written)
    follower.close()
    follower = Follower(path, 0)
    assert drained(follower) == (written, 0, False)
    follower.close()


def test_a_line_without_end_does_not_fill_the_memory(path: Path) -> None:
    path.write_bytes(b"x" * 3 * LINE_BYTES_MAX)
    follower = Follower(path, 0)
    lines, lost, _ = drained(follower)
    assert (lines, lost > 0) == ([], True)
    append(path, "\na\n")
    assert drained(follower)[0][-1] == b"a"
    follower.close()


def test_it_begins_where_it_is_told(path: Path) -> None:
    path.write_text("\n".join(line("HANGUP", f"l{second}", f"{second}.5") for second in range(5_000)) + "\n")
    follower = Follower(path, 4_990_000)
    lines, _, _ = drained(follower)
    assert line("HANGUP", "l4990", "4990.5").encode() in lines and len(lines) < 2_000
    follower.close()


DAMAGED = ["", "{", "null", "[]", '{"eventtype":"HANGUP"}', '{"eventtype":"ANSWER","uniqueid":"a"', "\0\0\0"]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_line_that_is_not_whole_is_damaged(text: str) -> None:
    with pytest.raises(Damaged):
        read_line(text.encode())


def test_what_is_no_arrival_answer_bridge_or_end_is_no_news() -> None:
    assert read_line(line("BRIDGE_EXIT", "a", "1.5").encode()) is None
    assert read_line(line("HANGUP", "a", "1.5").encode()) == Happening("HANGUP", "a", 1_500, "", "", "")


def happened(kind: str, channel: str, at_ms: int) -> Happening:
    return Happening(kind, channel, at_ms, "", "", "")


def test_silence_proves_nothing_of_a_time_that_has_a_gap() -> None:
    evidence = Evidence()
    assert not evidence.is_whole(0, 0)
    evidence.hear(happened("CHAN_START", "host-1.1", 1_000))
    evidence.hear(happened("CHAN_START", "host-1.2", 5_000))
    evidence.miss()
    assert not evidence.is_whole(5_000, 5_000), "whatever was said then"
    evidence.hear(happened("CHAN_START", "host-1.3", 6_000))
    evidence.hear(happened("CHAN_START", "host-1.4", 9_000))
    spans = {(1_000, 4_999): True, (6_001, 9_000): True, (4_000, 7_000): False, (5_500, 5_600): False}
    spans |= {(999, 2_000): False, (8_000, 9_001): False}
    assert {span: evidence.is_whole(*span) for span in spans} == spans
    assert (evidence.damaged, evidence.hosts) == (1, {"host"})


def test_a_clock_that_was_set_back_is_a_gap_and_lines_a_little_out_of_order_are_none() -> None:
    evidence = Evidence()
    for at_ms in (1_000, 90_000, 89_000, 90_500):
        evidence.hear(happened("CHAN_START", "host-1.1", at_ms))
    assert evidence.is_whole(1_000, 90_500) and evidence.set_back_ms == 0
    evidence.hear(happened("CHAN_START", "host-1.2", 60_500))
    evidence.hear(happened("CHAN_START", "host-1.3", 99_000))
    assert evidence.set_back_ms == 30_000
    assert not evidence.is_whole(70_000, 80_000)
    assert evidence.is_whole(2_000, 60_000) and evidence.is_whole(91_000, 99_000)


HOSTS = {
    "callctl-1795285582.0": "callctl",
    "in-leg1-callctl-1795285582.0": "callctl",
    "back2-in-leg3-my-host-1795285582.0": "my-host",
    "1795285582.0": "",
}


@pytest.mark.parametrize(("call_id", "host"), HOSTS.items())
def test_a_calls_id_says_of_which_host_it_is(call_id: str, host: str) -> None:
    assert host_of(call_id) == host
