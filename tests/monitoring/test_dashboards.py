"""Dashboards that Grafana can show, of figures that there are. Whether they show anything: tests/e2e."""

import itertools
import re

import pytest

from callctl import metrics
from callctl.metrics import TrunkMetrics
from tests.monitoring.dashboards import ONLY_WHEN_IT_BREAKS, dashboards, panels, questions

DASHBOARDS = dashboards()
NAME = re.compile(r"\b(?:callctl|process)_[a-z_]+")
# How much of a process there may be and is, beyond what is shown.
NOT_SHOWN = {"process_virtual_memory_bytes", "process_max_fds"}


def test_there_are_three() -> None:
    assert {one["title"] for one in DASHBOARDS.values()} == {
        "callctl: operations",
        "callctl: money",
        "callctl: queues and trunks",
    }
    assert {name: one["uid"] for name, one in DASHBOARDS.items()} == {
        name: f"callctl-{name}" for name in DASHBOARDS
    }


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_beside_each_other_and_have_a_number_each(name: str) -> None:
    all_panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in all_panels}) == len(all_panels)
    for one, other in itertools.combinations([panel["gridPos"] for panel in all_panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in all_panels) == 24


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_panel_has_a_name_a_unit_and_asks_the_chosen_prometheus(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("name", DASHBOARDS)
def test_variables_that_are_used_are_those_that_can_be_chosen(name: str) -> None:
    chosen = {variable["name"] for variable in DASHBOARDS[name]["templating"]["list"]} - {"datasource"}
    asked = " ".join(question.expression for question in questions() if question.dashboard == name)
    assert set(re.findall(r"\$([a-z]\w*)", asked)) == chosen


def families() -> dict[str, str]:
    """The metric by its sample."""
    TrunkMetrics("carrier")
    return {sample.name: family.name for family in metrics.REGISTRY.collect() for sample in family.samples}


def test_every_figure_is_there_and_is_shown() -> None:
    known = families()
    shown = {name for question in questions() for name in NAME.findall(question.expression)}
    assert not shown - known.keys()
    hidden = set(known.values()) - {known[name] for name in shown} - NOT_SHOWN
    assert not hidden, f"show them on a dashboard of docker/grafana: {hidden}"


def test_panels_that_may_be_empty_are_panels() -> None:
    assert {question.panel for question in questions()} > ONLY_WHEN_IT_BREAKS
