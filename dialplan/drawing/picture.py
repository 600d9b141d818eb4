"""What of a scheme is drawn, whatever it is drawn with: a box a node, a row in it for each way out.

Rule 1: exits that lead to the same node stand in one row, so that a line is drawn once.
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

# The ordinary way on, which needs no word.
_PLAIN = ("then", "to")


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
    labels: dict[str, list[str]] = {}
    for exit in node.exits():
        label = "" if exit.field[-1] in _PLAIN else node.label(exit)
        labels.setdefault(exit.to, []).append(label)
    return tuple(Row(", ".join(word for word in words if word), to) for to, words in labels.items())
