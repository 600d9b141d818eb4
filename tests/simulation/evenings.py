"""Evenings drawn by a seed: subscribers with schemes of their own, and callers who press, wait and leave at
every moment.

Rule 1: everybody hangs up in the end, whatever he hears: a call for nothing would last for ever.
"""

from datetime import timedelta
from random import Random
from typing import Any

from callctl.simulate.scenario import Scenario
from tests.simulation.nights import draw_faults, roubles
from tests.simulation.prices import CALLERS, EVENING, PLANS, TARGETS
from tests.simulation.schemes import SEATS, SOUNDS, draw_scheme

Told = dict[str, Any]


def draw_evening(seed: int, *, faulty: bool) -> Scenario:
    luck = Random(seed)
    accounts = [
        {
            "id": f"a{place}",
            "profile": "test",
            "plan": luck.choice(PLANS),
            "balance": roubles(luck.choice([50, 500, 4000, 90_000]) + luck.randint(0, 99)),
        }
        for place in range(luck.randint(1, 3))
    ]
    lines = [f"{luck.choice(['7800', '7495'])}000{place}000" for place in range(luck.randint(1, 4))]
    numbers = [
        {"number": line, "account": luck.choice(accounts)["id"], "scheme": draw_scheme(luck, lines)}
        for line in lines
    ]
    seats = [_seat(luck, account["id"], name) for account in accounts for name in SEATS]
    devices = [device for seat in seats for device in seat["devices"]]
    content: Told = {
        "start": EVENING + timedelta(seconds=luck.randint(0, 240)),
        "seed": seed,
        "accounts": accounts,
        "numbers": numbers,
        "seats": seats,
        "seen": [
            {
                "at": luck.randint(0, 120),
                "device": luck.choice(devices),
                "reachable": luck.random() < 0.5,
            }
            for _ in range(luck.choice([0, 2, 8]))
        ],
        "sounds": {sound: luck.choice([0.5, 2, 7, "missing"]) for sound in SOUNDS},
        "calls": [_call(luck, lines, devices) for _ in range(luck.choice([5, 20, 60]))],
        "payments": [
            {"at": luck.randint(0, 120), "account": account["id"], "amount": "9.00", "ref": "p"}
            for account in accounts
            if luck.random() < 0.5
        ],
        "settings": {"second_cut_s": luck.choice([3, 20]), "warning_s": luck.choice([0, 4])},
    }
    return Scenario.model_validate(content | ({"faults": draw_faults(luck)} if faulty else {}))


def _seat(luck: Random, account_id: str, name: str) -> Told:
    return {
        "account": account_id,
        "name": name,
        "devices": [f"{account_id}-{name}-{place}" for place in range(luck.randint(1, 3))],
        "busy_on_busy": luck.random() < 0.5,
        "undisturbed": luck.random() < 0.1,
    }


def _call(luck: Random, lines: list[str], devices: list[str]) -> Told:
    rung = luck.sample([*TARGETS, *devices], min(6, len(TARGETS) + len(devices)))
    return {
        "at": luck.randint(0, 120_000) / 1000,
        "from": luck.choice(CALLERS),
        "to": luck.choice(lines),
        "answer": _answer(luck),
        "hang_up": luck.choice([luck.randint(0, 2_000), luck.randint(0, 90_000)]) / 1000,
        "hung_up_by": luck.choice(["caller", "callee"]),
        "patience": luck.choice([luck.randint(0, 9_000), luck.randint(0, 150_000)]) / 1000,
        "digits": [_digits(luck) for _ in range(luck.randint(0, 6))],
        "speaks": luck.choice([0, 0.4, 3, 100]),
        "phones": {phone: _phone(luck) for phone in rung},
    }


def _digits(luck: Random) -> Told:
    told: Told = {
        "press": luck.choice(["1", "1", "2", "3", "12", "101", "7", "#", "9", "", "0"]),
        "after": luck.randint(0, 9_000) / 1000,
    }
    return told | ({"at": luck.randint(0, 60_000) / 1000} if luck.random() < 0.1 else {})


def _answer(luck: Random) -> float | str:
    if luck.random() < 0.5:
        return luck.choice(["never", "busy", "unreachable"])
    # Round moments make two of them answer at the same instant, or just as patience ends.
    return luck.choice([0, 1, 2, 5, luck.randint(0, 20_000) / 1000])


def _phone(luck: Random) -> Told:
    phone: Told = {"answer": _answer(luck), "press": luck.choice(["", "1", "1", "1", "5"])}
    phone["press_after"] = luck.choice([0, 1, 4, luck.randint(0, 12_000) / 1000])
    return phone | ({"patience": luck.randint(0, 9)} if luck.random() < 0.2 else {})
