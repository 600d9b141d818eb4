"""docs/failures.md names what there is: tests, figures and settings."""

import re
from pathlib import Path

from prometheus_client import generate_latest

from callctl import metrics
from callctl.settings import CallSettings, ServiceSettings
from rating.refusal import Refusal

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "failures.md").read_text("utf-8")


def test_every_test_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:e2e|shell|transcripts|simulation)/[a-z_/.]*)`", PAGE))
    assert len(named) > 10
    assert not {name for name in named if not (ROOT / "tests" / name).exists()}


def test_every_figure_it_names_is_counted() -> None:
    named = set(re.findall(r"`(callctl_[a-z_]+)", PAGE))
    counted = generate_latest(metrics.REGISTRY).decode()
    assert len(named) > 8
    assert not {name for name in named if not re.search(rf"^{name}\b", counted, re.MULTILINE)}


def test_every_setting_it_names_has_the_default_it_says() -> None:
    told = re.findall(r"^\| `([a-z_.]+)` \| ([0-9]+) \|", PAGE, re.MULTILINE)
    assert len(told) > 3
    for name, default in told:
        room, _, of_calls = name.rpartition(".")
        fields = CallSettings.model_fields if room else ServiceSettings.model_fields
        assert float(fields[of_calls].default) == float(default), name


def test_every_refusal_is_named_in_the_settings_page() -> None:
    page = (ROOT / "docs" / "running.md").read_text("utf-8")
    assert not {refusal.value for refusal in Refusal if refusal.value not in page}
