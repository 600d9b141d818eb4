"""The summary for people."""

import sys
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table

from tests.bench.course import Results
from tests.bench.figures import CALLEE_MS_MAX, FAILED_SHARE_MAX, Spread
from tests.bench.summary import machine, ratios, rows

WIDTH_UNSEEN = 160
NOTHING = "–"
TITLE_HELD = (
    f"calls/s held: 1 s calls, failures < {FAILED_SHARE_MAX:.1%}, callee's INVITE p99 < {CALLEE_MS_MAX:g} ms"
)


def print_tables(results: Results, before: dict[str, Any], took_s: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH_UNSEEN, highlight=False)
    after = machine()
    console.print(
        f"\nAsterisk {results.asterisk}, {after['cores']} cores shared by phones, Asterisk, application and "
        f"database; load average {before['load_average']} before, {after['load_average']} after; "
        f"{took_s:.0f} s.\nOrder of runs: {_order(results)}.\n"
    )
    console.print(Group(_held_table(results), _modest_table(results), _ratio_table(results)))
    console.print(_cut_table(results))
    if results.books:
        books = results.books
        console.print(
            f"callctl's own books: {books.charged_kopecks / 100:.2f} RUB charged, {books.held_kopecks} "
            f"kopecks still held, {books.second_cuts} second cuts, {books.faults} faults."
        )
    console.print("Figures of one run vary by a third on a shared machine: trust the ratios.")


def _order(results: Results) -> str:
    letters = {"plain Dial": "P", "bare ARI": "B", "callctl": "C"}
    return " ".join(f"{letters[step.way]}{step.per_second:g}" for step in results.steps)


def _held_table(results: Results) -> Table:
    drawn = table(TITLE_HELD, "way", "held", "tried (failures)", "callee p99 ms")
    for way, held in results.held.items():
        steps = [step for step in results.steps if step.way == way and step.purpose == "search"]
        tried = ", ".join(f"{step.per_second:g} ({step.failed / step.wanted:.1%})" for step in steps)
        best = [step for step in steps if step.per_second == held and step.is_held]
        late = Spread.of(best[-1].to_callee_ms).p99 if best else None
        mark = "" if results.is_search_whole.get(way) else " or more"
        drawn.add_row(way, f"{held}{mark}", tried, ms(late))
    return drawn


def _modest_table(results: Results) -> Table:
    drawn = table(
        "at modest rates: ms, p50 / p99; CPU in ms per call",
        *("calls/s", "way", "failed", "INVITE → callee's INVITE", "INVITE → 180", "INVITE → 200"),
        *("CPU Asterisk", "application", "PostgreSQL", "together", "phones"),
    )
    for row in rows(results):
        drawn.add_row(
            f"{row.per_second:g}",
            row.way,
            f"{row.failed} of {row.calls}",
            *(pair(spread) for spread in (row.to_callee, row.to_ringing, row.to_answer)),
            *(ms(row.cpu_ms.get(name)) for name in ("asterisk", "application", "postgresql")),
            ms(row.cpu_switch_ms),
            ms(row.cpu_ms["sipp"]),
        )
    return drawn


def _ratio_table(results: Results) -> Table:
    drawn = table(
        "ratios",
        *("calls/s", "", "held", "→ callee's INVITE p50", "→ 200 p50", "CPU Asterisk", "CPU together"),
    )
    for ratio in ratios(results):
        figures = (ratio.held, ratio.to_callee_p50, ratio.to_answer_p50, ratio.cpu_asterisk, ratio.cpu_switch)
        drawn.add_row(
            f"{ratio.per_second:g}",
            f"{ratio.way} / {ratio.base}",
            *(NOTHING if figure is None else f"{figure:.2f}" for figure in figures),
        )
    return drawn


def _cut_table(results: Results) -> Table:
    drawn = table(
        "cut lateness, callctl, as SIPp saw it: ms after the last paid unit",
        *(
            "",
            "cut",
            "early",
            "other calls/s (failed)",
            "caller's side least / p50 / p99 / most",
            "callee's side",
        ),
    )
    for one in results.cuts:
        drawn.add_row(
            one.title,
            f"{one.cut} of {one.wanted}",
            str(one.early),
            f"{one.side_load_per_second:g} ({one.side_load_failed})",
            *(
                f"{ms(spread.least)} / {pair(spread)} / {ms(spread.most)}"
                for spread in (Spread.of(one.at_caller_ms), Spread.of(one.at_callee_ms))
            ),
        )
    return drawn


def table(title: str, *headings: str) -> Table:
    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for heading in headings:
        drawn.add_column(heading)
    return drawn


def pair(spread: Spread) -> str:
    return f"{ms(spread.p50)} / {ms(spread.p99)}"


def ms(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"
