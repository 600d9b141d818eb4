"""CPU time of processes, as the kernel counts it.

Rule 1: a process counts with all that it started, also what has ended since (PostgreSQL's back ends).
"""

import os
import resource
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_ms(pid: int) -> float:
    """Of the process and its descendants, since they started."""
    ticks, family = _family(pid)
    return sum(ticks.get(member, 0) for member in family) * 1000 / TICKS


def family_of(pid: int) -> list[int]:
    """The process and its descendants."""
    return _family(pid)[1]


def _family(pid: int) -> tuple[dict[int, int], list[int]]:
    """The ticks of all processes, and who belongs to this one."""
    children: dict[int, list[int]] = defaultdict(list)
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything; the fields behind it are numbers (proc(5)).
            fields = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:  # ended while we look
            continue
        children[int(fields[1])].append(int(entry.name))
        ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    family = [pid]
    for member in family:
        family += children[member]
    return ticks, family


def busy_ms() -> float:
    """Of all cores together, whoever used them, since the machine started (proc(5))."""
    ticks = list(map(int, Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]))
    return (sum(ticks) - ticks[3] - ticks[4]) * 1000 / TICKS


def ended_children_cpu_ms() -> float:
    """Of all that this process started and saw end: its SIPps."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000
