"""The ways of a scheme as a graph: what is reached, what goes in circles, what never comes to an end.

Rule 1: every question is answered in one pass over nodes and ways, however large the scheme is.
"""

from collections.abc import Iterable, Iterator, Mapping

Ways = Mapping[str, Iterable[str]]


def reached(starts: Iterable[str], ways: Ways) -> set[str]:
    """The starts, and all to which a way leads from them."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(ways.get(name, ()))
    return seen


def turned(ways: Ways) -> dict[str, list[str]]:
    """All ways the other way round."""
    back: dict[str, list[str]] = {name: [] for name in ways}
    for name, targets in ways.items():
        for target in targets:
            back.setdefault(target, []).append(name)
    return back


def circles(ways: Ways) -> list[set[str]]:
    """Groups of nodes each of which leads to every other one, and single ones that lead to themselves."""
    return [
        group for group in groups(ways) if len(group) > 1 or any(name in ways.get(name, ()) for name in group)
    ]


def groups(ways: Ways) -> Iterator[set[str]]:
    """Strongly connected components (Tarjan), each after those to which it leads."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    loose: dict[str, None] = {}  # seen, of no group yet; the newest last
    for start in ways:
        path: list[tuple[str, Iterator[str]]] = []
        target: str | None = start if start not in order else None
        while target is not None or path:
            if target is not None:
                order[target] = lowest[target] = len(order)
                loose[target] = None
                path.append((target, iter(ways.get(target, ()))))
            name, targets = path[-1]
            target = _first_new(name, targets, order, lowest, loose)
            if target is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == order[name]:
                    yield _cut(loose, name)


def _first_new(
    name: str, targets: Iterator[str], order: dict[str, int], lowest: dict[str, int], loose: dict[str, None]
) -> str | None:
    for target in targets:
        if target not in order:
            return target
        if target in loose:
            lowest[name] = min(lowest[name], order[target])
    return None


def _cut(loose: dict[str, None], name: str) -> set[str]:
    """What came since `name`, and `name`."""
    group: set[str] = set()
    while name not in group:
        group.add(loose.popitem()[0])
    return group
