"""Nights drawn by a seed: subscribers, callers, lines of the ledger, and how badly the switch errs.

Rule 1: in a night without faults all moments are whole seconds, and no two calls do something at the same:
    who was first of two in one instant is nothing that two programs must agree about.
"""

from datetime import timedelta
from random import Random
from typing import Any

from callctl.simulate.scenario import Scenario
from tests.simulation.prices import CALLERS, EVENING, PLANS, TARGETS

Told = dict[str, Any]


def draw_night(seed: int, *, faulty: bool) -> Scenario:
    luck = Random(seed)
    accounts = [_account(luck, f"a{place}") for place in range(luck.randint(1, 3))]
    numbers = [
        _number(luck, account, place) for account in accounts for place in range(luck.choice([1, 1, 2, 3]))
    ]
    for account in accounts:
        _promise(luck, account, [one["number"] for one in numbers if one["account"] == account["id"]])
    taken: set[float] = set()
    calls = [_call(luck, numbers, taken, whole=not faulty) for _ in range(luck.randint(1, 8))]
    content: Told = {
        "start": EVENING + timedelta(seconds=luck.randint(0, 240)),
        "seed": seed,
        "accounts": accounts,
        "numbers": numbers,
        "calls": calls,
        **_lines(luck, accounts, numbers),
        "settings": {"second_cut_s": luck.choice([3, 20]), "warning_s": luck.choice([0, 4, 10])},
        "clock_jumps": [
            {"at": luck.randint(0, 100), "by_s": luck.choice([-3600, -2, 5, 86400])}
            for _ in range(luck.randint(0, 2))
        ],
    }
    if faulty:
        content |= {"faults": draw_faults(luck), "late": _late(luck, numbers)}
        content["chargebacks"] = [
            {"at": luck.randint(0, 200), "account": one["account"], "payment": one["ref"], "ref": f"c{place}"}
            for place, one in enumerate(content["payments"])
            if luck.random() < 0.3
        ]
    return Scenario.model_validate(content)


def _account(luck: Random, name: str) -> Told:
    account: Told = {
        "id": name,
        "profile": "test",
        "plan": luck.choice(PLANS),
        "balance": roubles(luck.choice([-100, 0, 100, 300, 500, 1200, 4000]) + luck.randint(0, 99)),
        "gift_used": luck.choice([0, 0, 1]),
    }
    if luck.random() < 0.2:
        account["credit"] = roubles(luck.choice([0, 300]))
    if luck.random() < 0.2:
        account["threshold"] = roubles(luck.choice([0, 150]))
    if luck.random() < 0.2:
        account["stops"] = luck.choice(["paid", "everything"])
    if luck.random() < 0.1:
        account["barred"] = [luck.choice(["near", "7999"])]
    return account


def _number(luck: Random, account: Told, place: int) -> Told:
    begins = luck.choice(["7800", "7495"])
    number = f"{begins}00{account['id'][1:]}{place}000"
    return {"number": number, "account": account["id"], "forward_to": luck.choice(TARGETS)}


def _promise(luck: Random, account: Told, lines: list[str]) -> None:
    """Limits of its numbers, and what was paid for them beforehand."""
    account["limits"] = [
        {
            "number": line,
            "most": roubles(luck.choice([200, 500, 1000])),
            "spent": roubles(luck.choice([0, 0, 400, 500])),
            "kind": luck.choice(["limit", "stop"]),
        }
        for line in lines
        if luck.random() < 0.3
    ]
    account["paid"] = [
        {"number": line, "amount": roubles(luck.choice([1, 170, 600])), "month": month}
        for line in lines
        for month in ("2025-08", "2025-09")
        if luck.random() < 0.2
    ]


def _call(luck: Random, numbers: list[Told], taken: set[float], *, whole: bool) -> Told:
    while True:
        call = {
            "at": _moment(luck, 200, whole),
            "from": luck.choice(CALLERS),
            "to": "112" if luck.random() < 0.05 else luck.choice(numbers)["number"],
            "answer": _moment(luck, 29, whole),
            # Somebody hangs up in the end: a call for nothing would last for ever.
            "hang_up": max(1, _moment(luck, luck.choice([10, 70, 200, 200, 3700]), whole)),
            "hung_up_by": luck.choice(["caller", "callee"]),
        }
        if luck.random() < 0.2:
            call["answer"] = luck.choice(["never", "busy", "unreachable"])
        moments = _moments(call)
        if not whole or not moments & taken:
            taken |= moments
            return call


def _moments(call: Told) -> set[float]:
    at, answer, hang_up = call["at"], call["answer"], call["hang_up"]
    if isinstance(answer, str):
        return {at, at + min(30, hang_up)} if answer == "never" else {at}
    return {at, at + answer, at + answer + hang_up}


def _moment(luck: Random, most: int, whole: bool) -> float:
    return luck.randint(0, most) if whole else luck.randint(0, most * 1000) / 1000


def _lines(luck: Random, accounts: list[Told], numbers: list[Told]) -> dict[str, list[Told]]:
    def drawn(word: str, count: int, sums: tuple[int, ...]) -> list[Told]:
        return [
            {
                "at": luck.randint(0, 250),
                "account": luck.choice(accounts)["id"],
                "amount": roubles(luck.choice(sums)),
                "ref": f"{word}{place}",
            }
            for place in range(count)
        ]

    guaranteed = [luck.choice(numbers) for _ in range(luck.choice([0, 0, 1]))]
    return {
        "payments": drawn("p", luck.randint(0, 4), (1, 99, 250, 900)),
        "corrections": drawn("k", luck.choice([0, 0, 1]), (-300, 45)),
        "refunds": drawn("r", luck.choice([0, 0, 1]), (100,)),
        "guarantees": [
            {
                "at": luck.randint(0, 250),
                "account": one["account"],
                "number": one["number"],
                "amount": roubles(luck.choice([150, 1000])),
            }
            for one in guaranteed
        ],
    }


def _late(luck: Random, numbers: list[Told]) -> list[Told]:
    return [
        {
            "at": luck.randint(0, 250),
            "account": (one := luck.choice(numbers))["account"],
            "from": one["number"],
            "to": luck.choice(TARGETS),
            "answered": EVENING - timedelta(days=luck.randint(1, 40)),
            "seconds": luck.randint(1, 900),
            "ref": f"l{place}",
        }
        for place in range(luck.choice([0, 0, 1, 2]))
    ]


def draw_faults(luck: Random) -> Told:
    """Swarm: each kind of fault has nights without it, and nights when it is frequent."""
    return {
        "delay_ms_max": luck.choice([0, 5, 300, 3000]),
        "wake_late_ms_max": luck.choice([0, 5, 1500, 20_000]),
        "double": luck.choice([0, 0.1, 0.5]),
        "reject": luck.choice([0, 0, 0.05, 0.3]),
        "unknown": luck.choice([0, 0, 0.05, 0.3]),
        "silence_every_s": luck.choice([0, 0, 13, 40]),
        "silence_ms_max": luck.choice([100, 9_000]),
    }


def roubles(kopecks: int) -> str:
    sign = "-" if kopecks < 0 else ""
    return f"{sign}{abs(kopecks) // 100}.{abs(kopecks) % 100:02}"
