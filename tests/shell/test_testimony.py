"""What the witness is asked after a gap: in whose time it answers, how long it may take, what is believed."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from callctl.asterisk import testimony
from callctl.asterisk.testimony import BEFORE_GAP_MS, Witness
from callctl.asterisk.witness import lines_since
from callctl.calls.events import LegsListed
from callctl.clock import Clock

CALLER, CALLEE = "callctl-1790000000.1", "leg1-callctl-1790000000.1"
NOW_MS = 1_790_000_100_000
GAP_MS, ASKED_MS = NOW_MS - 300_000, NOW_MS - 10
MISSING = LegsListed(frozenset({CALLER}), frozenset({CALLER}), ASKED_MS, GAP_MS, True)
IN_DOUBT = {CALLEE: GAP_MS}


class Wall:
    """It may be set while ours goes on."""

    def __init__(self) -> None:
        self.moved_ms = 0
        self.clock = Clock(lambda: (NOW_MS + self.moved_ms) * 1_000_000, lambda: NOW_MS * 1_000_000)


def said(kind: str, channel: str, at_ms: int) -> str:
    return json.dumps({"eventtype": kind, "uniqueid": channel, "eventtime": str(at_ms / 1000)}) + "\n"


def write(log: Path, text: str) -> None:
    log.write_text(text)


async def asked(path: Path, listed: LegsListed = MISSING, wall: Wall | None = None) -> LegsListed:
    return await Witness(str(path), (wall or Wall()).clock).added(listed, IN_DOUBT)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "cel.jsonl"


async def test_it_says_when_a_leg_that_is_missing_ended_however_long_ago(log: Path) -> None:
    write(log, said("HANGUP", CALLEE, GAP_MS + 7_250))
    told = await asked(log)
    assert (told.answered_ms, told.ended_ms) == ({}, {CALLEE: GAP_MS + 7_250})


async def test_it_answers_in_our_time(log: Path) -> None:
    """The wall was set on by an hour long ago: its stamps are an hour ahead of ours."""
    wall = Wall()
    wall.moved_ms = 3_600_000
    write(log, said("HANGUP", CALLEE, GAP_MS + 7_250 + wall.moved_ms))
    assert (await asked(log, wall=wall)).ended_ms == {CALLEE: GAP_MS + 7_250}


@pytest.mark.parametrize("at_ms", [GAP_MS - BEFORE_GAP_MS - 1, ASKED_MS + BEFORE_GAP_MS + 1, 5])
async def test_a_moment_outside_the_gap_is_of_a_clock_that_was_set_and_proves_nothing(
    log: Path, at_ms: int
) -> None:
    write(log, said("HANGUP", CALLEE, at_ms))
    assert (await asked(log)).ended_ms == {}


async def test_nothing_ends_after_it_was_asked_for(log: Path) -> None:
    write(log, said("HANGUP", CALLEE, ASKED_MS + 90))
    assert (await asked(log)).ended_ms == {CALLEE: ASKED_MS}


async def test_an_answer_that_came_after_the_question_begins_when_it_came(log: Path) -> None:
    write(log, said("ANSWER", CALLEE, ASKED_MS + 90) + said("BRIDGE_ENTER", CALLEE, ASKED_MS + 90))
    assert (await asked(log)).answered_ms == {CALLEE: ASKED_MS + 90}


async def test_a_line_that_comes_a_moment_after_the_list_is_waited_for(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []

    def writes_later(path: Path, since_ms: int) -> Iterator[bytes]:
        readings.append(since_ms)
        if len(readings) == 3:
            write(log, said("HANGUP", CALLEE, ASKED_MS - 1))
        return lines_since(path, since_ms)

    monkeypatch.setattr(testimony, "ASK_S_MAX", 3_600)
    monkeypatch.setattr(testimony, "lines_since", writes_later)
    write(log, said("CHAN_START", CALLEE, GAP_MS))
    assert (await asked(log)).ended_ms == {CALLEE: ASKED_MS - 1}
    assert len(readings) == 3


async def test_of_a_leg_that_lives_no_end_is_waited_for(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testimony, "ASK_S_MAX", 3_600)
    write(log, said("ANSWER", CALLEE, GAP_MS + 5) + said("BRIDGE_ENTER", CALLEE, GAP_MS + 5))
    lives = LegsListed(frozenset({CALLER, CALLEE}), frozenset({CALLER, CALLEE}), ASKED_MS, GAP_MS, True)
    assert (await asked(log, lives)).answered_ms == {CALLEE: GAP_MS + 5}


async def test_who_is_silent_is_waited_for_no_longer_than_may_be_and_the_others_words_count(
    log: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(testimony, "ASK_S_MAX", 0.1)
    write(log, said("HANGUP", CALLER, GAP_MS + 9))
    nobody = LegsListed(frozenset(), frozenset(), ASKED_MS, GAP_MS, True)
    told = await Witness(str(log), Wall().clock).added(nobody, {CALLER: GAP_MS, CALLEE: GAP_MS})
    assert told.ended_ms == {CALLER: GAP_MS + 9}
    assert f"the witness does not say how they ended: {CALLEE}" in caplog.text


async def test_a_slow_disk_holds_nobody_up(
    log: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(testimony, "ASK_S_MAX", 0.1)
    goes_on = threading.Event()

    def slow(_path: Path, _since_ms: int) -> Iterator[bytes]:
        goes_on.wait()
        yield said("HANGUP", CALLEE, ASKED_MS).encode()

    monkeypatch.setattr(testimony, "lines_since", slow)
    try:
        assert (await asked(log)).ended_ms == {}
    finally:
        goes_on.set()


async def test_a_witness_that_is_not_there_is_asked_once_and_proves_nothing(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert (await asked(log)).ended_ms == {}
    assert caplog.text.count("the witness cannot be read") == 1
    assert await Witness(None, Wall().clock).added(MISSING, IN_DOUBT) == MISSING
