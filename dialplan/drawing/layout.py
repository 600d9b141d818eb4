"""Where every box and line of a picture is drawn, in pixels.

Rule 1: no box touches another, no line runs under one: each has room of its own in its column.
Rule 2: whatever order the columns have, an item stands as near to its neighbours' middle as that allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dialplan.drawing.layers import Columns, Item, Joint, Line, columns_of
from dialplan.drawing.picture import Box, Picture
from dialplan.drawing.texts import width_of

NAME_SIZE, TEXT_SIZE, ROW_SIZE = 14.0, 12.0, 12.0
HEAD_HEIGHT, SUMMARY_HEIGHT, ROW_HEIGHT = 44.0, 20.0, 20.0
PADDING, PADDING_BELOW = 14.0, 7.0
WIDTH_MIN, WIDTH_MAX = 130.0, 260.0
BOX_GAP, LINE_GAP = 26.0, 16.0
COLUMN_GAP, COLUMN_GAP_MAX = 64.0, 130.0
MARGIN = 40.0
# By whom an item goes in a sweep: those on its left, on its right, or both. The last is for straight lines.
LEFT, RIGHT, BOTH = (0,), (1,), (0, 1)
SWEEPS = (LEFT, RIGHT, LEFT, RIGHT, LEFT, RIGHT, BOTH, LEFT)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    box: Box
    x: float
    y: float
    width: float
    height: float

    @property
    def entry(self) -> Point:
        """Where lines end."""
        return self.x, self.y + HEAD_HEIGHT / 2

    def exit(self, row: int) -> Point:
        """Where a row's line begins."""
        return self.x + self.width, self.y + row_offset(self.box, row)


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """From one point to the next: straight within a column, bent between two."""

    line: Line
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    lines: tuple[PlacedLine, ...]


def row_offset(box: Box, row: int) -> float:
    """From the top of the box to the middle of the row."""
    if box.is_plain:
        return HEAD_HEIGHT / 2
    return HEAD_HEIGHT + (SUMMARY_HEIGHT if box.summary else 0) + (row + 0.5) * ROW_HEIGHT


def layout_of(picture: Picture) -> Layout:
    columns = columns_of(picture)
    widths = [_width(picture, items) for items in columns.items]
    tops = _tops(picture, columns)
    lefts = _lefts(picture, columns, widths, tops)
    boxes = {
        item: PlacedBox(picture.boxes[item], lefts[place], tops[item], widths[place], _height(picture, item))
        for place, items in enumerate(columns.items)
        for item in items
        if isinstance(item, str)
    }
    lines = tuple(PlacedLine(line, _points(line, boxes, tops, lefts, widths)) for line in columns.lines)
    bottom = max(top + _height(picture, item) for item, top in tops.items())
    return Layout(lefts[-1] + widths[-1] + MARGIN, bottom + MARGIN, tuple(boxes.values()), lines)


def _width(picture: Picture, items: Sequence[Item]) -> float:
    """As its widest text wants, within bounds."""
    wanted = [WIDTH_MIN]
    for item in items:
        if isinstance(item, str):
            box = picture.boxes[item]
            wanted += [width_of(box.name, NAME_SIZE), width_of(box.summary, TEXT_SIZE)]
            wanted += [width_of(row.label, ROW_SIZE) for row in box.rows]
    return min(max(wanted) + 2 * PADDING, WIDTH_MAX)


def _height(picture: Picture, item: Item) -> float:
    if isinstance(item, Joint):
        return 0.0
    box = picture.boxes[item]
    head = HEAD_HEIGHT + (SUMMARY_HEIGHT if box.summary else 0)
    return head if box.is_plain or not box.rows else head + len(box.rows) * ROW_HEIGHT + PADDING_BELOW


def _gap(above: Item, below: Item) -> float:
    if isinstance(above, Joint) and isinstance(below, Joint):
        return LINE_GAP
    return BOX_GAP


