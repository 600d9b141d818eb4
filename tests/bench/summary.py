"""What the course has shown: one row a way and rate, and the ratios between the ways."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.course import Results
from tests.bench.figures import Spread, Step

BASE = "plain Dial"
BETWEEN = "bare ARI"


@dataclass(frozen=True, slots=True)
class Row:
    """All steps of one way at one modest rate, taken together."""

    way: str
    per_second: float
    calls: int
    failed: int
    to_callee: Spread
    to_ringing: Spread
    to_answer: Spread
    cpu_ms: dict[str, float]

    @property
    def cpu_switch_ms(self) -> float:
        """Asterisk, the application and its database; not the phones."""
        return round(sum(ms for name, ms in self.cpu_ms.items() if name != "sipp"), 2)


def rows(results: Results) -> list[Row]:
    """By rate, then in the order of the ways."""
    together: dict[tuple[float, str], list[Step]] = {}
    for step in results.steps:
        if step.purpose == "modest":
            together.setdefault((step.per_second, step.way), []).append(step)
    return [_row(steps) for _, steps in sorted(together.items(), key=lambda item: item[0][0])]


def _row(steps: list[Step]) -> Row:
    calls = sum(step.wanted for step in steps)
    return Row(
        way=steps[0].way,
        per_second=steps[0].per_second,
        calls=calls,
        failed=sum(step.failed for step in steps),
        to_callee=Spread.of([ms for step in steps for ms in step.to_callee_ms]),
        to_ringing=Spread.of([ms for step in steps for ms in step.to_ringing_ms]),
        to_answer=Spread.of([ms for step in steps for ms in step.to_answer_ms]),
        cpu_ms={
            name: round(sum(step.cpu_ms[name] * step.wanted for step in steps) / calls, 2)
            for name in steps[0].cpu_ms
        },
    )


@dataclass(frozen=True, slots=True)
class Ratio:
    """`way` beside `base`: above 1, it takes more or holds more."""

    way: str
    base: str
    per_second: float
    held: float | None
    to_callee_p50: float | None
    to_answer_p50: float | None
    cpu_asterisk: float | None
    cpu_switch: float | None


def ratios(results: Results) -> list[Ratio]:
    found = []
    by_key = {(row.per_second, row.way): row for row in rows(results)}
    for (per_second, name), row in by_key.items():
        for base in (BASE, BETWEEN):
            other = by_key.get((per_second, base))
            if other is None or name in (BASE, base):
                continue
            found.append(
                Ratio(
                    way=name,
                    base=base,
                    per_second=per_second,
                    held=_over(results.held.get(name), results.held.get(base)),
                    to_callee_p50=_over(row.to_callee.p50, other.to_callee.p50),
                    to_answer_p50=_over(row.to_answer.p50, other.to_answer.p50),
                    cpu_asterisk=_over(row.cpu_ms["asterisk"], other.cpu_ms["asterisk"]),
                    cpu_switch=_over(row.cpu_switch_ms, other.cpu_switch_ms),
                )
            )
    return found


def _over(value: float | None, base: float | None) -> float | None:
    return round(value / base, 2) if value is not None and base else None


def machine() -> dict[str, Any]:
    """The machine as it is when asked."""
    return {"cores": os.cpu_count(), "load_average": [round(load, 2) for load in os.getloadavg()]}


def as_json(results: Results, before: dict[str, Any], took_s: float) -> dict[str, Any]:
    return {
        "machine_before": before,
        "machine_after": machine(),
        "asterisk": results.asterisk,
        "took_s": round(took_s),
        "held_per_second": results.held,
        "is_search_whole": results.is_search_whole,
        "modest": [asdict(row) | {"cpu_switch_ms": row.cpu_switch_ms} for row in rows(results)],
        "ratios": [asdict(ratio) for ratio in ratios(results)],
        "cuts": [one.as_json() for one in results.cuts],
        "books": asdict(results.books) if results.books else None,
        "steps_in_order": [step.as_json() for step in results.steps],
    }
