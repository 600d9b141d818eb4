"""What was loaded in earlier lives, in force again over what is shipped.

Rule 1: no other price list than the one that was in force: of a load that cannot be read, the newest earlier
    one that can, loudly; when there is none, the service does not start.
Rule 2: a load was checked when it was new; checks that came later refuse nothing.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from callctl.complaint import Complaint, Missing
from callctl.storage.database import Pool, when_away
from callctl.storage.profiles import LoadRow, read_files, read_loads, read_names
from callctl.tariffs.apart import ReaderFailed, Reading, read_apart
from rating.profile import Tariffs
from rating.reading.fault import Fault, errors_of

FAULTS_TOLD_MAX = 3

log = logging.getLogger("callctl")


@dataclass(frozen=True, slots=True)
class Restored:
    digests: dict[str, str] = field(default_factory=dict)  # of what was loaded and is in force
    outdated: set[str] = field(default_factory=set)  # profiles whose newest load could not be read


async def restore(pool: Pool, tariffs: Tariffs) -> Restored:
    """Before there are accounts."""
    restored = Restored()
    async with when_away(), pool.acquire() as connection:
        loads = {name: await read_loads(connection, name) for name in await read_names(connection)}
    for name, rows in loads.items():
        reading = await _newest_readable(pool, name, rows)
        assert reading.profile
        tariffs.replace(reading.profile)
        restored.digests[name] = reading.digest
        if reading.digest != rows[0].digest:
            restored.outdated.add(name)
    return restored


async def _newest_readable(pool: Pool, name: str, rows: list[LoadRow]) -> Reading:
    whys: dict[str, str] = {}  # by digest
    for row in rows:
        if row.digest in whys:
            continue
        try:
            async with fetched(pool, name, row.load) as zipped:
                reading = await read_apart(name, zipped)
            if reading.profile:
                if whys:
                    log.error("profile %s: load %d is in force instead", name, row.load)
                return reading
            why = told_of(errors_of(reading.faults, short_notice=True))
        except (Complaint, ReaderFailed) as error:
            why = str(error)
        whys[row.digest] = why
        log.error("profile %s: load %d cannot be read: %s", name, row.load, why)
    raise Complaint(
        f"profile {name}: load {rows[0].load} was in force and cannot be read, nor any before it "
        f"({whys[rows[0].digest]}): start the callctl that loaded it, or delete its rows "
        "of the table profile to go on with what is shipped"
    )


@asynccontextmanager
async def fetched(pool: Pool, name: str, load: int) -> AsyncIterator[Path]:
    """The zip of a load, as a file."""
    async with when_away(), pool.acquire() as connection:
        files = await read_files(connection, name, load)
    if files is None:
        raise Missing(f"profile {name!r} has no load {load}: `callctl tariff history {name}` lists them")
    with tempfile.TemporaryDirectory(prefix="callctl-") as folder:
        zipped = Path(folder, "profile.zip")
        await asyncio.to_thread(zipped.write_bytes, files)
        yield zipped


def told_of(errors: list[Fault]) -> str:
    more = f" and {len(errors) - FAULTS_TOLD_MAX} more" if len(errors) > FAULTS_TOLD_MAX else ""
    return "; ".join(str(fault) for fault in errors[:FAULTS_TOLD_MAX]) + more
