"""Asterisk's own event log (CEL, one JSON line a happening): the independent record of every leg.

Rule 1: a line that cannot be read is counted and passed over; nothing is guessed from it.
"""

import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from callctl.calls.legs import call_id_of

log = logging.getLogger(__name__)

# A line is a few hundred bytes; within this much of the file there are whole ones.
STRIDE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Moments by leg, in ms of Asterisk's clock; a leg that it does not know is missing."""

    answered_ms: dict[str, int] = field(default_factory=dict)
    ended_ms: dict[str, int] = field(default_factory=dict)


# What a phone of a seat is called there, to be taken for no number.
SEATS = "seat/"


class Happening(NamedTuple):
    kind: str
    channel: str
    at_ms: int
    caller: str
    dialled: str
    reached: str  # whom a leg that we placed was to reach


class Damaged(ValueError):
    """A line that is none of the witness's, or not whole."""


KINDS = frozenset({"CHAN_START", "ANSWER", "BRIDGE_ENTER", "HANGUP"})
_CHANNEL = re.compile(r'"uniqueid": ?"([^"\\]*)"')
_MARKS = tuple(f'"{kind}"'.encode() for kind in KINDS)


def read_line(line: bytes) -> Happening | None:
    """None: it says nothing of an arrival, an answer, a bridge or an end."""
    is_whole = line.startswith(b"{") and line.rstrip().endswith(b"}")
    if is_whole and not any(mark in line for mark in _MARKS):
        return None
    try:
        told = json.loads(line)
        kind, channel = told["eventtype"], told["uniqueid"]
        if kind not in KINDS or not isinstance(channel, str):
            return None
        at_ms = int(float(told["eventtime"]) * 1000)
        words = [str(told.get(name) or "") for name in ("num", "exten", "userfield")]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Damaged(str(error)) from error
    return Happening(kind, channel, at_ms, *words)


def moments(lines: Iterable[str], leg_ids: Collection[str]) -> Witnessed:
    """When each of these legs was answered and when it hung up. Who was called and never joined talked to
    nobody: he counts as unanswered."""
    seen, joined = Witnessed(), dict[str, int]()
    by_kind = {"ANSWER": seen.answered_ms, "HANGUP": seen.ended_ms, "BRIDGE_ENTER": joined}
    damaged = 0
    for line in lines:
        if _is_of_others(line, leg_ids):
            continue
        try:
            happening = json.loads(line)
            found = by_kind.get(happening["eventtype"])
            if found is not None and happening["uniqueid"] in leg_ids:
                found[happening["uniqueid"]] = int(float(happening["eventtime"]) * 1000)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            damaged += 1
    if damaged:
        log.warning("%d damaged lines in the witness", damaged)
    for leg_id in [leg_id for leg_id in seen.answered_ms if leg_id not in joined]:
        if call_id_of(leg_id) != leg_id:
            del seen.answered_ms[leg_id]
    return seen


def _is_of_others(line: str, leg_ids: Collection[str]) -> bool:
    """A glance at a whole line, for a tenth of what it costs to read it: after a busy hour most are."""
    channel = _CHANNEL.search(line)
    is_whole = line.startswith("{") and line.endswith(("}", "}\n"))
    return is_whole and channel is not None and channel[1] not in leg_ids


def witnessed(path: str | None, since_ms: int, leg_ids: Collection[str]) -> Witnessed:
    """What it saw of these legs since then; nothing, when it is not there."""
    if path is None:
        return Witnessed()
    try:
        return moments(lines_since(Path(path), since_ms), leg_ids)
    except OSError as error:
        log.warning("the witness cannot be read: %s", error)
        return Witnessed()


def lines_since(path: Path, since_ms: int) -> Iterator[str]:
    with path.open("rb") as file:
        seek_since(file, since_ms)
        for line in file:
            yield line.decode("utf-8", "replace")


def seek_since(file: BinaryIO, since_ms: int) -> None:
    """To the lines from `since_ms` on, found by halving: the file grows for as long as Asterisk runs."""
    low, high = 0, file.seek(0, 2)
    while high - low > STRIDE_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()  # the rest of a line that began before
        stamp_ms = _stamp_ms(file.readline())
        if stamp_ms is None or stamp_ms >= since_ms:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline()


def _stamp_ms(line: bytes) -> int | None:
    try:
        return int(float(json.loads(line)["eventtime"]) * 1000)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
