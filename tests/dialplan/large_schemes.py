"""Large schemes, sound and wrong in each way that is looked for over the whole of a scheme."""

from collections.abc import Callable, Sequence

RING = 'kind: forward, to: ["79161110002"]'
END = "e: {kind: hang_up}"

Shape = Callable[[int], str]


def scheme_of(nodes: Sequence[str]) -> str:
    """The first node is the start."""
    start = nodes[0].partition(":")[0]
    return "\n".join([f"start: {start}", "nodes:", *(f"  {node}" for node in nodes)])


def office(count: int) -> str:
    """As a subscriber might write it, only much larger: nodes of four kinds, and ways back."""
    nodes = []
    for at in range(count - 1):
        back, after, beyond = (f"n{min(max(to, 0), count - 1)}" for to in (at - 1, at + 1, at + 2))
        keys = f"{{'1': {after}, '2': {beyond}, '3': {back}}}"
        rules = f"[{{days: mon-fri, hours: '09:00-18:00', go: {after}}}]"
        kinds = (
            f"kind: menu, prompt: hello, keys: {keys}, otherwise: {after}",
            f"kind: forward, to: ['7916{at:07d}'], busy: {after}, otherwise: {after}",
            f"kind: play, prompt: hello, then: {after}",
            f"kind: schedule, zone: Europe/Moscow, rules: {rules}, otherwise: {beyond}",
        )
        nodes.append(f"n{at}: {{{kinds[at % len(kinds)]}}}")
    return scheme_of([*nodes, f"n{count - 1}: {{kind: hang_up}}"])


def _row(node: Callable[[int], str]) -> Shape:
    """Each leads on to the next, the last one ends."""
    return lambda count: scheme_of([*_each(count, node), f"n{count}: {{kind: hang_up}}"])


def _ring(node: Callable[[int, int], str]) -> Shape:
    """Each leads on to the next, the last one to the first."""
    return lambda count: scheme_of(_each(count, lambda at: node(at, (at + 1) % count)))


def _each(count: int, node: Callable[[int], str]) -> list[str]:
    return [f"n{at}: {{{node(at)}}}" for at in range(count)]


SHAPES: dict[str, Shape] = {
    "an office": office,
    "a chain": _row(lambda at: f"kind: goto, to: n{at + 1}"),
    "nodes that nothing leads to": lambda n: scheme_of([END, *_each(n, lambda at: f"{RING}, busy: n{at}")]),
    "a loop on which nobody is waited for": _ring(lambda at, after: f"{RING}, busy: n{after}"),
    "a loop without an end": _ring(
        lambda at, after: f"kind: menu, prompt: p, keys: {{'1': n{after}}}, otherwise: n{at}"
    ),
    "many loops without an end": _ring(
        lambda at, after: f"kind: menu, prompt: p, keys: {{'1': n{at}, '2': n{after}}}, otherwise: n{at ^ 1}"
    ),
    "ways to nowhere": _row(lambda at: f"{RING}, busy: gone{at}, otherwise: n{at + 1}"),
    "fields that are not there": _row(lambda at: f"{RING}, bussy: n{at + 1}"),
    "kinds that are none": _row(lambda at: "kind: dance"),
    "one name again and again": lambda count: scheme_of([END] * count),
    "prompts that are not there": _row(lambda at: f"kind: play, prompt: gone{at}, then: n{at + 1}"),
    "seats that are not there": _row(lambda at: f"kind: extension, seat: gone{at}, otherwise: n{at + 1}"),
}
