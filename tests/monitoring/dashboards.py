"""The shipped dashboards, and their expressions as Grafana would ask them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).resolve().parents[2] / "docker" / "grafana" / "dashboards"

# What is nothing while all is well.
ONLY_WHEN_IT_BREAKS = {"Firing alerts"}


@dataclass(frozen=True, slots=True)
class Question:
    dashboard: str
    panel: str
    expression: str

    def asked(self, window: str) -> str:
        """With all variables at "All"."""
        asked = self.expression.replace("$__rate_interval", window)
        return re.sub(r"\$(instance|trunk)\b", ".+", asked)


def dashboards() -> dict[str, Any]:
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(SHIPPED.glob("*.json"))}


def panels(dashboard: Any) -> list[Any]:
    """Without the headings of rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def questions() -> Iterator[Question]:
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield Question(name, panel["title"], target["expr"])
