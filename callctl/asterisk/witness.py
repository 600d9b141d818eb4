"""Asterisk's own event log (CEL, one JSON line a happening): the independent record of every leg.

Rule 1: a line that cannot be read is counted and passed over; nothing is guessed from it.
"""

import json
import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

# A line is a few hundred bytes; within this much of the file there are whole ones.
STRIDE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Moments by leg, in ms of Asterisk's clock; a leg that it does not know is missing."""

    answered_ms: dict[str, int] = field(default_factory=dict)
    ended_ms: dict[str, int] = field(default_factory=dict)


def moments(lines: Iterable[str], leg_ids: Collection[str]) -> Witnessed:
    """When each of these legs was answered and when it hung up."""
    seen = Witnessed()
    by_kind = {"ANSWER": seen.answered_ms, "HANGUP": seen.ended_ms}
    damaged = 0
    for line in lines:
        try:
            happening = json.loads(line)
            found = by_kind.get(happening["eventtype"])
            if found is not None and happening["uniqueid"] in leg_ids:
                found[happening["uniqueid"]] = int(float(happening["eventtime"]) * 1000)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            damaged += 1
    if damaged:
        log.warning("%d damaged lines in the witness", damaged)
    return seen


def lines_since(path: Path, since_ms: int) -> Iterator[str]:
    """The lines from `since_ms` on, found by halving: the file grows for as long as Asterisk runs."""
    with path.open("rb") as file:
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
        for line in file:
            yield line.decode("utf-8", "replace")


def _stamp_ms(line: bytes) -> int | None:
    try:
        return int(float(json.loads(line)["eventtime"]) * 1000)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
