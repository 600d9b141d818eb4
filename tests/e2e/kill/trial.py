"""One storm with its proof, for the suite and for the command."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from callctl.settings import CallSettings
from callctl.stack.up import wait_ready
from tests.e2e.disks import small_disk
from tests.e2e.hole import Hole, open_hole
from tests.e2e.kill.crowd import crowd_of
from tests.e2e.kill.proof import Seen, Told, differences
from tests.e2e.kill.storm import AWAY_S_MAX, LIVES_S_MAX, Storm, Victim
from tests.e2e.leaks import assert_as_witnessed, assert_nothing_left
from tests.e2e.parts import Parts, parts_up, start_run

SECOND_CUT_S = 20
# Asterisk ends the callee's leg a moment after the caller's; the rest is a busy machine's.
LATE_MS = 1_000
LEAVE_S_MAX = 150.0
DISK_MB = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    calls: int
    rung: int
    billed: int
    torn: int  # by the death of Asterisk


async def trial(
    folder: Path,
    kills: int,
    seed: int,
    victims: Sequence[Victim] = (Victim.SERVICE,),
    report: Callable[[str], None] = lambda _line: None,
) -> Outcome:
    """An AssertionError names what is not as it must be."""
    calls = CallSettings(second_cut_s=SECOND_CUT_S, warning_s=0)
    with small_disk(folder, size_mb=DISK_MB) as disk:
        async with (
            parts_up(folder / "stack", calls, data_dir=disk / "postgres") as parts,
            _holed(parts) as hole,
        ):
            storm = Storm(parts, hole, disk, Random(seed), report)
            async with crowd_of(parts.stack, kills * (LIVES_S_MAX + AWAY_S_MAX) / 2) as crowd:
                await storm.rage(kills, victims)
                callers = await crowd.leave(LEAVE_S_MAX)
            await assert_nothing_left(parts.stack)
            told = await Told.by(parts.stack)
            seen = Seen.of(crowd.heard(), callers, storm.asterisk_died_us)
            found = differences(told, seen, crowd.given, bound_ms=SECOND_CUT_S * 1000 + LATE_MS)
            assert not found, "\n".join(found)
            await assert_as_witnessed(parts.stack, worthless={"never_ended", "missing"})
            return Outcome(len(callers), len(seen.heard), len(told.legs), len(seen.torn))


@asynccontextmanager
async def _holed(parts: Parts) -> AsyncIterator[Hole]:
    """The service reaches ARI through a hole."""
    stack = parts.stack
    await parts.service.stop()
    ari = stack.settings.ari
    with open_hole(int(ari.url.rpartition(":")[2])) as hole:
        settings = stack.settings.model_copy(update={"ari": ari.model_copy(update={"url": hole.url})})
        stack.settings_file.write_text(settings.model_dump_json())
        parts.service = await start_run(stack.settings_file, stack.state / "service.log")
        await wait_ready(parts.service, stack.api_url)
        yield hole
