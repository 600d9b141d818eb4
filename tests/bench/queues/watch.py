"""What the programs of a way used between two moments: CPU, memory, and how late the service heard.

Rule 1: memory that several processes of a program share is counted once (the kernel's proportional share).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.cpu import busy_ms, cpu_ms, family_of
from tests.bench.queues.crowd import IN_MENUS, WAITING
from tests.bench.subscribers import read_figures
from tests.bench.ways import Way

LAG = "callctl_event_lag_seconds_bucket"
ENDED = "callctl_connections_ended_total"


@dataclass(frozen=True, slots=True)
class Look:
    at_us: int
    cpu_ms: Mapping[str, float]
    busy_ms: float
    waiting: int
    in_menus: int
    ended: Mapping[str, float]
    lag: Mapping[float, float]
    """How many events were heard within so many milliseconds."""


@dataclass(frozen=True, slots=True)
class Used:
    waiting: int
    in_menus: int
    cores: Mapping[str, float]
    all_cores: float
    """With the phones, and with whatever else the machine did."""
    memory_mb: Mapping[str, float]
    ended: Mapping[str, int]
    """Connections, by who ended them."""
    events: int
    lag_ms: Mapping[str, float]
    """By share: the bound, among those that the service counts by, within which so many were heard."""


async def look(way: Way) -> Look:
    assert way.api_url
    async with aiohttp.ClientSession(way.api_url) as http:
        figures = await read_figures(http)
    lag = {float(name.split('"')[1]) * 1000: count for name, count in figures.items() if name.startswith(LAG)}
    used_ms = {name: cpu_ms(pid) for name, pid in way.pids.items()}
    ended = {name.split('"')[1]: count for name, count in figures.items() if name.startswith(ENDED)}
    waiting, in_menus = int(figures[WAITING]), int(figures[IN_MENUS])
    return Look(time.time_ns() // 1000, used_ms, busy_ms(), waiting, in_menus, ended, lag)


def used(way: Way, before: Look, after: Look) -> Used:
    lasted_ms = (after.at_us - before.at_us) / 1000
    heard = {bound: after.lag[bound] - before.lag[bound] for bound in sorted(after.lag)}
    return Used(
        waiting=min(before.waiting, after.waiting),
        in_menus=min(before.in_menus, after.in_menus),
        cores={name: round((ms - before.cpu_ms[name]) / lasted_ms, 3) for name, ms in after.cpu_ms.items()},
        all_cores=round((after.busy_ms - before.busy_ms) / lasted_ms, 3),
        memory_mb={name: _memory_mb(pid) for name, pid in way.pids.items()},
        ended={
            by: int(count - before.ended[by]) for by, count in after.ended.items() if count > before.ended[by]
        },
        events=int(max(heard.values())),
        lag_ms={f"p{share * 100:g}": _within(heard, share) for share in (0.5, 0.99, 0.999)},
    )


def _within(heard: Mapping[float, float], share: float) -> float:
    total = max(heard.values())
    return next(bound for bound, count in heard.items() if count >= share * total)


def _memory_mb(pid: int) -> float:
    return round(sum(map(_share_kb, family_of(pid))) / 1024, 1)


def _share_kb(pid: int) -> int:
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:  # ended while we look
        return 0
    return next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)
