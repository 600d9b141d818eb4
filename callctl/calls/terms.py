"""How calls are treated here: the operator's choices, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dialplan.causes import Cause
from rating.refusal import Refusal

REFUSAL_CAUSES: Mapping[Refusal, Cause] = {
    **dict.fromkeys(Refusal, Cause.REJECTED),
    Refusal.NOT_RECORDED: Cause.CONGESTION,
}


@dataclass(frozen=True, slots=True)
class CallTerms:
    trunks: tuple[str, ...]  # tried in this order while the one before is unreachable
    emergency_trunk: str
    second_cut_ms: int = 20_000  # how long after the last paid unit Asterisk itself ends a leg
    warning_ms: int = 10_000  # how long before the end both hear the tone; 0: never
    warning_media: str = "warning"
    refusal_causes: Mapping[Refusal, int] = field(default_factory=lambda: dict(REFUSAL_CAUSES))
    refusal_prompts: Mapping[Refusal, str] = field(default_factory=dict)
    prompt_ms_max: int = 30_000
    greeting_ms_max: int = 330_000  # a subscriber's own sounds may be longer
    wait_bound_ms: int = 300_000  # how long Asterisk lets a waiting caller live without us
    alone_ms: int = (
        45_000  # how long a caller waits with no member there: a phone that missed a question is back
    )
    music: str = "default"
