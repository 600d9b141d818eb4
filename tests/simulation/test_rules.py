"""The numbered examples of the operators' rules about whole calls, and the scenarios that the docs show."""

from pathlib import Path
from typing import Any

import pytest

from callctl.places import ROOT
from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario, read_scenario, read_tariffs
from tests.plans import simple, tariffs

TARIFFS = tariffs(simple("minute", 60, 169))


def run(balance: str, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    content = {
        "accounts": [{"id": "ann", "profile": "test", "plan": "minute", "balance": balance}],
        "numbers": [{"number": "74951234567", "account": "ann", "forward_to": "79161110002"}],
        "calls": [{"from": "79031112233", "to": "74951234567", **call} for call in calls],
    }
    return Night(Scenario.model_validate(content), TARIFFS).run()


def test_s8_balance_of_400_pays_two_minutes_of_169_and_62_are_left() -> None:
    lines = run("4.00", [{"at": 0, "answer": 0}])
    [bill] = [line for line in lines if "settled" in line]
    assert (bill["seconds"], bill["charge_kopecks"], bill["ended_by"]) == (120, 338, "balance")
    assert lines[-1]["balances_kopecks"] == {"ann": 62}


def test_s8_of_three_calls_at_once_500_admit_two() -> None:
    lines = run("5.00", [{"at": 0, "answer": 5, "hang_up": 10}] * 3)
    assert [line["refusal"] for line in lines if "refused" in line] == ["not_enough"]
    assert [line["charge_kopecks"] for line in lines if "settled" in line] == [169, 169]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_scenario_of_the_docs_comes_to_rest(path: Path) -> None:
    scenario = read_scenario(path)
    lines = Night(scenario, *read_tariffs(scenario, path.parent)).run()
    rest = lines[-1]
    assert (rest["calls_left"], rest["legs_left"], rest["holds_left"]) == (0, 0, 0)
    told = (path.with_suffix(".txt")).read_text("utf-8").splitlines()
    assert [" ".join(f"{name}={value}" for name, value in line.items()) for line in lines] == told
