"""Schemes drawn by a seed: menus of menus, forwards in waves, shares, mailboxes, and ways back.

Rule 1: whatever is drawn is sound: what the product would refuse is drawn again.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

import yaml

from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from tests.simulation.prices import TARGETS

Told = dict[str, Any]

SOUNDS = ("greeting", "hours", "choice", "long", "lost")
SEATS = ("anna", "boris")
NODES_MAX = 9
CAUSES = ("normal", "busy", "no_answer", "congestion")


def draw_scheme(luck: Random, lines: Sequence[str]) -> Told:
    """`lines`: numbers of ours, which may be rung too."""
    while True:
        drawn = _draw(luck, lines)
        if isinstance(read_scheme(yaml.safe_dump(drawn)), Scheme):
            return drawn


def _draw(luck: Random, lines: Sequence[str]) -> Told:
    names = [f"n{place}" for place in range(luck.randint(1, NODES_MAX))]
    nodes: dict[str, Told] = {}
    wanted = [names[0]]
    while wanted:
        name = wanted.pop()
        if name in nodes:
            continue
        further = names[names.index(name) + 1 :]
        nodes[name] = node = _node(luck, names, further, lines)
        wanted += [to for to in _exits(node) if to in names]
    return {"start": names[0], "language": luck.choice(["ru", "en"]), "nodes": nodes}


def _exits(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [to for part in node.values() for to in _exits(part)]
    if isinstance(node, list):
        return [to for part in node for to in _exits(part)]
    return [node] if isinstance(node, str) else []


def _node(luck: Random, names: list[str], further: list[str], lines: Sequence[str]) -> Told:
    if not further:
        return luck.choice([_hang_up, _last_forward, _mailbox])(luck, lines)

    def onward() -> str:
        """Mostly on, now and then back."""
        return luck.choice(names) if luck.random() < 0.2 else luck.choice(further)

    def perhaps(node: Told, *exits: str) -> Told:
        return node | {exit: onward() for exit in exits if luck.random() < 0.5}

    match luck.choice(
        ["forward"] * 4 + ["menu"] * 4 + ["play", "voicemail", "record", "extension"] + ["other"] * 3
    ):
        case "forward":
            node: Told = {
                "kind": "forward",
                "to": [_wave(luck, lines) for _ in range(luck.choice([1, 1, 2, 3]))],
            }
            node |= {"patience_s": luck.choice([1, 5, 12, 30])}
            node |= {
                "hears": luck.choice(["target", "ringing", "music"]),
                "shows": luck.choice(["caller", "own"]),
            }
            if luck.random() < 0.3:
                node["accept"] = {"digit": "1", "patience_s": luck.choice([1, 4, 10])}
            return perhaps(node, "busy", "no_answer", "unreachable", "refused", "otherwise")
        case "menu":
            return perhaps(_menu(luck, onward), "wrong", "silence", "unanswered", "failed", "otherwise")
        case "play":
            node = {"kind": "play", "prompt": _prompt(luck), "early": luck.random() < 0.3}
            return perhaps(node, "then", "failed")
        case "voicemail":
            return perhaps(_mailbox(luck, lines), "then", "failed")
        case "record":
            return {"kind": "record", "beep": luck.random() < 0.5, "then": onward()}
        case "extension":
            node = {"kind": "extension", "seat": luck.choice(SEATS), "patience_s": luck.choice([2, 10])}
            return perhaps(node, "busy", "no_answer", "otherwise")
        case _:
            return _crossing(luck, onward)


def _menu(luck: Random, onward: Any) -> Told:
    keys = luck.sample(["1", "2", "3", "12", "#", "0"], luck.randint(1, 4))
    node = {
        "kind": "menu",
        "prompt": _prompt(luck),
        "keys": {key: onward() for key in keys},
        "barge_in": luck.random() < 0.7,
        "first_digit_s": luck.choice([1, 3]),
        "next_digit_s": luck.choice([1, 2]),
        "tries": luck.choice([1, 2, 3]),
        "patience_s": 8,
    }
    if luck.random() < 0.3:
        node["extensions"] = {"101": "anna", "7": "boris"}
    return node


def _crossing(luck: Random, onward: Any) -> Told:
    first, second = onward(), onward()
    percent = luck.choice([1, 50, 90])
    ways = [{"percent": percent, "go": first}, {"percent": 100 - percent, "go": second}]
    return luck.choice(
        [
            {"kind": "goto", "to": first},
            {"kind": "set_name", "name": "Guest", "then": first},
            {"kind": "tell_balance", "then": first, "failed": second},
            {"kind": "share", "ways": ways, "same_caller": luck.random() < 0.5},
            {"kind": "by_caller", "rules": [{"prefixes": "+7903", "go": first}], "otherwise": second},
            {"kind": "by_balance", "rules": [{"below": 2, "go": first}], "otherwise": second},
        ]
    )


def _wave(luck: Random, lines: Sequence[str]) -> Told:
    if luck.random() < 0.5:
        return _callee(luck, lines)
    return {"all": [_callee(luck, lines) for _ in range(luck.randint(1, 4))]}


def _callee(luck: Random, lines: Sequence[str]) -> Told:
    drawn = luck.random()
    if drawn < 0.2:
        return {"seat": luck.choice(SEATS)}
    return {"number": f"+{luck.choice(lines if drawn < 0.35 else TARGETS)}"}


def _prompt(luck: Random) -> list[str]:
    return luck.choices([*SOUNDS, "service/goodbye"], k=luck.choice([1, 1, 1, 2]))


def _hang_up(luck: Random, lines: Sequence[str]) -> Told:
    return {"kind": "hang_up", "cause": luck.choice(CAUSES)}


def _last_forward(luck: Random, lines: Sequence[str]) -> Told:
    return {"kind": "forward", "to": [_wave(luck, lines)], "patience_s": luck.choice([3, 20])}


def _mailbox(luck: Random, lines: Sequence[str]) -> Told:
    node: Told = {
        "kind": "voicemail",
        "length_s_max": luck.choice([5, 60]),
        "silence_s_max": luck.choice([2, 5]),
    }
    return node | ({"greeting": _prompt(luck)} if luck.random() < 0.5 else {})
