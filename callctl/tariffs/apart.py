"""A loaded profile, read and checked in a process of its own: half a million rows take seconds, and no call
shall wait for them.

Rule 1: what comes back is made of arrays, so that taking it over costs the service milliseconds.
"""

import asyncio
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callctl.complaint import Complaint
from callctl.tariffs.zipped import digest_of, unpack
from rating.profile import Profile
from rating.reading.check import doubts, mistakes
from rating.reading.fault import Fault
from rating.reading.profile_source import read_source

READ_S_MAX: Final = 300.0
_NICE: Final = 10
_CHILD: Final = "from callctl.tariffs.apart import main; main()"


@dataclass(frozen=True, slots=True)
class Reading:
    digest: str
    profile: Profile | None  # None: `faults` say why
    faults: list[Fault]


async def read_apart(name: str, zipped: Path) -> Reading:
    """What a zip says; a Complaint when it is none."""
    result = zipped.with_suffix(".reading")
    path = os.pathsep.join(place for place in sys.path if place)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, name, str(zipped), str(result)),
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
        reading = await asyncio.to_thread(_take, result)
    finally:
        result.unlink(missing_ok=True)
    if isinstance(reading, Complaint):
        raise reading
    return reading


class ReaderFailed(Exception):
    """A fault of ours; the log has its own words."""


def read_here(name: str, files: dict[str, bytes]) -> Reading:
    digest, source = digest_of(files), read_source(name, files)
    if isinstance(source, list):
        return Reading(digest, None, source)
    faults = [*source.warnings, *mistakes(source), *doubts(source)]
    return Reading(digest, source.profile, faults)


def main() -> None:
    """`NAME ZIP RESULT`, in the other process."""
    os.nice(_NICE)
    name, zipped, result = sys.argv[1:]
    reading: Reading | Complaint
    try:
        reading = read_here(name, unpack(Path(zipped)))
    except Complaint as complaint:
        reading = complaint
    with Path(result).open("wb") as file:
        pickle.dump(reading, file, protocol=pickle.HIGHEST_PROTOCOL)


def _take(result: Path) -> Reading | Complaint:
    with result.open("rb") as file:
        reading: Reading | Complaint = pickle.load(file)
    return reading
