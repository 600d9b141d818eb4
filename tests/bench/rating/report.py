"""All parts of the rating core's measurements, one process each, pure and compiled, and their table.

Rule 1: a ratio is to the look-up in a dictionary that the same process measured just before and after.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.rating.compiled import ROOT, compile_into
from tests.bench.rating.money import PAIR, WHOLE
from tests.bench.summary import machine

WIDTH_UNSEEN = 160
NOTHING = "–"
BOTH = ("money", "look-ups")  # measured pure and compiled
PURE = ("load", "timers", "lateness")
# What others' structures reach on such a machine: nanoseconds, pure and compiled.
TARGETS = {
    "look-up, 5k": (300, 60),
    "look-up, 50k": (360, 80),
    "look-up, 500k": (670, 210),
    PAIR: (3_800, 2_100),
    WHOLE: (6_000, 3_200),
}

Report = Callable[[str], None]


class PartFailed(Exception):
    """A process of ours ended by a fault."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    is_compiled: bool
    yardsticks: dict[str, float]
    figures: list[dict[str, Any]]
    outcomes: str | None

    @property
    def look_up_ns(self) -> float:
        return next(iter(self.yardsticks.values()))


def measure(*, is_quick: bool, report: Report) -> dict[str, Any]:
    """Everything, as values for JSON."""
    before = machine()
    with tempfile.TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        report("compiling the rating core in a copy")
        why_not = compile_into(folder)
        if why_not:
            report(why_not)
        parts = []
        for part in (*BOTH, *PURE):
            report(f"{part}")
            parts.append(_part(ROOT, part, is_quick=is_quick))
            if part in BOTH and not why_not:
                report(f"{part}, compiled")
                parts.append(_part(folder, part, is_quick=is_quick))
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "processor": _processor(),
        "machine_before": before,
        "machine_after": machine(),
        "not_compiled": why_not,
        "parts": [
            {
                "name": part.name,
                "is_compiled": part.is_compiled,
                "yardsticks": part.yardsticks,
                "figures": [figure | _ratio(part, figure) for figure in part.figures],
            }
            for part in parts
        ],
    }


def check_compiled(report: Report) -> bool:
    """Whether the compiled core comes to the same outcomes; True also when there is no compiler."""
    with tempfile.TemporaryDirectory(prefix="callctl-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if why_not := compile_into(folder):
            report(why_not)
            return True
        pure = _part(ROOT, "outcomes", is_quick=True)
        compiled = _part(folder, "outcomes", is_quick=True)
    assert compiled.is_compiled and not pure.is_compiled
    is_same = pure.outcomes == compiled.outcomes
    report(f"outcomes of 20000 operations: {pure.outcomes}")
    report(
        "the compiled core comes to the same"
        if is_same
        else f"the compiled core differs: {compiled.outcomes}"
    )
    return is_same


def print_figures(told: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH_UNSEEN, highlight=False)
    before, after = told["machine_before"], told["machine_after"]
    console.print(
        f"\n{told['python']} on {told['processor']}, one of {after['cores']} cores; load average "
        f"{before['load_average']} before, {after['load_average']} after.\n"
        "Best of the repeats (median); x: times a look-up in a dictionary, to compare machines by.\n"
    )
    compiled = {part["name"]: part for part in told["parts"] if part["is_compiled"]}
    for part in told["parts"]:
        if not part["is_compiled"]:
            console.print(_table(part, compiled.get(part["name"])))
    if told["not_compiled"]:
        console.print(told["not_compiled"])
    console.print("Figures of one run vary by half on a shared machine: trust the ratios.")


def _part(tree: Path, part: str, *, is_quick: bool) -> Part:
    """Measured in a process of its own, with the modules of that tree."""
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-P", "-m", "tests.bench.rating", part, "quick" if is_quick else "full"]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PartFailed(f"{part} ended by a fault: {done.stderr.strip()[-500:]}")
    told = json.loads(done.stdout)
    yardsticks = {one["name"]: one["best"] for one in told["yardsticks"]}
    return Part(part, told["is_compiled"], yardsticks, told["figures"], told["outcomes"])


def _ratio(part: Part, figure: dict[str, Any]) -> dict[str, float]:
    return {"ratio": round(figure["best"] / part.look_up_ns, 1)} if figure["unit"] == "ns" else {}


def _table(pure: dict[str, Any], compiled: dict[str, Any] | None) -> Table:
    drawn = Table(title=pure["name"], box=box.SIMPLE_HEAD, title_justify="left")
    yardsticks = ", ".join(f"{name} {ns:.0f} ns" for name, ns in pure["yardsticks"].items())
    drawn.add_column(yardsticks)
    beside = {figure["name"]: figure for figure in compiled["figures"]} if compiled else {}
    for heading in ("pure", "x", "a second", "wanted", "compiled", "x", "a second", "wanted"):
        drawn.add_column(heading, justify="right")
    for figure in pure["figures"]:
        wanted = TARGETS.get(figure["name"], (None, None))
        drawn.add_row(
            figure["name"],
            *_cells(figure, wanted[0]),
            *_cells(beside.get(figure["name"]), wanted[1]),
        )
    return drawn


def _cells(figure: dict[str, Any] | None, wanted: int | None) -> tuple[str, str, str, str]:
    if figure is None:
        return ("", "", "", "")
    unit = figure["unit"]
    told = (
        f"{figure['best']:,.0f} ({figure['median']:,.0f}) ns"
        if unit == "ns"
        else f"{figure['best']:,.2f} {unit}"
    )
    a_second = f"{1e9 / figure['best']:,.0f}" if unit == "ns" else ""
    return (told, str(figure.get("ratio", "")), a_second, f"{wanted:,} ns" if wanted else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
