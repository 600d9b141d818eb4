"""The conversation between a walk and a call: the walk says a step, the call says what came of it."""

from dataclasses import dataclass
from enum import Enum

from dialplan.causes import Cause


@dataclass(frozen=True, slots=True)
class Ring:
    target: str
    patience_ms: int


@dataclass(frozen=True, slots=True)
class EndCall:
    cause: Cause


Step = Ring | EndCall


class Outcome(Enum):
    """What came of a `Ring` that nobody answered. An answered one ends the walk."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
