"""Schemes of nodes drawn at random, sound by their making, and outcomes drawn for whatever they do.

Rule 1: a way on which nobody is waited for leads to a later node, the others lead anywhere; the last node
    hangs up.
"""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from dialplan.steps import Ask, Digits, Done, Failed, LeftQueue, NotReached, Outcome, Queue, Ring, Step

KINDS: dict[str, dict[str, Any]] = {
    "forward": {"to": ["79161110002", {"all": [{"seat": "anna"}, "79161110003"]}]},
    "extension": {"seat": "anna"},
    "menu": {"prompt": "hello", "extensions": {"101": "anna"}},
    "queue": {"members": [{"seat": "anna"}], "wait_s_max": 60, "length_max": 5, "call_back_digit": "9"},
    "play": {"prompt": "hello"},
    "tell_balance": {},
    "voicemail": {},
    "record": {},
    "set_name": {"name": "shop"},
    "goto": {},
    "by_state": {},
    "by_balance": {},
    "by_caller": {},
    "share": {},
    "schedule": {},
}
# The exits of each kind: with and without somebody waited for.
WAITING = {
    "forward": ["no_answer"],
    "extension": ["no_answer"],
    "menu": ["wrong", "silence", "unanswered"],
    "queue": ["timeout", "call_back"],
}
HASTY = {
    "forward": ["busy", "unreachable", "refused", "otherwise"],
    "extension": ["busy", "unreachable", "refused", "otherwise"],
    "menu": ["failed", "otherwise"],
    "queue": ["full", "empty", "failed", "otherwise"],
    "play": ["then", "failed"],
    "tell_balance": ["then", "failed"],
    "voicemail": ["then", "failed"],
}
NEEDED = {"record": "then", "set_name": "then", "goto": "to"} | dict.fromkeys(
    ("by_state", "by_balance", "by_caller", "schedule"), "otherwise"
)


@st.composite
def scheme_texts(draw: st.DrawFn) -> str:
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=8))
    names = [f"n{index}" for index in range(len(kinds) + 1)]
    nodes = {
        name: draw(nodes_of(kind, names, names[index + 1 :]))
        for index, (name, kind) in enumerate(zip(names[:-1], kinds, strict=True))
    }
    nodes[names[-1]] = {"kind": "hang_up"}
    # JSON is YAML without aliases.
    return json.dumps({"start": "n0", "nodes": {name: nodes[name] for name in _reached(nodes)}}, indent=1)


@st.composite
def nodes_of(draw: st.DrawFn, kind: str, all: Sequence[str], later: Sequence[str]) -> dict[str, Any]:
    anywhere, onwards = st.sampled_from(all), st.sampled_from(later)
    node: dict[str, Any] = {"kind": kind, **KINDS[kind]}
    if kind in NEEDED:
        node[NEEDED[kind]] = draw(onwards)
    for field in WAITING.get(kind, ()):
        node |= {field: draw(anywhere)} if draw(st.booleans()) else {}
    for field in HASTY.get(kind, ()):
        node |= {field: draw(onwards)} if draw(st.booleans()) else {}
    match kind:
        case "menu":
            # One key leads on, so that there is a way to the end.
            node["keys"] = {"1": draw(onwards), "2": draw(anywhere), "10": draw(anywhere)}
            node["tries"] = draw(st.integers(1, 10))
        case "queue":
            node["leave"] = {"0": draw(anywhere), "*": draw(anywhere)}
        case "by_state":
            node["states"] = {"active": draw(onwards)}
        case "by_balance":
            node["rules"] = [{"below": "100", "go": draw(onwards)}]
        case "by_caller":
            node["rules"] = [{"prefixes": "+7903", "go": draw(onwards)}]
        case "share":
            node["ways"] = [{"percent": 50, "go": draw(onwards)}, {"percent": 50, "go": draw(onwards)}]
        case "schedule":
            node["rules"] = [{"hours": "22:00-06:00", "go": draw(onwards)}]
    return node


def outcomes_of(step: Step) -> list[Outcome]:
    """All that can come of it."""
    match step:
        case Ring():
            return list(NotReached)
        case Ask():
            return [*(Digits(key) for key in sorted(step.keys)), Digits("7"), Digits(""), Failed("lost")]
        case Queue():
            return [*LeftQueue, *(Digits(digit) for digit in step.leave_digits), Failed("lost")]
        case _:
            return [Done(), Failed("lost")]


def _reached(nodes: dict[str, dict[str, Any]]) -> list[str]:
    seen, waiting = [], ["n0"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.append(name)
            waiting += [word for word in _words(nodes[name]) if word in nodes]
    return seen


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for inner in value.values() for word in _words(inner)]
    if isinstance(value, list):
        return [word for inner in value for word in _words(inner)]
    return [value] if isinstance(value, str) else []
