"""Asterisk's own event log (CEL, one JSON line a happening): the independent record of every leg.

Rule 1: a line that cannot be read is counted and passed over; nothing is guessed from it.
"""

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


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
