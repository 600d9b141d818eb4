"""What those who ask and those who listen did to the cuts, for people."""

import sys
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.api.course import Results
from tests.bench.figures import Spread
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
        f"\n{after['cores']} cores shared by phones, Asterisk, application, database and those who ask; load "
        f"average {before['load_average']} before, {after['load_average']} after; {took_s:.0f} s.\n"
    )
    console.print(_cut_table(results))
    console.print(_answer_table(results))
    books, wrong = results.books, [words for step in results.steps for words in step.answers.wrong]
    console.print(
        f"answers with another status than they should: {len(wrong)} {wrong[:3] or ''}\n"
        f"callctl's own books: {books.held_kopecks} kopecks still held, {books.second_cuts} second cuts, "
        f"{books.faults} faults; calls left after {sum(not step.is_drained for step in results.steps)} steps."
    )


def _cut_table(results: Results) -> Table:
    drawn = table(
        "cut lateness as SIPp saw it, ms after the last paid unit; early: released before, by whatever; "
        "events of Asterisk were heard within",
        *("beside", "cut", "early", "caller's side least / p50 / p99 / most", "callee's side"),
        *("questions", "per second", "p50 / p99 / most, ms", "service cores", "all cores", "events p99.9"),
    )
    for step in results.steps:
        cuts, spread = step.cuts, Spread.of(step.answers.all_ms)
        drawn.add_row(
            *(cuts.title, f"{cuts.cut} of {cuts.wanted}", str(cuts.early)),
            *(
                f"{ms(side.least)} / {pair(side)} / {ms(side.most)}"
                for side in (Spread.of(cuts.at_caller_ms), Spread.of(cuts.at_callee_ms))
            ),
            str(spread.count) if spread.count else NOTHING,
            f"{step.answers.per_second:.0f}" if spread.count else NOTHING,
            f"{pair(spread)} / {ms(spread.most)}" if spread.count else NOTHING,
            f"{step.used.cores['application']:.2f}",
            f"{step.used.all_cores:.2f}",
            f"≤ {step.used.lag_ms['p99.9']:g} ms",
        )
    return drawn


def _answer_table(results: Results) -> Table:
    asked = [step for step in results.steps if step.answers.took_ms]
    drawn = table(
        "answers by kind, ms: p50 / p99 / most",
        *("question", *(step.cuts.title for step in asked)),
    )
    for kind in sorted({kind for step in asked for kind in step.answers.took_ms}):
        spreads = [Spread.of(step.answers.took_ms.get(kind, [])) for step in asked]
        drawn.add_row(kind, *(f"{pair(spread)} / {ms(spread.most)}" for spread in spreads))
    return drawn
