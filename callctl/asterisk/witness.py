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

# How far our clock and Asterisk's may have drifted apart. Whose coming it does not tell within the first
# came before: then all is read again, from the second on.
CLOCKS_APART_MS = (60_000, 3_600_000)

# A line is a few hundred bytes; within this much of the file there are whole ones.
STRIDE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Moments by leg, in ms of Asterisk's clock; a leg that it does not know is missing."""

    answered_ms: dict[str, int] = field(default_factory=dict)
    ended_ms: dict[str, int] = field(default_factory=dict)
    began_ms: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What it saw of these sides of calls, of which the first came at `since_ms` by our clock."""

    since_ms: int
    sides: frozenset[str]
    callers: frozenset[str]  # of them, who are in Asterisk from the beginning of their calls


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
# Without its first sign, which is the most frequent one of the line, it is found twice as fast.
_CHANNEL = re.compile(rb'uniqueid": ?"([^"\\]*)"')
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


def moments(lines: Iterable[bytes], leg_ids: Collection[str]) -> Witnessed:
    """When each of these legs began, was answered and hung up. Who was called and never joined talked to
    nobody: he counts as unanswered."""
    seen, joined = Witnessed(), dict[str, int]()
    by_kind = {
        "CHAN_START": seen.began_ms,
        "ANSWER": seen.answered_ms,
        "HANGUP": seen.ended_ms,
        "BRIDGE_ENTER": joined,
    }
    ids = {leg_id.encode() for leg_id in leg_ids}
    damaged = 0
    for line in lines:
        if _is_of_others(line, ids):
            continue
        try:
            happening = json.loads(line.decode("utf-8", "replace"))
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


def _is_of_others(line: bytes, ids: Collection[bytes]) -> bool:
    """A glance at a whole line, for a tenth of what it costs to read it: after a busy hour most are."""
    channel = _CHANNEL.search(line)
    is_whole = line.startswith(b"{") and line.endswith((b"}", b"}\n"))
    return is_whole and channel is not None and channel[1] not in ids


def witnessed(path: Path, question: Question) -> Witnessed:
    """Its answer; nothing, when it is not there. It takes long after a long call: not for the loop."""
    try:
        for apart_ms in CLOCKS_APART_MS:
            seen = moments(lines_since(path, question.since_ms - apart_ms), question.sides)
            if question.callers <= seen.began_ms.keys():
                break
    except OSError as error:
        log.warning("the witness cannot be read: %s", error)
        return Witnessed()
    return seen


def lines_since(path: Path, since_ms: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        seek_since(file, since_ms)
        yield from file


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