def _tops(picture: Picture, columns: Columns) -> dict[Item, float]:
    heights = {item: _height(picture, item) for items in columns.items for item in items}
    tops: dict[Item, float] = {}
    for items in columns.items:
        tops.update(_spread(items, dict.fromkeys(items, 0.0), heights))
    pulls = _pulls(picture, columns)
    for sides in SWEEPS:
        for items in reversed(columns.items) if sides == RIGHT else columns.items:
            wanted = {item: _wanted(item, tops, pulls, sides) for item in items}
            tops.update(_spread(items, wanted, heights))
    least = min(tops.values())
    return {item: top - least + MARGIN for item, top in tops.items()}


# For each item, on its left and on its right: a neighbour and how much lower than its top ours is when
# the line between them is straight.
_Pulls = dict[Item, tuple[list[tuple[Item, float]], list[tuple[Item, float]]]]


def _pulls(picture: Picture, columns: Columns) -> _Pulls:
    pulls: _Pulls = {item: ([], []) for items in columns.items for item in items}
    for line in columns.lines:
        chain: list[tuple[Item, float, float]] = [(joint, 0.0, 0.0) for joint in line.joints]
        if line.is_back:
            chain.reverse()
            pulls[line.joints[-1]][0].append((line.to, _height(picture, line.to) + BOX_GAP))
            pulls[line.joints[0]][1].append((line.box, _height(picture, line.box) + BOX_GAP))
        else:
            begin = row_offset(picture.boxes[line.box], line.row)
            chain = [(line.box, 0.0, begin), *chain, (line.to, HEAD_HEIGHT / 2, 0.0)]
        for (left, _, out), (right, into, _) in pairwise(chain):
            pulls[right][0].append((left, out - into))
            pulls[left][1].append((right, into - out))
    return pulls


def _wanted(item: Item, tops: Mapping[Item, float], pulls: _Pulls, sides: Sequence[int]) -> float:
    wanted = sorted(tops[other] + lower for side in sides for other, lower in pulls[item][side])
    if not wanted:
        return tops[item]
    middle = len(wanted) // 2
    return wanted[middle] if len(wanted) % 2 else (wanted[middle - 1] + wanted[middle]) / 2


def _spread(
    items: Sequence[Item], wanted: Mapping[Item, float], heights: Mapping[Item, float]
) -> dict[Item, float]:
    """As near to the wanted tops as order and gaps allow, by least squares (pooling of neighbours)."""
    offsets = [0.0]
    for above, below in pairwise(items):
        offsets.append(offsets[-1] + heights[above] + _gap(above, below))
    pools: list[tuple[float, int]] = []  # mean and count
    for item, offset in zip(items, offsets, strict=False):
        mean, count = wanted[item] - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean = (mean * count + other * others) / (count + others)
            count += others
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return {item: mean + offset for item, mean, offset in zip(items, means, offsets, strict=False)}


def _lefts(
    picture: Picture, columns: Columns, widths: Sequence[float], tops: Mapping[Item, float]
) -> list[float]:
    """Between two columns is more room where lines go far up or down."""
    lefts = [MARGIN + COLUMN_GAP / 2]
    for place, items in enumerate(columns.items[:-1]):
        steepest = max(
            (abs(tops[right] - tops[item]) for item in items for right, _ in columns.farther.get(item, ())),
            default=0.0,
        )
        gap = min(COLUMN_GAP + steepest / 8, COLUMN_GAP_MAX)
        lefts.append(lefts[-1] + widths[place] + gap)
    return lefts


def _points(
    line: Line,
    boxes: Mapping[str, PlacedBox],
    tops: Mapping[Item, float],
    lefts: Sequence[float],
    widths: Sequence[float],
) -> tuple[Point, ...]:
    points = [boxes[line.box].exit(line.row)]
    for joint in line.joints:
        left, right = lefts[joint.column], lefts[joint.column] + widths[joint.column]
        ends = [(left, tops[joint]), (right, tops[joint])]
        points += reversed(ends) if line.is_back else ends
    return (*points, boxes[line.to].entry)
