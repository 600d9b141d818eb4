"""What was measured, as values."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

FAILED_SHARE_MAX = 0.001
# Later than SIP's T1, the calls only wait in a queue that grows: no failure yet, but not held either.
CALLEE_MS_MAX = 500.0
# SIPp itself could not keep up: then nothing is known about the rate that was wanted.
OFFERED_SHARE_MIN = 0.95


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that `share` of all values do not exceed."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    count: int
    least: float | None
    p50: float | None
    p99: float | None
    most: float | None

    @classmethod
    def of(cls, values_ms: Sequence[float]) -> "Spread":
        def at(share: float) -> float | None:
            value = quantile(values_ms, share)
            return None if value is None else round(value, 3)

        return cls(len(values_ms), at(0.0), at(0.5), at(0.99), at(1.0))


@dataclass(frozen=True, slots=True)
class Step:
    """One load at one rate, one way. `cpu_ms` is per call, by program."""

    way: str
    purpose: str
    per_second: float
    wanted: int
    failed: int
    offered_per_second: float
    cpu_ms: dict[str, float]
    # INVITE of the caller to INVITE at the callee, to 180 and to 200 at the caller.
    to_callee_ms: tuple[float, ...]
    to_ringing_ms: tuple[float, ...]
    to_answer_ms: tuple[float, ...]
    refused_with: dict[str, int]
    drained_after_s: float | None  # None: calls were left
    load_average: float

    @property
    def is_held(self) -> bool:
        return (
            self.offered_per_second >= OFFERED_SHARE_MIN * self.per_second
            and self.failed < max(1, FAILED_SHARE_MAX * self.wanted)
            and (quantile(self.to_callee_ms, 0.99) or 0) < CALLEE_MS_MAX
        )

    def as_json(self) -> dict[str, Any]:
        plain = {**asdict(self), "is_held": self.is_held}
        for name in ("to_callee_ms", "to_ringing_ms", "to_answer_ms"):
            plain[name] = asdict(Spread.of(getattr(self, name)))
        return plain


@dataclass(frozen=True, slots=True)
class Cuts:
    """Calls whose money ended: how much later than the last paid unit each side saw the BYE."""

    title: str
    wanted: int
    cut: int
    early: int
    units: int
    side_load_per_second: float
    side_load_failed: int
    at_caller_ms: tuple[float, ...]
    at_callee_ms: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        sides = {name: asdict(Spread.of(getattr(self, name))) for name in ("at_caller_ms", "at_callee_ms")}
        return asdict(self) | sides
