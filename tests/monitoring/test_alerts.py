"""Every alert fires, keeps quiet, knows what it speaks of, and has a page that says what to do."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from callctl import metrics
from callctl.__main__ import parser
from callctl.metrics import TrunkMetrics
from tests.monitoring.alert_cases import CASES, HOST, Case, Series, all_series
from tests.monitoring.prometheus import program

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docker" / "prometheus" / "callctl.rules.yml"
CONFIG = RULES.with_name("prometheus.yml")
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADS = ("## What callers notice", "## What to look at", "## What to do")
# Prometheus's own.
NOT_OURS = {"up"}

Rule = Mapping[str, Any]


def rules() -> Iterator[Rule]:
    for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"]:
        yield from group["rules"]


ALERTS = {rule["alert"]: rule for rule in rules()}


def promtool(*words: str | Path) -> str:
    done = subprocess.run([program("promtool"), *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def exported() -> dict[str, set[str]]:
    """Labels by name of sample, as /metrics tells them."""
    TrunkMetrics("carrier")
    return {
        sample.name: set(sample.labels) for family in metrics.REGISTRY.collect() for sample in family.samples
    }


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:callctl|process)_[a-z_]+|\bup\b", expression))


def test_the_rules_and_the_settings_are_sound() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
    promtool("check", "config", "--syntax-only", CONFIG)


@pytest.mark.parametrize("alert", ALERTS)
def test_it_fires_and_says_so_and_one_step_before_it_is_quiet(alert: str, tmp_path: Path) -> None:
    case = CASES[alert]
    file = tmp_path / "alert.json"  # JSON is YAML
    tests = [told(alert, case, case.fires, fires=True), told(alert, case, case.quiet, fires=False)]
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    promtool("test", "rules", file)


def told(alert: str, case: Case, series: Series, *, fires: bool) -> dict[str, Any]:
    """A test in promtool's words."""
    rule = ALERTS[alert]
    labels = {"instance": HOST, **(case.labels or {}), **rule["labels"]}
    # Of a single series an expression keeps the job; a sum does not.
    if "sum by" not in rule["expr"]:
        labels["job"] = "callctl"
    annotations = {"summary": case.says, "runbook": rule["annotations"]["runbook"]}
    expected = [{"exp_labels": labels, "exp_annotations": annotations}]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": alert, "exp_alerts": expected if fires else []}
        ],
    }


def test_there_is_a_case_for_every_alert() -> None:
    assert ALERTS.keys() == CASES.keys()


def test_the_cases_are_told_as_the_service_exports_its_figures() -> None:
    known = exported()
    for series in all_series():
        name, _, inner = series.partition("{")
        labels = set(re.findall(r"(\w+)=", inner)) - {"instance", "job"}
        assert name in NOT_OURS or known[name] == labels, series


def test_rules_speak_of_figures_that_there_are() -> None:
    named = {name for rule in ALERTS.values() for name in names_in(rule["expr"])}
    assert len(named) > 20
    assert not named - exported().keys() - NOT_OURS


def test_every_alert_says_how_urgent_it_is() -> None:
    assert {rule["labels"]["severity"] for rule in ALERTS.values()} == {"page", "ticket"}


@pytest.mark.parametrize("alert", ALERTS)
def test_its_page_says_what_it_means_and_what_to_do(alert: str) -> None:
    place = ALERTS[alert]["annotations"]["runbook"]
    assert place == f"docs/runbooks/{alert}.md"
    page = (ROOT / place).read_text("utf-8")
    title, meaning, *_ = page.split("\n\n")
    assert title == f"# {alert}"
    assert meaning.endswith(".")
    assert [line for line in page.splitlines() if line.startswith("## ")] == list(HEADS)
    assert not [head for head in HEADS if len(page.split(head)[1].split("##")[0].split()) < 5]


def test_a_page_names_figures_commands_and_pages_that_there_are() -> None:
    known = exported().keys()
    words = set(re.findall(r"^    ([a-z]+)", parser().format_help(), re.MULTILINE))
    assert len(words) > 10
    for page in RUNBOOKS.glob("*.md"):
        text = page.read_text("utf-8")
        figures = re.findall(r"`((?:callctl|process)_[a-z_]+)", text)
        assert not {name for name in figures if name not in known and f"{name}_count" not in known}, page.name
        assert not set(re.findall(r"`callctl ([a-z]+)", text)) - words, page.name
        links = re.findall(r"\]\(([^)#:]+)", text)
        assert not [to for to in links if not (page.parent / to).exists()], page.name


def test_every_page_belongs_to_an_alert() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"} == ALERTS.keys()
