"""Lines of the log: whole, each on its own line, and never a reason to wait."""

import json
import logging
import os
import shlex
import threading
from collections.abc import Callable
from typing import Any

import pytest

from callctl.logbook import Lines, Pen, logged
from callctl.masks import masked
from callctl.metrics import REGISTRY
from callctl.settings import LogSettings

log = logging.getLogger("callctl.test")

LOGFMT, JSON = LogSettings(), LogSettings(form="json")
MASKED = LogSettings(numbers="masked")
EVIL = [
    "two\nlines",
    "\r\nlevel=critical msg=forged",
    "a \x1b[2J clears the screen",
    "\x85 \u2028 \u2029 end lines too",
    "\u202e turned round",
    'a "quoted" word',
    "back\\slash\n",
    "",
    "=",
    "\x00",
    "\ud800 is half a sign",
]


def line(settings: LogSettings, msg: str, *, fault: BaseException | None = None, **fields: object) -> str:
    told: dict[str, Any] = {"name": "callctl.test", "levelname": "INFO", "msg": msg, "fields": fields}
    if fault:
        told["exc_info"] = (type(fault), fault, fault.__traceback__)
    return Lines(settings).format(logging.makeLogRecord(told))


def read(text: str) -> dict[str, str]:
    """Another's reading of logfmt: a shell's."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def raised(words: str) -> BaseException:
    try:
        raise ValueError(words)
    except ValueError as fault:
        return fault


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("settings", [LOGFMT, JSON], ids=["logfmt", "json"])
def test_whatever_is_in_it_a_record_is_one_line_and_nothing_a_terminal_obeys(
    settings: LogSettings, evil: str
) -> None:
    told = line(settings, evil, fault=raised(evil), caller=evil)
    assert len(told.splitlines()) == 1
    assert told.isprintable()
    told.encode("utf-8")


@pytest.mark.parametrize("evil", EVIL)
def test_nobody_makes_a_field_of_his_own(evil: str) -> None:
    names = ["at", "level", "room", "msg", "caller"]
    assert list(read(line(LOGFMT, "heard", caller=evil))) == names
    assert list(json.loads(line(JSON, "heard", caller=evil))) == names


def test_a_line_says_when_how_grave_from_where_and_what() -> None:
    told = read(
        line(LOGFMT, "CallArrived", call="callctl-7", node="ring", orders="LegHeld(leg1-7,100) Bound")
    )
    at = told.pop("at")
    assert at.endswith("+00:00")
    assert told == {
        "level": "info",
        "room": "callctl.test",
        "msg": "CallArrived",
        "call": "callctl-7",
        "node": "ring",
        "orders": "LegHeld(leg1-7,100) Bound",
    }


def test_numbers_are_masked_in_every_word_of_a_line() -> None:
    told = line(MASKED, "no 79031112233", fault=raised("+74951234567"), caller="79031112233")
    assert "79031112233" not in told and "4951234567" not in told
    assert told.count("7903*****33") == 2 and "+7495*****67" in told


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("79031112233", "7903*****33"),
        ("+79031112233", "+7903*****33"),
        ("from 79031112233, to 88001234567.", "from 7903*****33, to 8800*****67."),
        (
            "PlaceLeg(leg1-1763760000.12,carrier/79161110002)",
            "PlaceLeg(leg1-1763760000.12,carrier/7916*****02)",
        ),
        ("create?endpoint=PJSIP%2F79160000002%40carrier", "create?endpoint=PJSIP%2F7916*****02%40carrier"),
        ("1763760000.12", "1763760000.12"),
        ("112 101 100500", "112 101 100500"),
        ("2026-11-21T22:15:04.123", "2026-11-21T22:15:04.123"),
    ],
)
def test_what_is_masked_is_a_number_and_no_id(text: str, seen: str) -> None:
    assert masked(text) == seen


class Paper:
    """What is written on; it may be held, or torn."""

    def __init__(self) -> None:
        self.text = b""
        self.is_free = threading.Event()
        self.is_free.set()
        self.was_tried = threading.Event()
        self.is_torn = False

    def write(self, data: bytes) -> None:
        self.was_tried.set()
        assert self.is_free.wait(10)
        if self.is_torn:
            raise OSError(28, "no room")
        self.text += data


def pen(paper: Paper, waiting_max: int = 100) -> Pen:
    made = Pen(paper.write, waiting_max)
    made.setFormatter(Lines(LOGFMT))
    return made


def say(made: Pen, *words: str) -> None:
    for word in words:
        made.handle(logging.makeLogRecord({"name": "t", "levelname": "INFO", "msg": word}))


def said(paper: Paper) -> list[str]:
    return [read(one)["msg"] for one in paper.text.decode().splitlines()]


def lost() -> float:
    return REGISTRY.get_sample_value("callctl_log_lines_lost_total") or 0


def test_who_says_something_never_waits_and_what_finds_no_room_is_counted_and_told() -> None:
    paper, before = Paper(), lost()
    paper.is_free.clear()
    made = pen(paper, waiting_max=3)
    say(made, "first")
    assert paper.was_tried.wait(10)
    say(made, "a", "b", "c", "d", "e")
    assert lost() == before + 2
    paper.is_free.set()
    until_written(lambda: said(paper) == ["first", "a", "b", "c"])
    say(made, "later")
    made.close()
    assert said(paper) == ["first", "a", "b", "c", "2 lines found no room", "later"]


def until_written(is_so: Callable[[], bool]) -> None:
    tries = threading.Event()
    for _ in range(1_000):
        if is_so():
            return
        tries.wait(0.01)
    raise AssertionError("not written")


def test_a_full_disk_costs_the_lines_and_nothing_else() -> None:
    paper, before = Paper(), lost()
    paper.is_torn = True
    made = pen(paper)
    say(made, "gone")
    until_written(lambda: lost() == before + 1)
    paper.is_torn = False
    say(made, "there")
    made.close()
    assert said(paper) == ["there"]


def test_at_the_end_all_is_written_in_its_order() -> None:
    paper = Paper()
    made = pen(paper, waiting_max=10_000)
    say(made, *map(str, range(2_000)))
    made.close()
    assert said(paper) == [str(number) for number in range(2_000)]


def test_a_record_that_cannot_be_told_ends_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    paper = Paper()
    made = pen(paper)
    made.handle(logging.makeLogRecord({"name": "t", "levelname": "INFO", "msg": "%d", "args": ("x",)}))
    say(made, "next")
    made.close()
    assert said(paper) == ["next"]
    assert "Logging error" in capsys.readouterr().err


def test_what_is_logged_goes_where_it_was_told_to_and_only_as_long_as_it_was() -> None:
    read_fd, write_fd = os.pipe()
    with logged(LogSettings(level="warning"), verbose=False, to_fd=write_fd):
        log.info("not told")
        log.warning("told", extra={"fields": {"call": "7"}})
        logging.getLogger("library").info("a request")
    log.warning("too late")
    os.close(write_fd)
    (only,) = os.read(read_fd, 10_000).decode().splitlines()
    os.close(read_fd)
    assert read(only) | {"at": ""} == {
        "at": "",
        "level": "warning",
        "room": "callctl.test",
        "msg": "told",
        "call": "7",
    }
