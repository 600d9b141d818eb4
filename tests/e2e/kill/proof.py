"""What must hold after a storm: ledger, witness and phones tell one story, to the kopeck.

Rule 1: whom a phone saw answered and connected is billed once, for what it talked; nobody else is.
Rule 2: who answered while nobody served, and whom Asterisk joined to nobody, was not connected.
Rule 3: a price is reckoned anew, from the seconds; less is owed only by who had no money for one unit more.
Rule 4: a call that was torn by the death of Asterisk ended then, and is billed to the last proof before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from callctl.demo.seen import CallSeen
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import NEAR_MS, UNIT_KOPECKS, UNIT_MS

LEGS = """
SELECT account_id, leg_id, caller, number, answered_at, ended_at, seconds, units, charge_kopecks, ended_by
FROM leg WHERE seconds > 0 ORDER BY answered_at
"""
BALANCES = "SELECT account_id, balance_kopecks FROM account"
WAY_IN, WAY_IN_KOPECKS = "leg0-", 50  # from Moscow
EMERGENCY = "112"
PATIENCE_MS = 20_000  # of all targets of the crowd
# A phone's clock and Asterisk's, on a machine that is very busy.
APART_MS = 4 * NEAR_MS
OUT_OF_MONEY = ("balance", "second_cut")
# How long a stream may be silent before it is given up (callctl/asterisk/ari.py).
UNPROVEN_MS = 6_000


@dataclass(frozen=True, slots=True)
class Seen:
    """By phones, who call and who are called; of them `torn` are those whose call Asterisk's death ended."""

    heard: list[CallSeen]
    callers: dict[str, CallSeen]  # who were answered; each called once
    torn: frozenset[str]

    @classmethod
    def of(
        cls, heard: Iterable[CallSeen], callers: Iterable[CallSeen], asterisk_died_us: Sequence[int] = ()
    ) -> "Seen":
        torn = set()

        def clipped(seen: CallSeen) -> CallSeen:
            for died_us in asterisk_died_us:
                was_up = seen.answered_at_us is not None and seen.answered_at_us < died_us
                if was_up and (seen.ended_at_us is None or seen.ended_at_us > died_us):
                    torn.add(seen.call_id)
                    return replace(seen, ended_at_us=died_us)
            return seen

        answered = [clipped(seen) for seen in callers if seen.was_answered]
        return cls(
            [clipped(seen) for seen in heard], {seen.caller: seen for seen in answered}, frozenset(torn)
        )

    def talked_ms(self, call: CallSeen) -> float:
        """To the first hang-up of either: while nobody serves, the other one is still there."""
        caller = self.callers.get(call.caller)
        if caller is None or caller.answered_at_us is None or caller.ended_at_us is None:
            return 0
        assert call.answered_at_us and call.ended_at_us
        begin_us = max(call.answered_at_us, caller.answered_at_us)
        return (min(call.ended_at_us, caller.ended_at_us) - begin_us) / 1000

    def may_lack_ms(self, call: CallSeen) -> int:
        return APART_MS + (UNPROVEN_MS if call.call_id in self.torn else 0)


@dataclass(frozen=True, slots=True)
class Told:
    """By the ledger: what was talked, whom nobody was joined to, what is left of each account's money."""

    legs: list[Json]
    in_vain: Sequence[tuple[str, str]]
    balances: Mapping[str, int]

    @property
    def ways_in(self) -> list[Json]:
        return [leg for leg in self.legs if leg["leg_id"].startswith(WAY_IN)]

    @property
    def ways_out(self) -> list[Json]:
        return [leg for leg in self.legs if not leg["leg_id"].startswith(WAY_IN)]

    @classmethod
    async def by(cls, stack: Stack) -> "Told":
        rows = await stack.database.fetch(LEGS)
        legs = [{**row, "answered_ms": row["answered_at"].timestamp() * 1000} for row in rows]
        joined = {line["uniqueid"] for line in stack.witness() if line["eventtype"] == "BRIDGE_ENTER"}
        unpaid = await stack.database.fetch("SELECT leg_id, caller, number FROM leg WHERE seconds = 0")
        alone = [(row["caller"], row["number"]) for row in unpaid if row["leg_id"] not in joined]
        balances = {row["account_id"]: row["balance_kopecks"] for row in await stack.database.fetch(BALANCES)}
        return cls(legs, alone, balances)


def differences(told: Told, seen: Seen, given: Mapping[str, int], bound_ms: int) -> list[str]:
    """In words; `given`: what was paid into each account, in kopecks."""
    found = ways_out(told.ways_out, seen, told.in_vain, bound_ms)
    return [*found, *ways_in(told.ways_in, told.ways_out, seen), *money(told, given)]


