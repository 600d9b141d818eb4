"""Tables for people: what is given, a bar, what is expected; a row begins with the rule that it shows.

Rule 1: the first line that is no remark is the heading; columns are set apart by two spaces or more.
Rule 2: `-` is nothing; a lone `#` begins a remark.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

RULES = Path(__file__).parent / "rules"

_REMARK = re.compile(r"(^|\s)#(\s.*)?$")
_GAP = re.compile(r"\s{2,}")


@dataclass(frozen=True)
class Row:
    rule: str
    given: Mapping[str, str]
    expected: Mapping[str, str]


def read_rows(path: Path) -> list[tuple[int, Row]]:
    """With the line in which each stands."""
    rows: list[tuple[int, Row]] = []
    heading: list[list[str]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = _REMARK.sub("", line).strip()
        if not text:
            continue
        cells = [_GAP.split(half.strip()) for half in text.split("|")]
        if not heading:
            heading = cells
            continue
        where = f"{path.name}:{number}"
        assert [len(half) for half in cells] == [len(half) for half in heading], f"{where}: columns"
        given, expected = (
            dict(zip(names, ("" if cell == "-" else cell for cell in half), strict=True))
            for names, half in zip(heading, cells, strict=True)
        )
        rows.append((number, Row(given.pop("rule"), given, expected)))
    return rows


def rows_of(name: str) -> list[object]:
    """A parameter for each row, named by its table, its line and its rule."""
    return [
        pytest.param(row, id=f"{name}:{line} {row.rule}") for line, row in read_rows(RULES / f"{name}.txt")
    ]


def rules_shown() -> set[str]:
    return {row.rule for path in RULES.glob("*.txt") for _, row in read_rows(path)}


def check(row: Row, outcome: Mapping[str, object]) -> None:
    """What the row expects, whatever else came out."""
    told = {name: show(outcome[name]) for name in row.expected}
    assert told == dict(row.expected)


def show(value: object) -> str:
    return "" if value is None else str(value)
