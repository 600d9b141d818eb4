"""Answers as JSON for programs, as tables and sentences for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callctl.complaint import one_line
from callctl.times import clock_time, date_time
from rating.money import show_roubles

# What a file or a pipe gets: wide enough that no id is cut.
WIDE = 200


def print_json(answer: object) -> None:
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def roubles(kopecks: int | None) -> str:
    return "" if kopecks is None else show_roubles(kopecks)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end with 1, which says that no service answers; `main` knows better."""
        raise BrokenPipeError


def console() -> Console:
    return _Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Table:
    """`columns`: heading by field; amounts in kopecks become roubles."""
    drawn = Table(title=Text(title), box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    for field, heading in columns.items():
        is_number = field.endswith("_kopecks") or field in ("seconds", "units", "cause", "amount", "left")
        drawn.add_column(
            heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
        )
    for row in rows:
        # As text: what callers and payers wrote in brackets is not for rich to read.
        drawn.add_row(*(Text(one_line(_cell(field, row.get(field)))) for field in columns))
    return drawn


def print_table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    console().print(table(title, columns, rows))


def _cell(field: str, value: Any) -> str:
    if value is None:
        return ""
    if field.endswith("_kopecks"):
        return show_roubles(value)
    if field == "paid_until":
        return clock_time(value)
    if field.endswith("_at") or field == "at":
        return date_time(value)
    return str(value)