def ways_out(
    legs: Iterable[Json], seen: Seen, in_vain: Iterable[tuple[str, str]], bound_ms: int
) -> Iterator[str]:
    calls: dict[tuple[str, str], list[CallSeen]] = defaultdict(list)
    for call in seen.heard:
        if call.answered_at_us is not None and call.ended_at_us is not None:
            calls[call.caller, call.number].append(call)
    for leg in legs:
        of_pair = calls[leg["caller"], leg["number"]]
        # Two may have answered at once, by two carriers: the bill is of the one that talked as long.
        own = [call for call in of_pair if _is_of(leg, call)]
        if not own:
            yield f"billed and not talked: {leg}"
            continue
        call = min(own, key=lambda call: abs(seen.talked_ms(call) - leg["seconds"] * 1000))
        of_pair.remove(call)
        yield from _differs(leg, call, seen, bound_ms)
    alone = list(in_vain)
    for call in (call for left in calls.values() for call in left):
        # No longer than an answer is on its way; or a seat, whose record nobody waits for: it is free.
        if seen.talked_ms(call) <= APART_MS or _is_seat(call.number):
            continue
        if (call.caller, call.number) in alone:  # each leg in vain stands for one call
            alone.remove((call.caller, call.number))
        else:
            yield f"talked and not billed: {call}"


def _differs(leg: Json, call: CallSeen, seen: Seen, bound_ms: int) -> Iterator[str]:
    talked_ms = seen.talked_ms(call)
    if call.talked_ms > leg["units"] * UNIT_MS + bound_ms and _since_rung_ms(call) > PATIENCE_MS + bound_ms:
        yield f"nobody cut it: {call.talked_ms} ms, {leg}"
    if leg["ended_by"] in OUT_OF_MONEY:
        return
    # Whoever hands his caller over is left by our order, which may be under way for long; he is free.
    least_ms = 0 if _is_seat(leg["number"]) else talked_ms - 1000 - seen.may_lack_ms(call)
    if not least_ms <= leg["seconds"] * 1000 <= max(1000, talked_ms + APART_MS):
        yield f"talked {talked_ms} ms, billed {leg}"


def ways_in(legs: Sequence[Json], outwards: Sequence[Json], seen: Seen) -> Iterator[str]:
    """As long as the way out at least, and no longer than the caller was there."""
    callers = [leg["caller"] for leg in legs]
    for leg in legs:
        caller = seen.callers.get(leg["caller"])
        if caller is None or callers.count(leg["caller"]) > 1:
            yield f"billed and not called: {leg}"
            continue
        least_s = max((out["seconds"] for out in outwards if out["caller"] == leg["caller"]), default=0)
        if not least_s * 1000 - APART_MS <= leg["seconds"] * 1000 <= max(1000, caller.talked_ms + APART_MS):
            yield f"called for {caller.talked_ms} ms, the way out was {least_s} s, billed {leg}"
    paid = {leg["account_id"] for leg in legs}
    for out in outwards:
        if out["account_id"] in paid and out["caller"] not in callers:
            yield f"a way out without a way in: {out}"


def money(told: Told, given: Mapping[str, int]) -> Iterator[str]:
    """Calls to seats are free, and so is 112."""
    spent: dict[str, int] = defaultdict(int)
    for leg in told.legs:
        spent[leg["account_id"]] += leg["charge_kopecks"]
        units = -(-leg["seconds"] * 1000 // UNIT_MS)
        price = WAY_IN_KOPECKS if leg["leg_id"].startswith(WAY_IN) else UNIT_KOPECKS
        if _is_seat(leg["number"]) or leg["number"] == EMERGENCY:
            units = price = 0
        could_not = leg["units"] < units and told.balances[leg["account_id"]] < price
        if leg["charge_kopecks"] != leg["units"] * price or not (leg["units"] == units or could_not):
            yield f"{units} units at {price} kopecks, billed {leg}"
    for account_id, kopecks in given.items():
        if told.balances[account_id] != kopecks - spent[account_id]:
            has = told.balances[account_id]
            yield f"{account_id}: paid in {kopecks}, spent {spent[account_id]}, has {has}"


def _since_rung_ms(call: CallSeen) -> float:
    """Whoever answers while nobody serves is bound by what bounds his ringing."""
    assert call.ended_at_us
    return (call.ended_at_us - call.invited_at_us) / 1000


def _is_seat(number: str) -> bool:
    """It has a name."""
    return number.isalpha()


def _is_of(leg: Json, call: CallSeen) -> bool:
    assert call.answered_at_us
    return bool(abs(leg["answered_ms"] - call.answered_at_us / 1000) < APART_MS)
