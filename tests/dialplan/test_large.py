"""Twice as large a scheme takes twice the work: counted, as no clock is the same twice."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import dialplan
from dialplan.check import Source, check_scheme, read_source
from dialplan.known import Known
from dialplan.ways import circles, groups, reached, turned
from tests.dialplan.large_schemes import SHAPES

ROOM = str(Path(dialplan.__file__).parent)
NODES = 200
# What is done once, and the last place of a growing number.
SLACK = 1.1


class Name(str):
    """Counts how often it is looked at, also from within what is written in C."""

    looks = 0

    def __hash__(self) -> int:
        Name.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Name.looks += 1
        return super().__eq__(other)

    def __lt__(self, other: str) -> bool:
        Name.looks += 1
        return super().__lt__(other)


def looks_of(work: Callable[[], object]) -> int:
    Name.looks = 0
    work()
    return Name.looks


def lines_of(work: Callable[[], object]) -> int:
    """How many lines of dialplan/ are gone through."""
    count = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(ROOM) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def check(text: str, known: Known) -> None:
    source = read_source(text)
    if isinstance(source, Source):
        check_scheme(source, known)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_lines_gone_through_grow_with_the_scheme(shape: Callable[[int], str]) -> None:
    known = Known(number="74951234567", seats=frozenset(), sounds=frozenset())
    check(shape(4), known)  # what is done at the first time only
    once, twice = shape(NODES), shape(2 * NODES)
    assert lines_of(lambda: check(twice, known)) < 2 * SLACK * lines_of(lambda: check(once, known))


GRAPHS: dict[str, Callable[[int, int], int]] = {
    "a chain": lambda at, count: min(at + 1, count - 1),
    "a ring": lambda at, count: (at + 1) % count,
    "all to one": lambda at, count: 0,
    "pairs": lambda at, count: at ^ 1,
}


def ways_of(leads_to: Callable[[int, int], int], count: int) -> dict[str, list[str]]:
    names = [Name(at) for at in range(count)]
    return {name: [names[leads_to(at, count)], names[0]] for at, name in enumerate(names)}


def look_through(ways: dict[str, list[str]]) -> None:
    reached(list(ways)[:1], ways)
    reached(list(ways), turned(ways))
    circles(ways)
    list(groups(ways))


@pytest.mark.parametrize("leads_to", GRAPHS.values(), ids=GRAPHS)
def test_a_name_is_looked_at_as_often_in_a_large_scheme(leads_to: Callable[[int, int], int]) -> None:
    once, twice = ways_of(leads_to, NODES), ways_of(leads_to, 2 * NODES)
    assert looks_of(lambda: look_through(twice)) < 2 * SLACK * looks_of(lambda: look_through(once))


@pytest.mark.parametrize("kind", ["prompts that are not there", "seats that are not there"])
def test_the_names_that_there_are_are_put_in_order_once(kind: str) -> None:
    source = read_source(SHAPES[kind](NODES))
    assert isinstance(source, Source)
    names = frozenset(Name(at) for at in range(NODES))
    known = Known(seats=names, sounds=names)
    assert looks_of(lambda: check_scheme(source, known)) < NODES * NODES
