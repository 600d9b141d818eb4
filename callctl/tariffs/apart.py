"""A loaded profile, read and checked in a process of its own: half a million rows take seconds, and no call
shall wait for them.

Rule 1: what goes there and comes back is made of arrays, so that it costs the service milliseconds.
"""

import asyncio
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from callctl.complaint import Complaint
from callctl.tariffs.zipped import digest_of, unpack
from rating.profile import Profile
from rating.reading.check import doubts, mistakes
from rating.reading.fault import Fault
from rating.reading.profile_source import read_source
from rating.reading.too_soon import too_soon

READ_S_MAX: Final = 300.0
_NICE: Final = 10
_CHILD: Final = "from callctl.tariffs.apart import main; main()"


@dataclass(frozen=True, slots=True)
class Reading:
    digest: str
    profile: Profile | None  # None: `faults` say why
    faults: list[Fault]


@dataclass(frozen=True, slots=True)
class Now:
    """What a new profile is checked against."""

    in_force: Profile | None
    at_ms: int


async def read_apart(name: str, zipped: Path, now: Now | None = None) -> Reading:
    """What a zip says; a Complaint when it is none. Without `now`: not checked, as it was when it was new."""
    told, result = zipped.with_suffix(".now"), zipped.with_suffix(".reading")
    await asyncio.to_thread(_give, told, now)
    path = os.pathsep.join(place for place in sys.path if place)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, name, *map(str, (zipped, told, result))),
        stdin=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        async with asyncio.timeout(READ_S_MAX):
            code = await child.wait()
    except TimeoutError:
        raise Complaint(f"the profile was not read within {READ_S_MAX:g} s: make it smaller") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if code:
        raise ReaderFailed(f"the process that read the profile {name!r} ended with {code}")
    try:
        reading: Reading | Complaint = await asyncio.to_thread(_take, result)
    finally:
        result.unlink(missing_ok=True)
    if isinstance(reading, Complaint):
        raise reading
    return reading


class ReaderFailed(Exception):
    """A fault of ours; the log has its own words."""


def read_here(name: str, files: dict[str, bytes], now: Now | None) -> Reading:
    digest, source = digest_of(files), read_source(name, files)
    if isinstance(source, list):
        return Reading(digest, None, source)
    faults = source.warnings
    if now:
        faults = [*faults, *mistakes(source), *doubts(source)]
        if now.in_force:
            faults += too_soon(source, now.in_force, now.at_ms)
    return Reading(digest, source.profile, faults)


def main() -> None:
    """`NAME ZIP NOW RESULT`, in the other process."""
    os.nice(_NICE)
    name, zipped, told, result = sys.argv[1:]
    reading: Reading | Complaint
    try:
        reading = read_here(name, unpack(Path(zipped)), _take(Path(told)))
    except Complaint as complaint:
        reading = complaint
    _give(Path(result), reading)


def _give(place: Path, what: object) -> None:
    with place.open("wb") as file:
        pickle.dump(what, file, protocol=pickle.HIGHEST_PROTOCOL)


def _take(place: Path) -> Any:
    with place.open("rb") as file:
        return pickle.load(file)
