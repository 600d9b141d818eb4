"""A private Asterisk with all its libraries, libc included: fetched once, never installed.

Rule 1: a tree is seen whole or not at all: built beside its place, proven, then renamed.
Rule 2: one builder at a time for a cache; the kernel frees the lock of a builder that died, and
        the next one removes what it left.
"""

import asyncio
import fcntl
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from callctl.complaint import Complaint
from callctl.stack.asterisk_packages import Report, fetch_packages
from callctl.stack.cache import cache_dir

# Raise it when the finished tree comes to hold something else.
LAYOUT = 1
LOCK_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fetched from where. Another recipe is another tree.

    `needed_mb`: it grew to 420 while it was built, and stayed at 190 (22.10.1).
    """

    packages: tuple[str, ...] = (
        "asterisk",
        "asterisk-core-sounds-ru-gsm",
        "asterisk-core-sounds-en-gsm",
    )
    suites: tuple[str, ...] = ("forky", "sid")
    needed_mb: int = 600

    @property
    def key(self) -> str:
        words = (str(LAYOUT), platform.machine(), *self.packages, "from", *self.suites)
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def recipe_of_environment() -> Recipe:
    """The usual recipe, from the suites that `CALLCTL_ASTERISK_SUITE` names instead, if it does."""
    if suites := os.environ.get("CALLCTL_ASTERISK_SUITE", "").split():
        return Recipe(suites=tuple(suites))
    return Recipe()


async def private_root(recipe: Recipe, report: Report, prove: Callable[[Path], Awaitable[object]]) -> Path:
    """The tree of this recipe, built now if need be. `prove` raises when a new tree is unfit."""
    cache = cache_dir()
    place = cache / f"asterisk-{recipe.key}"
    if place.is_dir():
        return place
    try:
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        lock = os.open(cache / "asterisk.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise Complaint(
            f"cannot keep Asterisk in {cache}: {error.strerror}; set CALLCTL_CACHE to a directory of yours"
        ) from error
    try:
        await _only_builder(lock, report)
        for leftover in cache.glob("asterisk-*.part-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if place.is_dir():  # the builder that we waited for made it
            return place
        _require_space(cache, recipe.needed_mb)
        work = Path(tempfile.mkdtemp(prefix=f"{place.name}.part-", dir=cache))
        try:
            tree = await fetch_packages(recipe.packages, recipe.suites, work, report)
            await prove(tree)
            tree.rename(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(lock)
    return place


async def _only_builder(lock: int, report: Report) -> None:
    waiting = False
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting:
                report("another run is fetching Asterisk; waiting for it to finish")
                waiting = True
            await asyncio.sleep(LOCK_POLL_S)


def _require_space(cache: Path, needed_mb: int) -> None:
    free_mb = shutil.disk_usage(cache).free // 2**20
    if free_mb < needed_mb:
        raise Complaint(
            f"too little room for Asterisk in {cache}: {needed_mb} MB needed, {free_mb} MB free;"
            " make room or set CALLCTL_CACHE to a directory on a larger disk"
        )
