"""A scheme's text into a scheme, or into everything that is wrong with it.

Rule 1: never stop at the first fault: whoever wrote the file gets the whole list, each with its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from pydantic import ValidationError

from dialplan.scheme import Scheme

Path = tuple[str | int, ...]


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
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "cannot be read as YAML"
        return [Fault(mark.line + 1 if mark else 1, "", str(problem))]
    if root is None or not isinstance(content, dict):
        return [Fault(1, "", "a scheme is a mapping with `start` and `nodes`")]
    places = dict(_places(root, ()))
    doubled = [Fault(line, _show(path), "this name stands twice") for path, line in _doubled_keys(root, ())]
    try:
        scheme = Scheme.model_validate(content)
    except ValidationError as error:
        return doubled + [_fault(places, fault["loc"], fault["msg"]) for fault in error.errors()]
    return doubled + list(_dangling(scheme, places)) or scheme


def _dangling(scheme: Scheme, places: dict[Path, int]) -> Iterator[Fault]:
    known = ", ".join(scheme.nodes)
    if scheme.start not in scheme.nodes:
        yield _fault(places, ("start",), f"there is no node {scheme.start!r} (nodes: {known})")
    exits = {name: {target: field for field, target in node.exits()} for name, node in scheme.nodes.items()}
    for name, targets in exits.items():
        for target, field in targets.items():
            if target not in scheme.nodes:
                where = ("nodes", name, field)
                yield _fault(places, where, f"there is no node {target!r} (nodes: {known})")
    reached = _reached_from(scheme.start, exits)
    for name in scheme.nodes:
        if name not in reached and scheme.start in scheme.nodes:
            yield _fault(places, ("nodes", name), "no way leads here from the start")
        elif name in _reached_after(name, exits):
            yield _fault(places, ("nodes", name), "goes round for ever: its exits lead back to it")


def _reached_from(start: str, exits: dict[str, dict[str, str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(exits.get(name, ()))
    return seen


def _reached_after(name: str, exits: dict[str, dict[str, str]]) -> set[str]:
    return set().union(*(_reached_from(target, exits) for target in exits.get(name, ())))


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


def _doubled_keys(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            inner = (*path, str(key.value))
            if key.value in seen:
                yield inner, key.start_mark.line + 1
            seen.add(key.value)
            yield from _doubled_keys(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _doubled_keys(item, (*path, index))
