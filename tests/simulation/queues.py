"""Evenings of a call centre, drawn by a seed: lines that share members, and callers of several priorities.

Rule 1: whoever calls is at once in a line: who came first is plain.
"""

from datetime import timedelta
from random import Random
from typing import Any

from callctl.simulate.scenario import Scenario
from dialplan.steps import Strategy
from tests.simulation.nights import draw_faults
from tests.simulation.prices import CALLERS, EVENING

Told = dict[str, Any]

OUTSIDE = ("79160000001", "79160000002", "79160000003")
SEATS = ("anna", "boris", "clara", "dmitri")
LINES = ("74950000000", "74950000001", "74950000002")
DIGIT = "9"


def draw_call_centre(seed: int, *, faulty: bool) -> Scenario:
    luck = Random(seed)
    seats = [
        {"account": "a", "name": name, "devices": [f"{name}-{place}" for place in range(luck.randint(1, 2))]}
        for name in SEATS
    ]
    devices = [device for seat in seats for device in seat["devices"]]
    members = luck.sample(
        [{"number": f"+{number}"} for number in OUTSIDE] + [{"seat": name} for name in SEATS],
        luck.randint(1, 6),
    )
    strategy = luck.choice(list(Strategy))
    line = _line(luck, members, strategy)
    numbers = [
        {"number": LINES[0], "account": "a", "scheme": _scheme(line | {"priority": 0})},
        {"number": LINES[1], "account": "a", "scheme": _scheme(line | {"priority": luck.choice([0, 7])})},
        {
            "number": LINES[2],
            "account": "a",
            "scheme": _scheme(_line(luck, members, luck.choice(list(Strategy))) | {"name": "other"}),
        },
    ]
    content: Told = {
        "start": EVENING + timedelta(seconds=luck.randint(0, 240)),
        "seed": seed,
        "accounts": [
            {"id": "a", "profile": "test", "plan": "one", "balance": luck.choice(["9000.00"] * 4 + ["9.00"])}
        ],
        "numbers": numbers,
        "seats": seats,
        "seen": [
            {"at": luck.randint(0, 200), "device": luck.choice(devices), "reachable": luck.random() < 0.6}
            for _ in range(luck.choice([0, 3, 12]))
        ],
        "calls": [_call(luck, [*OUTSIDE, *devices]) for _ in range(luck.choice([3, 20, 60]))],
        "settings": {"second_cut_s": 20, "warning_s": 0},
    }
    return Scenario.model_validate(content | ({"faults": draw_faults(luck)} if faulty else {}))


def _line(luck: Random, members: list[Told], strategy: Strategy) -> Told:
    line: Told = {
        "kind": "queue",
        "name": "sales",
        "members": [
            member | {"weight": luck.choice([1, 5]), "skills": luck.choice([[], ["en"], ["en", "de"]])}
            for member in members
        ],
        "strategy": strategy.value,
        "member_patience_s": luck.choice([1, 4, 10]),
        "wrap_up_s": luck.choice([0, 0, 7]),
        "penalty_s": luck.choice([0, 0, 15]),
        "needs": [],
        "leave": {DIGIT: "bye"},
    }
    if luck.random() < 0.3 and any("en" in one["skills"] for one in line["members"]):
        line["needs"] = ["en"]
    if luck.random() < 0.3:
        line["length_max"] = luck.randint(1, 10)
    if luck.random() < 0.3:
        line["wait_s_max"] = luck.choice([3, 20])
    if luck.random() < 0.3:
        line["announce"] = {"first_after_s": 5, "every_s": 10, "position": True, "wait": True}
    if luck.random() < 0.2:
        line["accept"] = {"digit": "1", "patience_s": 4}
    return line


def _scheme(line: Told) -> Told:
    return {"start": "wait", "nodes": {"wait": line, "bye": {"kind": "hang_up", "cause": "normal"}}}


def _call(luck: Random, phones: list[str]) -> Told:
    return {
        "at": luck.choice([luck.randint(0, 20), luck.randint(0, 200_000) / 1000]),
        "from": luck.choice(CALLERS),
        "to": luck.choice(LINES),
        "answer": luck.choice([0, 1, 3]),
        "hang_up": luck.choice([luck.randint(0, 3_000), luck.randint(0, 40_000)]) / 1000,
        "hung_up_by": luck.choice(["caller", "callee"]),
        "patience": luck.choice([luck.randint(0, 9_000), luck.randint(0, 240_000)]) / 1000,
        "digits": [{"press": DIGIT, "at": luck.randint(0, 90)}] if luck.random() < 0.2 else [],
        "phones": {phone: _phone(luck) for phone in luck.sample(phones, 3)},
    }


def _phone(luck: Random) -> Told:
    return {
        "answer": luck.choice([0, 1, luck.randint(0, 9_000) / 1000, "never", "busy", "unreachable"]),
        "press": luck.choice(["", "1", "1", "2"]),
    }
