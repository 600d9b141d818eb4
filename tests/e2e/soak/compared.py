"""Ledger against phones, for the whole of the traffic.

Rule 1: the desk has one number for all its calls; as they come one after the other, their order tells which.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callctl.demo.seen import CallSeen
from tests.e2e.kill.proof import Seen, Told, money, ways_in, ways_out
from tests.e2e.kill.trial import LATE_MS, SECOND_CUT_S
from tests.e2e.soak.traffic import Traffic
from tests.e2e.stacks import Json
from tests.e2e.words import UNIT_MS

BOUND_MS = SECOND_CUT_S * 1000 + LATE_MS


@dataclass(frozen=True, slots=True)
class Books:
    billed: int
    rung: int
    differences: list[str]


async def compared(mixed: Traffic, seen: Sequence[CallSeen]) -> Books:
    """`seen`: by all callers from outside."""
    told, heard, desk = await Told.by(mixed.stack), mixed.heard(), mixed.office.number
    by_phones = Seen.of([call for call in heard if call.caller != desk], seen)
    legs = [leg for leg in told.ways_out if leg["caller"] != desk]
    of_callers = [
        *ways_out(legs, by_phones, told.in_vain, BOUND_MS),
        *ways_in(told.ways_in, legs, by_phones),
        *money(_cut_in_time(told), mixed.crowd.given),
    ]
    of_desk = in_turn(
        [leg for leg in told.ways_out if leg["caller"] == desk],
        [call for call in heard if call.caller == desk and call.was_answered],
        [replace(call, caller=desk) for call in mixed.dialled if call.was_answered],
    )
    return Books(len(told.legs), len(heard), of_callers + of_desk)


def _cut_in_time(told: Told) -> Told:
    """Who was cut at the end of his money owes no more for the moment by which the cut was late: the balance,
    by which the proof would know, was filled up afterwards."""

    def clipped(leg: Json) -> Json:
        paid_s = leg["units"] * UNIT_MS // 1000
        return {**leg, "seconds": min(leg["seconds"], paid_s)} if leg["ended_by"] == "balance" else leg

    return replace(told, legs=[clipped(leg) for leg in told.legs])


def in_turn(legs: Sequence[Json], heard: Sequence[CallSeen], dialled: Sequence[CallSeen]) -> list[str]:
    """`legs` in the order of their answers."""
    if not len(legs) == len(heard) == len(dialled):
        times = f"{len(dialled)} times, was heard {len(heard)} times and is billed {len(legs)} times"
        return [f"the desk talked {times}"]
    heard = sorted(heard, key=lambda call: call.invited_at_us)
    dialled = sorted(dialled, key=lambda call: call.invited_at_us)
    return [
        found
        for leg, theirs, mine in zip(legs, heard, dialled, strict=True)
        for found in ways_out([leg], Seen.of([theirs], [mine]), (), BOUND_MS)
    ]
