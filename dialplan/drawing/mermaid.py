"""A picture as a Mermaid flowchart, for pages that draw it themselves."""

from collections.abc import Iterator

from dialplan.drawing.picture import Box, Look, Picture

_SHAPES = {
    Look.RINGS: ("([", "])"),
    Look.ASKS: ("[/", "/]"),
    Look.DECIDES: ("{{", "}}"),
    Look.SAYS: ("[", "]"),
    Look.ENDS: ("((", "))"),
}


def mermaid_of(picture: Picture) -> str:
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    ids = {name: f"n{place}" for place, name in enumerate(picture.boxes)}
    yield "flowchart LR"
    yield f"  start(( )) --> {ids[picture.start]}"
    for name, box in picture.boxes.items():
        left, right = _SHAPES[box.look]
        yield f'  {ids[name]}{left}"{_text(box)}"{right}'
    for name, box in picture.boxes.items():
        for row in box.rows:
            label = f'|"{_escaped(row.label)}"|' if row.label else ""
            yield f"  {ids[name]} -->{label} {ids[row.to]}"


def _text(box: Box) -> str:
    parts = (f"<b>{_escaped(box.name)}</b>", box.kind.replace("_", " "), _escaped(box.summary))
    return "<br/>".join(part for part in parts if part)


def _escaped(text: str) -> str:
    """Mermaid writes `#` and a number for what would end a text or begin a word of its own."""
    return "".join(
        sign if sign.isalnum() or sign in " ,.:-+…" else f"#{ord(sign)};" if sign.isprintable() else " "
        for sign in text
    )
