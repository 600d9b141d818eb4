"""What must hold after a storm: ledger, witness and phones tell one story.

Rule 1: whom a phone saw answered and connected is billed once, for what it talked; nobody else is.
Rule 2: who answered while nobody served, and whom Asterisk joined to nobody, was not connected.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from callctl.demo.seen import CallSeen
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import NEAR_MS, UNIT_MS

LEGS = """
SELECT leg_id, caller, number, answered_at, ended_at, seconds, units, charge_kopecks, ended_by
FROM leg WHERE seconds > 0 AND leg_id !~ '^leg0-' ORDER BY answered_at
"""
# A phone's clock and Asterisk's, on a machine that is very busy.
APART_MS = 4 * NEAR_MS


async def alone(stack: Stack) -> list[tuple[str, str]]:
    """Who rang for whom in vain, as the ledger and Asterisk say both: never billed, never joined."""
    joined = {line["uniqueid"] for line in stack.witness() if line["eventtype"] == "BRIDGE_ENTER"}
    rows = await stack.database.fetch("SELECT leg_id, caller, number FROM leg WHERE seconds = 0")
    return [(row["caller"], row["number"]) for row in rows if row["leg_id"] not in joined]


async def billed(stack: Stack) -> list[Json]:
    """Every way out that was connected."""
    rows = await stack.database.fetch(LEGS)
    return [{**row, "answered_ms": row["answered_at"].timestamp() * 1000} for row in rows]


def differences(
    legs: Sequence[Json],
    heard: Iterable[CallSeen],
    callers: Iterable[CallSeen],
    in_vain: list[tuple[str, str]],
    bound_ms: int,
) -> list[str]:
    """In words; `heard`: by those who were called; `in_vain`: who rang and was joined to nobody."""
    found: list[str] = []
    bills: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for leg in legs:
        bills[leg["caller"], leg["number"]].append(leg)
    answered = {seen.caller: seen for seen in callers if seen.was_answered}
    for call in sorted(heard, key=lambda call: call.invited_at_us):
        if call.answered_at_us is None or call.ended_at_us is None:
            continue
        of_pair = bills[call.caller, call.number]
        leg = next((leg for leg in of_pair if _is_of(leg, call)), None)
        if leg is None:
            if not _were_connected(call, answered.get(call.caller)):
                continue
            if (call.caller, call.number) in in_vain:  # each leg in vain stands for one call
                in_vain.remove((call.caller, call.number))
            else:
                found.append(f"talked and not billed: {call}")
            continue
        of_pair.remove(leg)
        if call.talked_ms > leg["units"] * UNIT_MS + bound_ms:
            found.append(f"nobody cut it: {call.talked_ms} ms, {leg}")
        talked_ms = _talked_ms(call, answered.get(call.caller))
        if leg["ended_by"] in ("balance", "second_cut"):
            continue
        if abs(talked_ms - leg["seconds"] * 1000 - 500) > 500 + APART_MS:
            found.append(f"talked {talked_ms} ms, billed {leg}")
    return found + [f"billed and not talked: {leg}" for left in bills.values() for leg in left]


def _is_of(leg: Json, call: CallSeen) -> bool:
    assert call.answered_at_us
    return bool(abs(leg["answered_ms"] - call.answered_at_us / 1000) < APART_MS)


def _were_connected(call: CallSeen, caller: CallSeen | None) -> bool:
    """For longer than an answer is on its way."""
    return _talked_ms(call, caller) > APART_MS


def _talked_ms(call: CallSeen, caller: CallSeen | None) -> float:
    """To the first hang-up of either: while nobody serves, the other one is still there."""
    if caller is None or caller.answered_at_us is None or caller.ended_at_us is None:
        return 0
    assert call.answered_at_us and call.ended_at_us
    begin_us = max(call.answered_at_us, caller.answered_at_us)
    return (min(call.ended_at_us, caller.ended_at_us) - begin_us) / 1000
