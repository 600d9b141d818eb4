"""docs/metrics.md is what the registry holds, and every figure says what it is."""

import re

from callctl import metrics
from callctl.metrics import TrunkMetrics
from tests.monitoring.metrics_page import PAGE, page


def test_the_page_is_what_the_registry_holds() -> None:
    assert PAGE.read_text("utf-8") == page(), "run ./run metrics-page"


def test_a_trunk_that_is_known_changes_no_line_of_the_page() -> None:
    before = page()
    TrunkMetrics("somewhere")
    assert page() == before


def test_every_metric_says_in_a_sentence_what_it_is() -> None:
    silent = [
        one.name for one in metrics.REGISTRY.collect() if not re.fullmatch(r"[A-Z].*\.", one.documentation)
    ]
    assert not silent, silent


def test_a_duration_is_in_seconds_and_money_in_kopecks() -> None:
    odd = re.compile(r"_(ms|millis|minutes|roubles|rubles|rub)(_|$)")
    assert not [one.name for one in metrics.REGISTRY.collect() if odd.search(one.name)]
