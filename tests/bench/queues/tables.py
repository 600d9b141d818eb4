"""What the crowd did to the cuts, for people."""

import sys
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Spread
from tests.bench.queues.course import Results, Step
from tests.bench.summary import machine
from tests.bench.tables import NOTHING, WIDTH_UNSEEN, ms, pair, table


def as_json(results: Results, before: dict[str, Any], took_s: float) -> dict[str, Any]:
    return {
        "machine_before": before,
        "machine_after": machine(),
        "took_s": round(took_s),
        "steps": [step.as_json() for step in results.steps],
        "books": asdict(results.books),
    }


def print_tables(results: Results, before: dict[str, Any], took_s: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH_UNSEEN, highlight=False)
    after = machine()
    console.print(
        f"\n{after['cores']} cores shared by phones, Asterisk, application and database; load average "
        f"{before['load_average']} before, {after['load_average']} after; {took_s:.0f} s.\n"
    )
    console.print(_cut_table(results))
    console.print(_used_table(results))
    books = results.books
    console.print(
        f"callctl's own books: {books.held_kopecks} kopecks still held, {books.second_cuts} second cuts, "
        f"{books.faults} faults; calls left after {sum(not step.is_drained for step in results.steps)} steps."
    )


def _cut_table(results: Results) -> Table:
    drawn = table(
        "cut lateness as SIPp saw it, ms after the last paid unit; early: released before, by whatever; "
        "x: p99 of both sides over that alone",
        *("", "waiting", "in menus", "cut", "early"),
        *("caller's side least / p50 / p99 / most", "callee's side", "x", "member free → rings p50 / p99"),
    )
    alone = _worse_p99(results.steps[0])
    for step in results.steps:
        cuts, worse = step.cuts, _worse_p99(step)
        drawn.add_row(
            cuts.title,
            *(str(step.used.waiting), str(step.used.in_menus)),
            *(f"{cuts.cut} of {cuts.wanted}", str(cuts.early)),
            *(
                f"{ms(spread.least)} / {pair(spread)} / {ms(spread.most)}"
                for spread in (Spread.of(cuts.at_caller_ms), Spread.of(cuts.at_callee_ms))
            ),
            f"{worse / alone:.2f}" if worse and alone else NOTHING,
            pair(Spread.of(step.free_to_ringing_ms)),
        )
    return drawn


def _used_table(results: Results) -> Table:
    names = list(results.steps[0].used.cores)
    drawn = table(
        "used while they were cut: cores, MB; events of Asterisk, and within how many ms they were heard",
        *("", *(f"{name} cores" for name in names), "all cores", *(f"{name} MB" for name in names)),
        *("events", "p50", "p99", "p99.9", "connections ended by"),
    )
    for step in results.steps:
        used = step.used
        drawn.add_row(
            step.cuts.title,
            *(f"{used.cores[name]:.2f}" for name in names),
            f"{used.all_cores:.2f}",
            *(f"{used.memory_mb[name]:.0f}" for name in names),
            str(used.events),
            *(f"≤ {bound:g}" for bound in used.lag_ms.values()),
            ", ".join(f"{by} {count}" for by, count in used.ended.items()),
        )
    return drawn


def _worse_p99(step: Step) -> float | None:
    sides = (Spread.of(step.cuts.at_caller_ms).p99, Spread.of(step.cuts.at_callee_ms).p99)
    return max((p99 for p99 in sides if p99 is not None), default=None)
