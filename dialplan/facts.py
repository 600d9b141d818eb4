"""What a walk may know of the call when it chooses a way."""

from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """The state of the subscriber's account (S-14)."""

    ACTIVE = "active"
    SUSPENDED_PARTIAL = "suspended_partial"  # what costs money is off, free incoming calls are on
    SUSPENDED_FULL = "suspended_full"
    BLOCKED_VOLUNTARY = "blocked_voluntary"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Facts:
    call_id: str
    at_ms: int
    caller: str  # digits of E.164; empty when the caller does not say it
    available_kopecks: int
    standing: Standing = Standing.ACTIVE
