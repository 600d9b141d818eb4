"""A scheme's text into a scheme, or into everything that is wrong with it.

Rule 1: never stop at the first fault: whoever wrote the file gets the whole list, each with its place.
Rule 2: any text gets an answer: what YAML could be misused for (aliases that unfold without end, nesting
    without bottom) is refused before it is unfolded.
Rule 3: every word is text until a field wants a number: a node may be called `no`, a target may go unquoted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from pydantic import TypeAdapter, ValidationError

from dialplan.node import Exit
from dialplan.scheme import Node, Scheme

Path = tuple[str | int, ...]

# A scheme needs four levels; deeper than this only a mistake goes.
DEPTH_MAX = 20

_NODE: TypeAdapter[Node] = TypeAdapter(Node)


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line}"
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


def read_scheme(text: str) -> Scheme | list[Fault]:
    try:
        if unsafe := _unsafe(text):
            return [unsafe]
        loader = yaml.BaseLoader(text)
        root = loader.get_single_node()
        content = loader.construct_document(root) if root else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None)
        return [Fault(mark.line + 1 if mark else 1, "", str(problem or "cannot be read as YAML"))]
    if root is None or not isinstance(content, dict):
        return [Fault(1, "", "a scheme is a mapping with `start` and `nodes`")]
    doubled = [Fault(line, _show(path), "this name stands twice") for path, line in _doubled(root, ())]
    places = dict(_places(root, ()))
    try:
        scheme = Scheme.model_validate(content)
    except ValidationError as error:
        faults = [_fault(places, fault["loc"], fault["msg"]) for fault in error.errors()]
        return doubled + faults + list(_dangling(content.get("start"), _names(content), places))
    nodes = dict(scheme.nodes)
    dangling = _dangling(scheme.start, nodes, places)
    return [*doubled, *dangling, *_lost_ways(scheme.start, nodes, places)] or scheme


def _unsafe(text: str) -> Fault | None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            return Fault(_line(event), "", "aliases (*) are not used here: write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            return Fault(_line(event), "", "nested too deep for a scheme")
    return None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _names(content: dict[str, object]) -> dict[str, Node | None]:
    """All the names that stand there, with those nodes that are sound in themselves."""
    nodes = content.get("nodes")
    return {str(name): _sound(node) for name, node in nodes.items()} if isinstance(nodes, dict) else {}


def _sound(node: object) -> Node | None:
    try:
        return _NODE.validate_python(node)
    except ValidationError:
        return None


def _dangling(start: object, nodes: Mapping[str, Node | None], places: dict[Path, int]) -> Iterator[Fault]:
    known = ", ".join(nodes)
    if nodes and isinstance(start, str) and start not in nodes:
        yield _fault(places, ("start",), f"there is no node {start!r} (nodes: {known})")
    for name, node in nodes.items():
        for exit in node.exits() if node else ():
            if exit.to not in nodes:
                where = ("nodes", name, *exit.field)
                yield _fault(places, where, f"there is no node {exit.to!r} (nodes: {known})")


def _lost_ways(start: str, nodes: Mapping[str, Node], places: dict[Path, int]) -> Iterator[Fault]:
    exits = {name: list(node.exits()) for name, node in nodes.items()}
    reached = _reached_from(start, exits)
    hasty = {name: [exit for exit in ways if not exit.waits] for name, ways in exits.items()}
    for name in nodes:
        if name not in reached and start in nodes:
            yield _fault(places, ("nodes", name), "no way leads here from the start")
        elif name in _reached_after(name, hasty):
            yield _fault(places, ("nodes", name), "goes round for ever: its exits lead back to it")


def _reached_from(start: str, exits: Mapping[str, list[Exit]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(exit.to for exit in exits.get(name, ()))
    return seen


def _reached_after(name: str, exits: Mapping[str, list[Exit]]) -> set[str]:
    return set().union(*(_reached_from(exit.to, exits) for exit in exits.get(name, ())))


def _fault(places: dict[Path, int], loc: Path, message: str) -> Fault:
    """`loc` may name pydantic's tag of a union, which stands in no file: find the nearest real place."""
    path = tuple(part for i, part in enumerate(loc) if i != 2 or loc[:1] != ("nodes",) or loc[:3] in places)
    line = next((places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in places), 1)
    return Fault(line, _show(path), message.removeprefix("Value error, "))


def _show(path: Path) -> str:
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown


def _places(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            yield from _inner_places(value, (*path, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _places(item, (*path, index))


def _inner_places(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    """The places below a key whose own place is the key's line."""
    return ((found, line) for found, line in _places(node, path) if found != path)


def _doubled(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            inner = (*path, str(key.value))
            if key.value in seen:
                yield inner, key.start_mark.line + 1
            seen.add(key.value)
            yield from _doubled(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _doubled(item, (*path, index))
