"""`callctl scheme draw`: a scheme as a picture or a tree of text; needs no service."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from callctl.commands.scheme_check import read_scheme_file
from callctl.complaint import Complaint
from dialplan.drawing.mermaid import mermaid_of
from dialplan.drawing.picture import picture_of
from dialplan.drawing.svg import svg_of
from dialplan.drawing.tree import tree_of

DRAWN = {"text": tree_of, "svg": svg_of, "mermaid": mermaid_of}
ENDINGS = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}

# A larger one is no picture any more, and takes half a minute when its ways lead all over it.
BOXES_MAX = 500


def add_draw(words: Any) -> None:
    draw = words.add_parser(
        "draw",
        help="a scheme as a picture (SVG, Mermaid) or as a tree of text; needs no service",
        description="Without --as it is what the name of the -o file says, else a tree of text.",
    )
    draw.add_argument("file", metavar="FILE", type=Path)
    draw.add_argument("--as", dest="form", choices=sorted(DRAWN), help="how to draw it")
    draw.add_argument("-o", "--output", metavar="OUT", type=Path, help="write it there")
    draw.set_defaults(run=_draw)


def _draw(options: Namespace) -> None:
    ending = options.output.suffix if options.output else ""
    form = options.form or ENDINGS.get(ending, "text")
    picture = picture_of(read_scheme_file(options.file))
    if form == "svg" and len(picture.boxes) > BOXES_MAX:
        raise Complaint(
            f"{options.file}: {len(picture.boxes)} nodes are too many for a picture (at most {BOXES_MAX}): "
            "draw it with --as text"
        )
    drawn = DRAWN[form](picture)
    if options.output is None:
        print(drawn, end="")
        return
    try:
        options.output.write_text(drawn, "utf-8")
    except OSError as error:
        raise Complaint(f"{options.output}: {error.strerror}: name a file that can be written") from error
