"""Pictures of any scheme: everything is drawn, once, and nothing lies on anything else."""

import re
from collections import Counter
from itertools import combinations, pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from dialplan.check import read_scheme
from dialplan.drawing.layout import Layout, PlacedBox, layout_of
from dialplan.drawing.mermaid import mermaid_of
from dialplan.drawing.picture import ROW_LENGTH_MAX, Box, Look, Picture, Row, picture_of
from dialplan.drawing.svg import svg_of
from dialplan.drawing.texts import fitted, width_of
from dialplan.drawing.tree import DEPTH_MAX, tree_of
from dialplan.scheme import Scheme
from tests.dialplan.drawn_schemes import scheme_texts

SVG = "{http://www.w3.org/2000/svg}"
NAMES = "abcdefghijkl"
LABELS = st.sampled_from(("", "1", "otherwise"))


@st.composite
def pictures(draw: st.DrawFn, texts: st.SearchStrategy[str] = LABELS) -> Picture:
    """Any boxes with any ways, also such as no scheme has."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    rows = st.lists(st.builds(Row, texts, st.sampled_from(names)), max_size=4).map(tuple)
    boxes = {name: Box(name, "play", draw(st.sampled_from(Look)), draw(texts), draw(rows)) for name in names}
    return Picture(names[0], boxes)


def of_scheme(text: str) -> Picture:
    scheme = read_scheme(text)
    assert isinstance(scheme, Scheme)
    return picture_of(scheme)


def overlap(one: PlacedBox, other: PlacedBox) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def boxes_of(layout: Layout) -> dict[str, PlacedBox]:
    return {placed.box.name: placed for placed in layout.boxes}


# --- what is drawn ----------------------------------------------------------------------------------------


@given(scheme_texts())
def test_every_exit_of_every_node_stands_in_a_row_to_where_it_leads(text: str) -> None:
    scheme = read_scheme(text)
    assert isinstance(scheme, Scheme)
    picture = picture_of(scheme)
    assert list(picture.boxes) == list(scheme.nodes)
    for name, node in scheme.nodes.items():
        said = Counter((row.to, label) for row in picture.boxes[name].rows for label in row.label.split(", "))
        exits = Counter((exit.to, node.label(exit)) for exit in node.exits())
        plain = len(exits) == 1 and picture.boxes[name].is_plain
        assert said == exits or plain, (name, said, exits)


@given(scheme_texts())
def test_exits_share_a_row_only_when_it_stays_short(text: str) -> None:
    rows = [row for box in of_scheme(text).boxes.values() for row in box.rows]
    assert all(len(row.label) <= ROW_LENGTH_MAX for row in rows if ", " in row.label)


@given(pictures())
def test_a_picture_has_every_box_and_every_way_once(picture: Picture) -> None:
    layout = layout_of(picture)
    assert sorted(placed.box.name for placed in layout.boxes) == sorted(picture.boxes)
    drawn = sorted((placed.line.box, placed.line.row, placed.line.to) for placed in layout.lines)
    assert drawn == sorted(
        (n, i, row.to) for n, box in picture.boxes.items() for i, row in enumerate(box.rows)
    )


@given(pictures())
def test_an_svg_has_every_box_and_a_path_from_every_row(picture: Picture) -> None:
    root = ElementTree.fromstring(svg_of(picture))
    assert sorted(group.get("data-node", "") for group in root.iter(f"{SVG}g")) == sorted(picture.boxes)
    begins = Counter(
        path.get("d", "")[1:].partition("C")[0].partition("H")[0]
        for path in root.iter(f"{SVG}path")
        if "way" in path.get("class", "") and path.find(f"{SVG}title") is not None
    )
    exits = Counter("{:.1f} {:.1f}".format(*placed.points[0]) for placed in layout_of(picture).lines)
    assert begins == exits


@given(scheme_texts())
def test_mermaid_has_every_node_and_every_way(text: str) -> None:
    picture = of_scheme(text)
    lines = mermaid_of(picture).splitlines()
    boxes = [line for line in lines if re.fullmatch(r'  n\d+[\[({/]+"[^"]+"[\])}/]+', line)]
    ways = [line for line in lines if re.fullmatch(r'  n\d+ -->(\|"[^"]+"\|)? n\d+', line)]
    assert lines[:2] == ["flowchart LR", "  start(( )) --> n0"]
    assert len(boxes) == len(picture.boxes)
    assert len(ways) == sum(len(box.rows) for box in picture.boxes.values())
    assert len(lines) == 2 + len(boxes) + len(ways)


@given(pictures())
def test_a_tree_unfolds_every_box_once_and_shows_every_way(picture: Picture) -> None:
    lines = tree_of(picture).splitlines()
    unfolded = [line for line in lines if re.search(r"\b\w \(play", line)]
    assert len(unfolded) == len(picture.boxes)
    ways = [line for line in lines if line[:1] in "│├└ "]
    assert len(ways) == sum(len(box.rows) for box in picture.boxes.values())


def test_a_tree_of_a_long_chain_begins_again_at_the_left() -> None:
    names = [f"n{i}" for i in range(10_000)]
    boxes = {
        name: Box(name, "play", Look.SAYS, "", (Row("", after),)) for name, after in pairwise([*names, "end"])
    }
    boxes["end"] = Box("end", "hang_up", Look.ENDS, "", ())
    lines = tree_of(Picture("n0", boxes)).splitlines()
    assert f"{'   ' * (DEPTH_MAX - 1)}└─ ↓ n{DEPTH_MAX}" in lines and f"n{DEPTH_MAX} (play)" in lines
    assert max(map(len, lines)) < 100


# --- how it lies ------------------------------------------------------------------------------------------


@given(pictures())
def test_no_two_boxes_overlap(picture: Picture) -> None:
    layout = layout_of(picture)
    assert not [(a.box.name, b.box.name) for a, b in combinations(layout.boxes, 2) if overlap(a, b)]


@given(pictures())
def test_everything_lies_on_the_page(picture: Picture) -> None:
    layout = layout_of(picture)
    for placed in layout.boxes:
        assert placed.x > 0 and placed.x + placed.width < layout.width
        assert placed.y > 0 and placed.y + placed.height < layout.height
    for line in layout.lines:
        assert all(0 < x < layout.width and 0 < y < layout.height for x, y in line.points)


@given(pictures())
def test_no_line_runs_under_a_box(picture: Picture) -> None:
    """Within a column lines are level: they may not be level with a box there."""
    layout = layout_of(picture)
    for line in layout.lines:
        joints = line.points[1:-1]
        for (left, y), (right, _) in zip(joints[::2], joints[1::2], strict=True):
            for placed in layout.boxes:
                is_there = min(left, right) < placed.x + placed.width and placed.x < max(left, right)
                assert not (is_there and placed.y <= y <= placed.y + placed.height), (
                    line.line,
                    placed.box.name,
                )


@given(pictures())
def test_a_line_leads_to_the_right_unless_it_leads_back(picture: Picture) -> None:
    layout = layout_of(picture)
    at = boxes_of(layout)
    for placed in layout.lines:
        line = placed.line
        assert (at[line.to].x > at[line.box].x) != line.is_back, line


@given(pictures())
def test_a_line_begins_at_its_row_and_ends_at_its_box(picture: Picture) -> None:
    layout = layout_of(picture)
    at = boxes_of(layout)
    for placed in layout.lines:
        assert placed.points[0] == at[placed.line.box].exit(placed.line.row)
        assert placed.points[-1] == at[placed.line.to].entry


@given(pictures())
def test_lines_to_different_boxes_are_apart_within_a_column(picture: Picture) -> None:
    levels: dict[tuple[float, float], set[str]] = {}
    for placed in layout_of(picture).lines:
        for joint in placed.points[1:-1]:
            levels.setdefault(joint, set()).add(f"{placed.line.to} {placed.line.is_back}")
    assert all(len(lines) == 1 for lines in levels.values())


def test_a_box_stands_level_with_the_one_that_leads_to_it() -> None:
    """Though its column has room further up."""
    rows = {"a": "bc", "b": "", "c": "d", "d": ""}
    boxes = {
        name: Box(name, "play", Look.SAYS, "", tuple(Row("", to) for to in targets))
        for name, targets in rows.items()
    }
    at = boxes_of(layout_of(Picture("a", boxes)))
    assert at["b"].entry[1] < at["c"].entry[1] == at["d"].entry[1]


def test_lines_that_come_together_are_drawn_once_from_there() -> None:
    rows = {"a": "bcd", "b": "e", "c": "e", "d": "f", "f": "g", "g": "e", "e": ""}
    boxes = {
        name: Box(name, "play", Look.SAYS, "", tuple(Row("x", to) for to in targets))
        for name, targets in rows.items()
    }
    ways = re.findall(r'class="way"([^>]*)d="(M[^"]*)"><title>(.) → e', svg_of(Picture("a", boxes)))
    assert [name for _, _, name in ways] == ["b", "c", "g"]
    assert ["marker-end" in mark for mark, _, _ in ways] == [True, False, True]
    assert [d.count("C") + d.count("H") for _, d, _ in ways] == [5, 1, 1]


def test_lines_of_a_chain_are_straight() -> None:
    boxes = {a: Box(a, "play", Look.SAYS, "", (Row("", b),)) for a, b in pairwise("abcd")}
    boxes["d"] = Box("d", "hang_up", Look.ENDS, "", ())
    layout = layout_of(Picture("a", boxes))
    assert {y for placed in layout.lines for _, y in placed.points} == {boxes_of(layout)["a"].entry[1]}


# --- what is written --------------------------------------------------------------------------------------


@given(pictures(st.text(max_size=60)), st.text(min_size=1))
def test_an_svg_can_be_read_whatever_a_scheme_says(picture: Picture, name: str) -> None:
    boxes = dict(picture.boxes)
    boxes[name] = Box(name, "set_name", Look.SAYS, name, (Row(name, name),))
    ElementTree.fromstring(svg_of(Picture(name, boxes)))


def test_what_a_scheme_says_is_text_and_no_mark_up() -> None:
    said = '<b>&"x"</b>'
    drawn = svg_of(Picture("a", {"a": Box("a", "set_name", Look.SAYS, said, ())}))
    assert "<b>" not in drawn
    texts = [text.text for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    assert texts == ["set name", "a", said]


@given(st.text(max_size=30))
def test_mermaid_reads_what_a_scheme_says_as_text(said: str) -> None:
    drawn = mermaid_of(Picture("a", {"a": Box("a", "set_name", Look.SAYS, said, (Row(said, "a"),))}))
    bare = drawn.replace("<br/>", "").replace("<b>", "").replace("</b>", "")
    box, way = bare.splitlines()[2:]
    assert re.fullmatch(r'  n0\["[^"<>]*"\]', box) and re.fullmatch(r'  n0 -->(\|"[^"<>|]*"\|)? n0', way)


@given(st.text(), st.floats(20, 300))
def test_a_text_that_is_cut_fits(text: str, width: float) -> None:
    assert width_of(fitted(text, 12, width), 12) <= width


def test_a_text_is_cut_only_when_it_must_be() -> None:
    assert fitted("otherwise", 12, 200) == "otherwise"
    assert fitted("otherwise", 12, 40).endswith("…")
