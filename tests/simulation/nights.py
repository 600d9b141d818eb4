"""Scenarios drawn by a seed: subscribers, callers, payments, and how badly the switch errs that night."""

from random import Random
from typing import Any

from callctl.simulate.scenario import Scenario
from rating.profile import Tariffs
from tests.plans import simple, tariffs

# Units and prices that do not divide each other, a threshold, a set-up fee, a destination for nothing.
PLANS = {
    "six": (6, 100, 0, 0),
    "minute": (60, 169, 0, 3),
    "second": (1, 3, 0, 0),
    "dear": (7, 250, 99, 6),
    "free": (60, 0, 0, 0),
}


def plans() -> Tariffs:
    return tariffs(*(simple(name, *terms) for name, terms in PLANS.items()))


def draw_night(seed: int, *, faulty: bool) -> Scenario:
    luck = Random(seed)
    accounts = [
        {
            "id": f"a{n}",
            "profile": "test",
            "plan": luck.choice(sorted(PLANS)),
            "balance": f"{luck.choice([0, 1, 3, 5, 12, 40])}.{luck.randint(0, 99):02}",
        }
        for n in range(luck.randint(1, 3))
    ]
    numbers = [
        {"number": f"7495000000{n}", "account": account["id"], "forward_to": f"7916000000{n}"}
        for n, account in enumerate(accounts)
    ]
    calls = [_draw_call(luck, numbers, whole_seconds=not faulty) for _ in range(luck.randint(1, 8))]
    if not faulty:
        # Two that arrive in one instant have no order that two programs must agree about.
        for call, at_s in zip(calls, luck.sample(range(100), len(calls)), strict=True):
            call["at"] = at_s
            # Nor has a caller who leaves in the instant of the answer: nobody can say who was first.
            call["hang_up"] = max(1, call["hang_up"])
    payments = [
        {
            "at": luck.randint(0, 150),
            "account": luck.choice(accounts)["id"],
            "amount": f"{luck.randint(0, 9)}.{luck.randint(1, 99):02}",
            "ref": f"p{n}",
        }
        for n in range(luck.randint(0, 4))
    ]
    content = {
        "seed": seed,
        "accounts": accounts,
        "numbers": numbers,
        "calls": calls,
        "payments": payments,
        "settings": {"second_cut_s": luck.choice([3, 20]), "warning_s": luck.choice([0, 4, 10])},
    }
    content["clock_jumps"] = [
        {"at": luck.randint(0, 100), "by_s": luck.choice([-3600, -2, 5, 86400])}
        for _ in range(luck.randint(0, 2))
    ]
    if faulty:
        content["faults"] = _draw_faults(luck)
    return Scenario.model_validate(content)


def _draw_call(luck: Random, numbers: list[dict[str, str]], *, whole_seconds: bool) -> dict[str, Any]:
    def moment(most: int) -> float:
        return luck.randint(0, most) if whole_seconds else luck.randint(0, most * 1000) / 1000

    answer: object = moment(20)
    if luck.random() < 0.2:
        answer = luck.choice(["never", "busy", "unreachable"])
    return {
        "at": moment(100),
        "from": "79031112233",
        "to": "112" if luck.random() < 0.05 else luck.choice(numbers)["number"],
        "answer": answer,
        # Somebody hangs up in the end: a call for nothing would last for ever.
        "hang_up": moment(200),
        "hung_up_by": luck.choice(["caller", "callee"]),
    }


def _draw_faults(luck: Random) -> dict[str, object]:
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
