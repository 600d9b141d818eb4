"""docs/metrics.md, written from the registry: `./run metrics-page`."""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric

from callctl import metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"

HEAD = """# Metrics

All that `/metrics` says, on the API's address. Written from `callctl/metrics.py` by `./run metrics-page`.
No label grows with accounts or numbers; the values of `trunk` are the trunks of the settings.

| metric | kind | unit | labels | |
|---|---|---|---|---|
"""
UNITS = ("seconds", "kopecks", "bytes")


def page() -> str:
    return HEAD + "".join(f"{row}\n" for row in _rows())


def _rows() -> Iterator[str]:
    metrics.TrunkMetrics("any")
    for family in metrics.REGISTRY.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        unit = next((unit for unit in UNITS if family.name.endswith(f"_{unit}")), "")
        yield f"| `{name}` | {family.type} | {unit} | {_labels(family)} | {family.documentation} |"


def _labels(family: Metric) -> str:
    """With their values, but for those of the settings."""
    values: dict[str, dict[str, None]] = {}
    for sample in family.samples:
        for label, value in sample.labels.items():
            if label != "le":
                values.setdefault(label, {})[value] = None
    return "; ".join(
        "`trunk`" if label == "trunk" else f"`{label}`: {', '.join(known)}" for label, known in values.items()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
