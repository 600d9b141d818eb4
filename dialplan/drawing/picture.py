"""What of a scheme is drawn, whatever it is drawn with: a box a node, a row in it for each way out.

Rule 1: exits that lead to the same node share a row as long as it stays short.
"""

from dataclasses import dataclass
from enum import Enum

from dialplan.node import Crossing
from dialplan.scheme import Node, Scheme


class Look(Enum):
    """What is drawn alike."""

    RINGS = "rings"
    ASKS = "asks"
    DECIDES = "decides"
    SAYS = "says"
    ENDS = "ends"


_LOOKS = {"menu": Look.ASKS, "hang_up": Look.ENDS}

# The ordinary way on: where it is the only one it needs no word.
_PLAIN = ("then", "to")

ROW_LENGTH_MAX = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A way out, and for what it is taken."""

    label: str
    to: str


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    kind: str
    look: Look
    summary: str
    rows: tuple[Row, ...]

    @property
    def is_plain(self) -> bool:
        """One way on, of which nothing need be said."""
        return len(self.rows) == 1 and not self.rows[0].label


@dataclass(frozen=True, slots=True)
class Picture:
    start: str
    boxes: dict[str, Box]  # in the order of the file


def picture_of(scheme: Scheme) -> Picture:
    boxes = {
        name: Box(name, node.kind, _look(node), node.summary(), _rows(node))
        for name, node in scheme.nodes.items()
    }
    return Picture(scheme.start, boxes)


def _look(node: Node) -> Look:
    if known := _LOOKS.get(node.kind):
        return known
    if isinstance(node, Crossing):
        return Look.DECIDES
    return Look.RINGS if any(True for _ in node.targets()) else Look.SAYS


def _rows(node: Node) -> tuple[Row, ...]:
    exits = list(node.exits())
    if len(exits) == 1 and exits[0].field[-1] in _PLAIN:
        return (Row("", exits[0].to),)
    rows: dict[str, list[Row]] = {}
    for exit in exits:
        label, same = node.label(exit), rows.setdefault(exit.to, [])
        if same and len(same[-1].label) + len(label) + 2 <= ROW_LENGTH_MAX:
            same[-1] = Row(f"{same[-1].label}, {label}", exit.to)
        else:
            same.append(Row(label, exit.to))
    return tuple(row for same in rows.values() for row in same)
