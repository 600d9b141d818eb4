"""Answers as JSON for programs, as tables and sentences for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from rating.money import show_roubles

NARROW = 200


def print_json(answer: object) -> None:
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False)
    print()


def roubles(kopecks: int | None) -> str:
    return "" if kopecks is None else show_roubles(kopecks)


def clock_time(stamp: str | None) -> str:
    """`12:34:56.789` of an RFC 3339 time."""
    return stamp[11:23] if stamp else ""


def table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Table:
    """`columns`: heading by field; amounts in kopecks become roubles."""
    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for field, heading in columns.items():
        is_number = field.endswith("_kopecks") or field in ("seconds", "units", "cause")
        drawn.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*(_cell(field, row.get(field)) for field in columns))
    return drawn


def print_table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    width = None if sys.stdout.isatty() else NARROW
    Console(width=width, highlight=False).print(table(title, columns, rows))


def _cell(field: str, value: Any) -> str:
    if value is None:
        return ""
    if field.endswith("_kopecks"):
        return show_roubles(value)
    if field.endswith("_at") or field in ("at", "paid_until"):
        return clock_time(value)
    return str(value)
