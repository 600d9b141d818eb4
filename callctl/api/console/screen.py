"""What Asterisk's command line prints: a form of two columns, name and value.

Rule 1: whatever somebody called himself or his scheme, it breaks no line and moves no cursor.
Rule 2: a list is one value of many lines; it comes in pages.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from callctl.complaint import Complaint, one_line

LINES_A_PAGE = 20
CELL_MAX = 40

# A name, and its value line by line: what is below the first begins at the left.
Row = tuple[str, Sequence[str]]
Screen = Sequence[Row]
Cells = Mapping[str, object]


def form(rows: Mapping[str, object]) -> list[Row]:
    """Without what is not known."""
    return [(name, [str(value)]) for name, value in rows.items() if value is not None]


def page(name: str, about: str, rows: Sequence[Cells], number: int, again: str) -> list[Row]:
    """`again`: what is typed for another page, before its number."""
    pages = max(1, -(-len(rows) // LINES_A_PAGE))
    if not 1 <= number <= pages:
        raise Complaint(f"there is no page {number}: the last is {pages}")
    shown = rows[(number - 1) * LINES_A_PAGE : number * LINES_A_PAGE]
    if pages > 1:
        about += f"; page {number} of {pages}"
    if number < pages:
        about += f", the next by `callctl {again} {number + 1}`"
    return [(name, [about, *columns(shown)])]


def columns(rows: Sequence[Cells]) -> list[str]:
    """Below their headings; a name that is too long is cut, as the others shall stay in their places."""
    if not rows:
        return []
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return ["  ".join(line).rstrip() for line in padded]


def encode(screen: Screen) -> str:
    """As Asterisk reads it."""
    return "&".join(
        f"{quote(name, safe='')}={quote(chr(10).join(map(one_line, lines)), safe='')}"
        for name, lines in screen
    )


def _cell(value: object) -> str:
    text = "" if value is None else one_line(value)
    return text if len(text) <= CELL_MAX else f"{text[: CELL_MAX - 3]}..."
