"""One storm with its proof, for the suite and for the command."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from callctl.settings import CallSettings
from tests.e2e.kill.crowd import gather
from tests.e2e.kill.proof import alone, billed, differences
from tests.e2e.kill.storm import LIVES_S_MAX, storm
from tests.e2e.leaks import assert_as_witnessed, assert_nothing_left
from tests.e2e.parts import parts_up

SECOND_CUT_S = 20
# Asterisk ends the callee's leg a moment after the caller's; the rest is a busy machine's.
LATE_MS = 1_000
LEAVE_S_MAX = 150.0


@dataclass(frozen=True, slots=True)
class Outcome:
    calls: int
    rung: int
    billed: int


async def trial(
    folder: Path, kills: int, seed: int, report: Callable[[str], None] = lambda _line: None
) -> Outcome:
    """An AssertionError names what is not as it must be."""
    async with parts_up(folder, CallSettings(second_cut_s=SECOND_CUT_S, warning_s=0)) as parts:
        crowd = await gather(parts.stack, kills * LIVES_S_MAX)
        await storm(parts, kills, Random(seed), report)
        seen = await crowd.leave(LEAVE_S_MAX)
        await assert_nothing_left(parts.stack)
        legs, heard = await billed(parts.stack), parts.stack.carrier.calls()
        found = differences(
            legs, heard, seen, await alone(parts.stack), bound_ms=SECOND_CUT_S * 1000 + LATE_MS
        )
        assert not found, "\n".join(found)
        await assert_as_witnessed(parts.stack)
        return Outcome(len(seen), len(heard), len(legs))
