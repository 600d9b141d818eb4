"""A picture as a tree of text, for the terminal.

Rule 1: a node is unfolded where it is met first; later there is only its name, with an arrow back.
"""

from collections.abc import Iterator

from dialplan.drawing.picture import Box, Picture


def tree_of(picture: Picture) -> str:
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    unfolded: set[str] = set()
    for name in (picture.start, *picture.boxes):
        if name not in unfolded:
            yield from _branch(picture, name, unfolded)


def _branch(picture: Picture, start: str, unfolded: set[str]) -> Iterator[str]:
    """Without recursion: a scheme may be a thousand nodes long."""
    waiting = [(start, "", "", "")]
    while waiting:
        name, before, label, below = waiting.pop()
        box = picture.boxes[name]
        if name in unfolded:
            yield f"{before}{label}↩ {name}"
            continue
        unfolded.add(name)
        yield f"{before}{label}{_title(box)}"
        rows = [(row, row is box.rows[-1]) for row in box.rows]
        for row, is_last in reversed(rows):
            corner, bar = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
            label = f"{row.label} → " if row.label else ""
            waiting.append((row.to, below + corner, label, below + bar))


def _title(box: Box) -> str:
    what = box.kind.replace("_", " ")
    return f"{box.name} ({what}{f': {box.summary}' if box.summary else ''})"
