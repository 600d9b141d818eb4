"""What another scheme changes, in words: nodes and fields, not lines of a file.

Rule 1: how a file is laid out is no difference; nor is a default that somebody writes down.
Rule 2: a node that only got another name is said once, not again at each way that leads to it.
"""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from enum import Enum
from typing import Any

from dialplan.reading import Path, show_path
from dialplan.scheme import Node, Scheme
from dialplan.targets import Part


def differences(old: Scheme, new: Scheme) -> list[str]:
    return list(_differences(old, new))


def _differences(old: Scheme, new: Scheme) -> Iterator[str]:
    names = _renamed(old, new)
    start = names.get(old.start, old.start)
    if start != new.start:
        yield f"starts at {new.start}, before at {start}"
    if old.language != new.language:
        yield f"speaks {new.language}, before {old.language}"
    yield from (f"{was} is called {name} now" for was, name in names.items())
    before = {names.get(name, name): _plain(node, names) for name, node in old.nodes.items()}
    after = {name: _plain(node, {}) for name, node in new.nodes.items()}
    for name, node in old.nodes.items():
        if names.get(name, name) not in after:
            yield f"{name} removed: {_told(node)}"
    for name, node in new.nodes.items():
        if name not in before:
            yield f"{name} added: {_told(node)}"
        elif before[name]["kind"] != node.kind:
            yield f"{name} is another node now: {_told(node)}"
        else:
            yield from (f"{name}: {change}" for change in _changes((), before[name], after[name]))


def _told(node: Node) -> str:
    summary = node.summary()
    return f"{node.kind} ({summary})" if summary else node.kind


def _renamed(old: Scheme, new: Scheme) -> dict[str, str]:
    """Nodes that are gone whose like is new, when only one is like it."""
    gone: dict[str, list[str]] = {}
    come: dict[str, list[str]] = {}
    for those, nodes, others in ((gone, old.nodes, new.nodes), (come, new.nodes, old.nodes)):
        for name, node in nodes.items():
            if name not in others:
                those.setdefault(repr(_plain(node, {})), []).append(name)
    return {
        names[0]: come[like][0]
        for like, names in gone.items()
        if len(names) == 1 and len(come.get(like, ())) == 1
    }


def _plain(node: Node, names: Mapping[str, str]) -> dict[str, Any]:
    """Its fields as lists, mappings and words, with its ways by the names that their nodes have now."""
    fields: dict[str, Any] = _as_written(node)
    for exit in node.exits():
        holder: Any = fields
        for part in exit.field[:-1]:
            holder = holder[part]
        holder[exit.field[-1]] = names.get(exit.to, exit.to)
    return fields


def _as_written(value: Any) -> Any:
    match value:
        case Part():
            return {field: _as_written(getattr(value, field)) for field in type(value).model_fields}
        case dict():
            return {str(_as_written(key)): _as_written(part) for key, part in value.items()}
        case list() | tuple():
            return [_as_written(part) for part in value]
        case frozenset():
            return sorted(str(_as_written(part)) for part in value)
        case Enum():
            return value.value
        case bool():
            return "true" if value else "false"
        case None:
            return None
        case _:
            return str(value)


def _changes(path: Path, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _changes((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(path, old, new)
    elif old is None:
        yield f"{show_path(path)} added: {_shown(new)}"
    elif new is None:
        yield f"{show_path(path)} removed, was {_shown(old)}"
    else:
        yield f"{show_path(path)} is {_shown(new)}, was {_shown(old)}"


def _list_changes(path: Path, old: list[Any], new: list[Any]) -> Iterator[str]:
    name = show_path(path)
    before, after = [_shown(item) for item in old], [_shown(item) for item in new]
    if sorted(before) == sorted(after):
        yield f"{name} in another order: {', '.join(after)}"
        return
    for what, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "replace" and i_end - i == j_end - j:
            for at, one, other in zip(range(j, j_end), old[i:i_end], new[j:j_end], strict=True):
                yield from _changes((*path, at), one, other)
        elif what != "equal":
            yield from (f"{name} without {item}" for item in before[i:i_end])
            yield from (f"{name} with {item}" for item in after[j:j_end])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        said = {key: part for key, part in value.items() if part not in (None, [], "false")}
        if len(said) == 1 and "number" in said:
            return str(said["number"])
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in said.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value)
