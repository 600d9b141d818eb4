"""A picture as a tree of text, for the terminal.

Rule 1: a node is unfolded where it is met first; later there is only its name, with an arrow back.
Rule 2: what would stand too far right begins again at the left, below.
"""

from collections.abc import Iterator

from dialplan.drawing.picture import Box, Picture

DEPTH_MAX = 12


def tree_of(picture: Picture) -> str:
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    unfolded: set[str] = set()
    roots = [*reversed(picture.boxes), picture.start]
    while roots:
        name = roots.pop()
        if name not in unfolded:
            yield from _branch(picture, name, unfolded, roots)


def _branch(picture: Picture, root: str, unfolded: set[str], roots: list[str]) -> Iterator[str]:
    """Without recursion; what is too deep is added to the roots."""
    waiting = [(root, "", "", 0)]
    while waiting:
        name, before, below, depth = waiting.pop()
        box = picture.boxes[name]
        if name in unfolded:
            yield f"{before}↩ {name}"
        elif depth == DEPTH_MAX:
            yield f"{before}↓ {name}"
            roots.append(name)
        else:
            unfolded.add(name)
            yield f"{before}{_title(box)}"
            last = len(box.rows) - 1
            for place, row in reversed(list(enumerate(box.rows))):
                corner, bar = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
                label = f"{row.label} → " if row.label else ""
                waiting.append((row.to, below + corner + label, below + bar, depth + 1))


def _title(box: Box) -> str:
    what = box.kind.replace("_", " ")
    return f"{box.name} ({what}{f': {box.summary}' if box.summary else ''})"
