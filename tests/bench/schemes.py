"""How long it takes to read, check and draw a scheme, by its size; the command as a whole as well.

Rule 1: CPU time of this process, the best of the repeats; of the command the time until it has ended.
Rule 2: figures are printed, never asserted: that work grows with the size is a test of its own.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from callctl.commands.scheme_draw import BOXES_MAX
from dialplan.check import Source, check_scheme, read_source
from dialplan.drawing.mermaid import mermaid_of
from dialplan.drawing.picture import picture_of
from dialplan.drawing.svg import svg_of
from dialplan.drawing.tree import tree_of
from dialplan.known import Known
from dialplan.reading import read_yaml
from tests.bench.tables import NOTHING, WIDTH_UNSEEN, table
from tests.dialplan.large_schemes import office

SIZES = (40, 400, 10_000)
REPEATS = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds."""

    nodes: int
    characters: int
    yaml: float
    read: float
    """With its YAML: into a sound scheme."""
    check: float
    """For one subscriber."""
    command: float
    """`callctl scheme check`, from the start of Python to its end."""
    tree: float
    mermaid: float
    svg: float | None
    """None: too many nodes for a picture."""


def measure() -> list[Figures]:
    return [_figures(size) for size in SIZES]


def print_figures(figures: list[Figures]) -> None:
    drawn = table(
        f"schemes: ms of CPU, the best of {REPEATS}; the command: ms until it has ended",
        *("nodes", "characters", "YAML", "read", "check", "a node, µs", "the command"),
        *("tree", "Mermaid", "SVG"),
    )
    for one in figures:
        drawn.add_row(
            *(f"{one.nodes:,}", f"{one.characters:,}"),
            *(f"{ms:.1f}" for ms in (one.yaml, one.read, one.check)),
            f"{(one.read + one.check) * 1000 / one.nodes:.0f}",
            *(f"{ms:.1f}" for ms in (one.command, one.tree, one.mermaid)),
            NOTHING if one.svg is None else f"{one.svg:.1f}",
        )
    Console(width=None if sys.stdout.isatty() else WIDTH_UNSEEN, highlight=False).print(drawn)


def as_json(figures: list[Figures]) -> list[dict[str, Any]]:
    return [asdict(one) for one in figures]


def _figures(nodes: int) -> Figures:
    text = office(nodes)
    source = read_source(text)
    assert isinstance(source, Source)
    known = Known(number="74951234567", seats=frozenset(), sounds=frozenset({"hello"}))
    picture = picture_of(source.scheme)
    return Figures(
        nodes=nodes,
        characters=len(text),
        yaml=_best(lambda: read_yaml(text)),
        read=_best(lambda: read_source(text)),
        check=_best(lambda: check_scheme(source, known)),
        command=_command_ms(text),
        tree=_best(lambda: tree_of(picture)),
        mermaid=_best(lambda: mermaid_of(picture)),
        svg=_best(lambda: svg_of(picture)) if nodes <= BOXES_MAX else None,
    )


def _best(work: Callable[[], object]) -> float:
    took = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
    return min(took)


def _command_ms(text: str) -> float:
    with tempfile.TemporaryDirectory(prefix="callctl-bench-") as folder:
        file = Path(folder) / "scheme.yaml"
        file.write_text(text, "utf-8")
        command = [sys.executable, "-P", "-m", "callctl", "scheme", "check", str(file)]
        took = []
        for _ in range(REPEATS):
            began = time.monotonic()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            took.append((time.monotonic() - began) * 1000)
    return min(took)
