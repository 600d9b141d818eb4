"""Asterisk's own event log (CEL, one JSON line a happening): the independent record of every leg.

Rule 1: a line that cannot be read is counted and passed over; nothing is guessed from it.
"""

import json
import logging
from collections.abc import Collection, Iterable

log = logging.getLogger(__name__)


def ends(lines: Iterable[str], leg_ids: Collection[str]) -> dict[str, int]:
    """When each of these legs hung up, in ms of Asterisk's clock; those it does not know are missing."""
    found: dict[str, int] = {}
    damaged = 0
    for line in lines:
        try:
            happening = json.loads(line)
            if happening["eventtype"] == "HANGUP" and happening["uniqueid"] in leg_ids:
                found[happening["uniqueid"]] = int(float(happening["eventtime"]) * 1000)
        except (ValueError, KeyError, TypeError):
            damaged += 1
    if damaged:
        log.warning("%d damaged lines in the witness", damaged)
    return found
