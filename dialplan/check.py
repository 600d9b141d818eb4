"""A scheme's text into a scheme, or into everything that is wrong with it.

Rule 1: never stop at the first fault: whoever wrote the file gets the whole list, each with its place.
Rule 2: what is wrong in itself is found without knowing whose scheme it is; the rest is asked of `Known`.
Rule 3: an error refuses the scheme, a warning does not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from dialplan.known import Known, Sale
from dialplan.numbers import EMERGENCY
from dialplan.reading import Fault, Path, Spot, Written, read_yaml
from dialplan.scheme import Node, Scheme
from dialplan.several import few
from dialplan.targets import Seat, Target
from dialplan.ways import circles, groups, reached, turned

LISTED_MAX = 12

_NODE: TypeAdapter[Node] = TypeAdapter(Node)

_SALES = {
    Sale.PREMIUM: "a premium number: each minute is dear",
    Sale.UNPRICED: "the plan has no price for this number: it would never be rung",
    Sale.NOT_SOLD: "the plan does not sell this number: it would never be rung",
    Sale.BARRED: "this number is barred: it would never be rung",
}


@dataclass(frozen=True, slots=True)
class Source:
    scheme: Scheme
    root: Spot  # where everything stands


def read_scheme(text: str) -> Scheme | list[Fault]:
    source = read_source(text)
    return source.scheme if isinstance(source, Source) else source


def read_source(text: str) -> Source | list[Fault]:
    written = read_yaml(text)
    if isinstance(written, Fault):
        return [written]
    if not isinstance(written.content, dict):
        return [Fault(1, "", "a scheme is a mapping with `start` and `nodes`")]
    try:
        scheme = Scheme.model_validate(written.content)
    except ValidationError as error:
        return [*written.doubled, *_misfits(written, error)]
    ways = {name: [exit.to for exit in node.exits()] for name, node in scheme.nodes.items()}
    dangling = _dangling(scheme.start, scheme.nodes, written.root)
    lost = _lost_ways(scheme, ways, written.root)
    return [*written.doubled, *dangling, *lost] or Source(scheme, written.root)


def check_scheme(source: Source, known: Known) -> list[Fault]:
    """What is wrong with a sound scheme for this subscriber."""
    seats, sounds = _all(known.seats), _all(known.sounds)
    found = []
    for name, node in source.scheme.nodes.items():
        for field, target in node.targets():
            said = _of_target(target, known, seats)
            found += [source.root.fault(("nodes", name, *field), *what) for what in said]
        for field, sound in node.sounds():
            if known.sounds is not None and sound not in known.sounds:
                what = f"there is no prompt {sound!r} (prompts: {sounds})"
                found.append(source.root.fault(("nodes", name, *field), what))
    return found


def _misfits(written: Written, error: ValidationError) -> Iterator[Fault]:
    for misfit in error.errors():
        yield _fault(written.root, misfit["loc"], misfit["msg"], is_missing=misfit["type"] == "missing")
    content = written.content
    names = content.get("nodes")
    nodes = {name: _sound(node) for name, node in names.items()} if isinstance(names, dict) else {}
    yield from _dangling(content.get("start"), nodes, written.root)


def _fault(root: Spot, loc: Path, message: str, *, is_missing: bool) -> Fault:
    """Pydantic's `loc` names types as well, which stand in no file; nor does what is missing."""
    path = root.written(loc)
    return root.fault((*path, loc[-1]) if is_missing else path, message.removeprefix("Value error, "))


def _sound(node: object) -> Node | None:
    try:
        return _NODE.validate_python(node)
    except ValidationError:
        return None


def _dangling(start: object, nodes: Mapping[str, Node | None], root: Spot) -> Iterator[Fault]:
    known = few(nodes, LISTED_MAX)
    if nodes and isinstance(start, str) and start not in nodes:
        yield root.fault(("start",), f"there is no node {start!r} (nodes: {known})")
    for name, node in nodes.items():
        for exit in node.exits() if node else ():
            if exit.to not in nodes:
                what = f"there is no node {exit.to!r} (nodes: {known})"
                yield root.fault(("nodes", name, *exit.field), what)


def _lost_ways(scheme: Scheme, ways: dict[str, list[str]], root: Spot) -> Iterator[Fault]:
    met = reached([scheme.start], ways)
    hasty = {
        name: [exit.to for exit in node.exits() if not exit.waits] for name, node in scheme.nodes.items()
    }
    round_and_round = set[str]().union(*circles(hasty))
    for name in scheme.nodes:
        if name not in met and scheme.start in scheme.nodes:
            yield root.fault(("nodes", name), "no way leads here from the start")
        elif name in round_and_round:
            yield root.fault(("nodes", name), "goes round for ever: its exits lead back to it")
    yield from _endless(scheme, ways, round_and_round, root)


def _endless(scheme: Scheme, ways: dict[str, list[str]], known: set[str], root: Spot) -> Iterator[Fault]:
    """Said once of the nodes that lead only to each other, not of all that lead there."""
    ends = [name for name, node in scheme.nodes.items() if node.can_end]
    unknown = [to for targets in ways.values() for to in targets if to not in ways]
    lost = ways.keys() - reached([*ends, *unknown], turned(ways))
    place = {name: at for at, name in enumerate(scheme.nodes)}
    for group in groups({name: to for name, to in ways.items() if name in lost}):
        if group <= known or any(to not in group for name in group for to in ways[name]):
            continue
        first, *others = sorted(group, key=place.__getitem__)
        also = f", nor from {few(others, LISTED_MAX)}" if others else ""
        what = f"no way leads from here{also} to an end or to somebody who answers: add one"
        yield root.fault(("nodes", first), what)


def _of_target(target: Target, known: Known, seats: str) -> Iterator[tuple[str, bool]]:
    """What to say, and whether it is a warning."""
    if isinstance(target, Seat):
        if known.seats is not None and target.name not in known.seats:
            yield f"there is no seat {target.name!r} (seats: {seats})", False
        return
    number = target.number
    if number == known.number:
        yield "rings the number that this scheme is for: the call would come back here", False
    elif number in known.numbers:
        yield "rings a number of the subscriber's own: both ways are paid", True
    if number in EMERGENCY:
        return
    sale = known.sale(number)
    if sale is Sale.SOLD and number.startswith(known.premium):
        sale = Sale.PREMIUM
    if sale is not Sale.SOLD:
        yield _SALES[sale], sale is Sale.PREMIUM


def _all(names: frozenset[str] | None) -> str:
    return few(sorted(names or ()), LISTED_MAX) or "none"
