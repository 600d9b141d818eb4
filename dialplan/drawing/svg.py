"""A picture as SVG: boxes in columns, read from left to right.

Rule 1: it stands alone: no script, no font and no picture from elsewhere; light or dark as the screen.
Rule 2: what a scheme says is text, whatever signs it is of; what is cut is whole in the tooltip.
Rule 3: kinds differ by colour and by word, so that no colour need be seen.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from xml.sax.saxutils import escape

from dialplan.drawing.layout import (
    HEAD_HEIGHT,
    NAME_SIZE,
    PADDING,
    ROW_HEIGHT,
    ROW_SIZE,
    SUMMARY_HEIGHT,
    TEXT_SIZE,
    Layout,
    PlacedBox,
    PlacedLine,
    Point,
    layout_of,
    row_offset,
)
from dialplan.drawing.picture import Picture
from dialplan.drawing.texts import fitted

STYLE = """
  .page { fill: #ffffff }
  .box { fill: #f8f9fb; stroke: #c3cad5; stroke-width: 1 }
  .name { fill: #16202e; font-weight: 600 }
  .what { fill: #5b6879; letter-spacing: .4px }
  .summary { fill: #2f3b4c }
  .row { fill: #2f3b4c }
  .rule { stroke: #dde2ea; stroke-width: 1 }
  .way { fill: none; stroke: #8391a5; stroke-width: 1.5 }
  .back { stroke: #b4702d; stroke-dasharray: 5 4 }
  .tip { fill: #8391a5 }
  .tip-back { fill: #b4702d }
  .start { fill: #16202e }
  .rings { fill: #2e7d4f } .asks { fill: #2b63c4 } .decides { fill: #8a4fbf }
  .says { fill: #b7791f } .ends { fill: #b83b4b }
  @media (prefers-color-scheme: dark) {
    .page { fill: #12161d }
    .box { fill: #1c222c; stroke: #3a4556 }
    .name { fill: #f1f4f8 }
    .what { fill: #9aa7b8 }
    .summary, .row { fill: #cfd7e2 }
    .rule { stroke: #323c4b }
    .way { stroke: #8b9ab0 }
    .back { stroke: #e0a15e }
    .tip { fill: #8b9ab0 }
    .tip-back { fill: #e0a15e }
    .start { fill: #f1f4f8 }
    .rings { fill: #55b27d } .asks { fill: #6c9cf0 } .decides { fill: #b98ae6 }
    .says { fill: #e0ab52 } .ends { fill: #e57482 }
  }
"""
_FONT = "'DejaVu Sans', Verdana, 'Segoe UI', system-ui, sans-serif"
STRIPE = 5.0


def svg_of(picture: Picture) -> str:
    return "\n".join(_lines(picture, layout_of(picture))) + "\n"


def _lines(picture: Picture, layout: Layout) -> Iterator[str]:
    size = f"{layout.width:.0f} {layout.height:.0f}"
    width, height = size.split()
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{width}" height="{height}" '
        f'font-family="{_FONT}">'
    )
    yield f"<style>{STYLE}</style>"
    yield f"<defs>{_tip('tip')}{_tip('tip-back')}</defs>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    yield from _drawn(layout.lines)
    for placed in layout.boxes:
        if placed.box.name == picture.start:
            x, y = placed.entry
            yield f'<circle class="start" cx="{x - 30:.1f}" cy="{y:.1f}" r="6"/>'
            yield f'<path class="way" marker-end="url(#tip)" d="M{x - 24:.1f} {y:.1f}H{x - 1:.1f}"/>'
        yield from _box(placed)
    yield "</svg>"


def _tip(look: str) -> str:
    return (
        f'<marker id="{look}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path class="{look}" d="M0 0 8 4 0 8z"/></marker>'
    )


def _drawn(lines: Iterable[PlacedLine]) -> Iterator[str]:
    """What lines share is drawn once."""
    drawn: set[tuple[str, Point, Point]] = set()
    for placed in lines:
        line, last = placed.line, len(placed.points) - 2
        d = f"M{_point(placed.points[0])}"
        is_whole = True
        for place, (here, there) in enumerate(pairwise(placed.points)):
            if (line.to, here, there) in drawn:
                is_whole = False
                break
            drawn.add((line.to, here, there))
            is_turn = line.is_back and place in (0, last)
            d += _turn(here, there, is_begin=place == 0) if is_turn else _piece(here, there)
        look, tip = ("way back", "tip-back") if line.is_back else ("way", "tip")
        end = f' marker-end="url(#{tip})"' if is_whole else ""
        title = f"<title>{_text(line.box)} → {_text(line.to)}</title>"
        yield f'<path class="{look}"{end} d="{d}">{title}</path>'


def _piece(here: Point, there: Point) -> str:
    if here[1] == there[1]:
        return f"H{there[0]:.1f}"
    middle = (here[0] + there[0]) / 2
    return f"C{middle:.1f} {here[1]:.1f} {middle:.1f} {there[1]:.1f} {_point(there)}"


def _turn(here: Point, there: Point, *, is_begin: bool) -> str:
    """Round the edge of the box, where a line that leads back begins or ends."""
    out = 34.0 if is_begin else -34.0
    return f"C{here[0] + out:.1f} {here[1]:.1f} {there[0] + out:.1f} {there[1]:.1f} {_point(there)}"


def _point(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _box(placed: PlacedBox) -> Iterator[str]:
    box, x, y, width = placed.box, placed.x, placed.y, placed.width
    room = width - 2 * PADDING
    whole = " — ".join(part for part in (box.name, box.summary) if part)
    yield f'<g data-node="{_text(box.name)}"><title>{_text(whole)}</title>'
    size = f'width="{width:.1f}" height="{placed.height:.1f}"'
    yield f'<rect class="box" x="{x:.1f}" y="{y:.1f}" {size} rx="6"/>'
    yield (
        f'<path class="{box.look.value}" d="M{x + STRIPE:.1f} {y:.1f}h-{STRIPE - 3:.1f}q-2 0 -2 2'
        f'v{placed.height - 4:.1f}q0 2 2 2h{STRIPE - 3:.1f}z"/>'
    )
    kind = box.kind.replace("_", " ")
    yield _words("what", x + PADDING, y + 17, kind, 10.5, room)
    yield _words("name", x + PADDING, y + 35, box.name, NAME_SIZE, room)
    if box.summary:
        yield _words(
            "summary", x + PADDING, y + HEAD_HEIGHT + SUMMARY_HEIGHT * 0.5, box.summary, TEXT_SIZE, room
        )
    if box.rows and not box.is_plain:
        top = y + row_offset(box, 0) - ROW_HEIGHT / 2
        yield f'<path class="rule" d="M{x + STRIPE:.1f} {top:.1f}H{x + width:.1f}"/>'
    for place, row in enumerate(box.rows):
        end, middle = placed.exit(place)
        if row.label:
            yield _words("row", end - PADDING, middle + 4, row.label, ROW_SIZE, room, anchor="end")
        yield f'<circle class="tip" cx="{end:.1f}" cy="{middle:.1f}" r="2.5"/>'
    yield "</g>"


def _words(look: str, x: float, y: float, text: str, size: float, room: float, anchor: str = "start") -> str:
    shown = _text(fitted(text, size, room))
    tip = f"<title>{_text(text)}</title>" if shown != _text(text) else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
    return f'<text class="{look}" {place}>{shown}{tip}</text>'


def _text(text: str) -> str:
    """Signs that XML forbids are left out, whatever was typed."""
    return escape("".join(sign for sign in text if sign.isprintable()), {'"': "&quot;"})
