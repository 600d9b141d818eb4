"""The boxes of a picture in columns, each in an order in which few lines cross.

Rule 1: a way leads to the right; those that must lead back are found first and turned round for this.
Rule 2: a box stands right of all that lead to it, as far left as that lets it (longest path).
Rule 3: a line over several columns has a joint in each of them, so that it has room between the boxes;
    lines to the same box share theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from dialplan.drawing.picture import Picture

SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Joint:
    """Where lines on their way to a box pass a column."""

    to: str
    column: int
    is_back: bool


Item = str | Joint  # a box by its name, or a joint


@dataclass(frozen=True, slots=True)
class Line:
    """From a row of a box by its joints to another box."""

    box: str
    row: int
    to: str
    joints: tuple[Joint, ...]
    is_back: bool


@dataclass(slots=True)
class Columns:
    items: list[list[Item]]
    lines: list[Line]
    # An item's neighbours on the left and on the right, with how far down the line meets either.
    nearer: dict[Item, list[tuple[Item, float]]] = field(default_factory=dict)
    farther: dict[Item, list[tuple[Item, float]]] = field(default_factory=dict)


def columns_of(picture: Picture) -> Columns:
    back = _back_ways(picture)
    column = _columns(picture, back)
    lines = [
        _line(name, place, row.to, column, is_back=(name, place) in back)
        for name, box in picture.boxes.items()
        for place, row in enumerate(box.rows)
    ]
    items: list[list[Item]] = [[] for _ in range(max(column.values()) + 1)]
    for name in _first_met(picture):
        items[column[name]].append(name)
    for joint in dict.fromkeys(joint for line in lines for joint in line.joints):
        items[joint.column].append(joint)
    columns = Columns(items, lines)
    _connect(columns, picture)
    _order(columns)
    return columns


def _first_met(picture: Picture) -> dict[str, None]:
    """In the order of a walk that takes the first row first."""
    met: dict[str, None] = {}
    waiting = [*reversed(picture.boxes), picture.start]
    while waiting:
        name = waiting.pop()
        if name not in met:
            met[name] = None
            waiting.extend(row.to for row in reversed(picture.boxes[name].rows))
    return met


def _back_ways(picture: Picture) -> set[tuple[str, int]]:
    """Rows that lead to a box which leads to theirs."""
    back: set[tuple[str, int]] = set()
    done: set[str] = set()
    above: set[str] = set()
    for start in (picture.start, *picture.boxes):
        if start in done:
            continue
        path = [(start, 0)]
        above.add(start)
        while path:
            name, place = path.pop()
            rows = picture.boxes[name].rows
            if place == len(rows):
                above.remove(name)
                done.add(name)
                continue
            path.append((name, place + 1))
            to = rows[place].to
            if to in above:
                back.add((name, place))
            elif to not in done:
                above.add(to)
                path.append((to, 0))
    return back


def _columns(picture: Picture, back: set[tuple[str, int]]) -> dict[str, int]:
    """By longest path: a box has its column when all that lead to it have theirs."""
    before = dict.fromkeys(picture.boxes, 0)
    ways = {
        name: [row.to for place, row in enumerate(box.rows) if (name, place) not in back]
        for name, box in picture.boxes.items()
    }
    for targets in ways.values():
        for to in targets:
            before[to] += 1
    column = dict.fromkeys(picture.boxes, 0)
    ready = [name for name, count in before.items() if not count]
    while ready:
        name = ready.pop()
        for to in ways[name]:
            column[to] = max(column[to], column[name] + 1)
            before[to] -= 1
            if not before[to]:
                ready.append(to)
    return column


def _line(box: str, row: int, to: str, column: Mapping[str, int], *, is_back: bool) -> Line:
    """One that leads back passes the columns of both its ends as well, beside the boxes."""
    if is_back:
        passed: Iterable[int] = range(column[box], column[to] - 1, -1)
    else:
        passed = range(column[box] + 1, column[to])
    return Line(box, row, to, tuple(Joint(to, at, is_back) for at in passed), is_back)


def _connect(columns: Columns, picture: Picture) -> None:
    """Who pulls at whom, and how far down in it: a line begins at a row and ends in the middle.

    A line that leads back passes below its boxes, which pull at it from the same column.
    """
    for line in columns.lines:
        if line.is_back:
            begin, end = line.joints[0], line.joints[-1]
            columns.nearer.setdefault(end, []).append((line.to, 1.0))
            columns.farther.setdefault(begin, []).append((line.box, 1.0))
            chain: list[tuple[Item, float]] = [(joint, 0.5) for joint in reversed(line.joints)]
        else:
            of_row = (line.row + 1) / (len(picture.boxes[line.box].rows) + 1)
            chain = [(line.box, of_row), *((joint, 0.5) for joint in line.joints), (line.to, 0.5)]
        for (left, down), (right, _) in pairwise(chain):
            columns.nearer.setdefault(right, []).append((left, down))
            columns.farther.setdefault(left, []).append((right, 1 - down))
    columns.nearer = {item: list(dict.fromkeys(pulls)) for item, pulls in columns.nearer.items()}
    columns.farther = {item: list(dict.fromkeys(pulls)) for item, pulls in columns.farther.items()}


def _order(columns: Columns) -> None:
    """Each item to the middle of its neighbours, from left to right and back; the best order is kept."""
    at = {item: float(place) for items in columns.items for place, item in enumerate(items)}
    best, fewest = [list(items) for items in columns.items], _crossings(columns, at)
    for sweep in range(SWEEPS):
        is_rightward = sweep % 2 == 0
        around = columns.nearer if is_rightward else columns.farther
        for items in columns.items if is_rightward else reversed(columns.items):
            middle = {item: _middle(item, around, at) for item in items}
            items.sort(key=middle.__getitem__)
            at.update((item, float(place)) for place, item in enumerate(items))
        crossings = _crossings(columns, at)
        if crossings < fewest:
            best, fewest = [list(items) for items in columns.items], crossings
    columns.items = best


def _middle(item: Item, around: Mapping[Item, list[tuple[Item, float]]], at: Mapping[Item, float]) -> float:
    pulls = around.get(item)
    return sum(at[other] + pull for other, pull in pulls) / len(pulls) - 0.5 if pulls else at[item]


def _crossings(columns: Columns, at: Mapping[Item, float]) -> int:
    """Pairs of lines that begin in one order and end, a column further, in the other."""
    count = 0
    for items in columns.items:
        ways = [
            (at[item] + 1 - up, at[right]) for item in items for right, up in columns.farther.get(item, ())
        ]
        count += _inversions([int(right) for _, right in sorted(ways)])
    return count


def _inversions(places: list[int]) -> int:
    """Pairs in falling order (Fenwick's tree)."""
    tree = [0] * (max(places, default=0) + 2)
    count = 0
    for seen, place in enumerate(places):
        smaller, at = 0, place + 1
        while at:
            smaller += tree[at]
            at -= at & -at
        count += seen - smaller
        at = place + 1
        while at < len(tree):
            tree[at] += 1
            at += at & -at
    return count
