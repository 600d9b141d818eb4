"""What is measured while the traffic runs, and what growth of each figure is a leak.

Rule 1: everything is read from outside, from the kernel and from `/metrics`, as an operator could; only what
    Python holds is asked of the service itself, after a collection (`watched.py`), and more seldom.
Rule 2: a bound is growth for each thousand calls: whoever forgets something forgets it call by call.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.parts import Parts
from tests.e2e.soak.census import held

MB = 1_048_576.0
KB = 1_024.0


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    unit: str
    leak_per_1000_calls: float
    why: str  # the bound is what it is
    is_of_calls: bool = False  # every call that runs has some: judged when all have left


FIGURES = (
    Figure("service memory", "MB", 0.5, "512 bytes a call: what is smaller is a block, and judged as such"),
    Figure("service blocks", "", 250, "one block in four calls: an id that is not forgotten, in a set"),
    Figure("service garbage", "", 250, "as with blocks: who points to himself waits for a rare collection"),
    Figure("service tasks", "", 1, "one task in a thousand calls: an order that never ends"),
    Figure("service threads", "", 1, "as with tasks"),
    Figure("service files", "", 1, "one connection or file in a thousand calls"),
    Figure("records waiting", "", 1, "the ledger is written slower than it is filled"),
    Figure("asterisk memory", "MB", 1, "1 kB a call: a twentieth of a channel"),
    Figure("asterisk threads", "", 1, "a channel whose thread never ends", is_of_calls=True),
    Figure("asterisk files", "", 1, "an RTP port that is not given back", is_of_calls=True),
    Figure(
        "postgres memory", "MB", 0.1, "100 bytes a call, of its processes' own: the shared part has its size"
    ),
)


def of_process(pid: int) -> dict[str, float]:
    """`memory` is all that it has in RAM, `own` what it does not share."""
    process = Path(f"/proc/{pid}")
    words = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return {
        "memory": int(words["VmRSS"].split()[0]) * KB / MB,
        "own": int(words["RssAnon"].split()[0]) * KB / MB,
        "threads": float(words["Threads"]),
        "files": float(len(list((process / "fd").iterdir()))),
    }


def own_of_family(pid: int) -> float:
    """Of a process and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for one in (pid, *map(int, children)):
        with contextlib.suppress(OSError, KeyError):  # a child that ended while we look
            total += of_process(one)["own"]
    return total


@dataclass(slots=True)
class Gauges:
    parts: Parts
    calls: float = 0
    loop_lags: tuple[float, float] = (0.0, 0.0)  # their sum in seconds, and how many

    async def read_all(self) -> Mapping[str, float]:
        return {**await self.read(), **await held(self.parts)}

    async def read(self) -> Mapping[str, float]:
        """Figures by their names, without what Python holds."""
        told = await self.parts.stack.metrics()
        self.calls = told["callctl_calls_arrived_total"] + told["callctl_calls_of_seats_total"]
        self.loop_lags = (told["callctl_loop_lag_seconds_sum"], told["callctl_loop_lag_seconds_count"])
        service, asterisk = (of_process(child.pid) for child in (self.parts.service, self.parts.asterisk))
        return {
            "service memory": service["memory"],
            "service tasks": told["callctl_tasks"],
            "service threads": service["threads"],
            "service files": service["files"],
            "records waiting": told["callctl_ledger_records_waiting"],
            "asterisk memory": asterisk["memory"],
            "asterisk threads": asterisk["threads"],
            "asterisk files": asterisk["files"],
            "postgres memory": own_of_family(self.parts.postgres.pid),
        }
