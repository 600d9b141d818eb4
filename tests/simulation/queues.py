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
DIGIT, CALL_BACK = "9", "8"
HEARD_OR_PRESSED = ("leave", "announce", "call_back_digit", "called_back")
# With some whom every plan may call.
WHO_CALLS = (*CALLERS, "+79162223301", "+79992223302", "+78122223303")


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
        "phones": {number.lstrip("+"): _caller(luck) for number in WHO_CALLS},
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
    if luck.random() < 0.6:
        line["call_back_digit"] = CALL_BACK
        line["called_back"] = {
            "tries": luck.choice([1, 2, 3]),
            "pause_s": luck.choice([10, 40]),
            "patience_s": luck.choice([1, 8, 30]),
            "within_s": luck.choice([60, 200, 14_400]),
        }
    if luck.random() < 0.2:
        line["accept"] = {"digit": "1", "patience_s": 4}
    return _ringing(line) if luck.random() < 0.2 else line


def _ringing(line: Told) -> Told:
    """The same for callers who hear ringing, and so nothing else."""
    kept = {field: told for field, told in line.items() if field not in HEARD_OR_PRESSED}
    return kept | {"hears": "ringing", "otherwise": "bye"}


def _scheme(line: Told) -> Told:
    return {"start": "wait", "nodes": {"wait": line, "bye": {"kind": "hang_up", "cause": "normal"}}}


def _call(luck: Random, phones: list[str]) -> Told:
    return {
        "at": luck.choice([luck.randint(0, 20), luck.randint(0, 200_000) / 1000]),
        "from": luck.choice(WHO_CALLS),
        "to": luck.choice(LINES),
        "answer": luck.choice([0, 1, 3]),
        "hang_up": luck.choice([luck.randint(0, 3_000), luck.randint(0, 40_000)]) / 1000,
        "hung_up_by": luck.choice(["caller", "callee"]),
        "patience": luck.choice([luck.randint(0, 9_000), luck.randint(0, 240_000)]) / 1000,
        "digits": [_digit(luck)] if luck.random() < 0.5 else [],
        "phones": {phone: _phone(luck) for phone in luck.sample(phones, 3)},
    }


def _digit(luck: Random) -> Told:
    at = luck.choice([luck.randint(0, 9), luck.randint(0, 90)])
    return {"press": luck.choice([DIGIT, CALL_BACK, CALL_BACK]), "at": at}


def _caller(luck: Random) -> Told:
    """His phone when he is called back: sooner or later he hangs up."""
    called = {"answer": luck.choice([0, 0, 2, 9, "never", "busy", "unreachable"])}
    press = luck.choice(["", "", "", DIGIT, CALL_BACK])
    return called | {
        "patience": luck.choice([0, 1, 20, 120]),
        "press": press,
        "press_after": luck.choice([1, 4]),
    }


def _phone(luck: Random) -> Told:
    return {
        "answer": luck.choice([0, 1, luck.randint(0, 9_000) / 1000, "never", "busy", "unreachable"]),
        "press": luck.choice(["", "1", "1", "2"]),
    }
