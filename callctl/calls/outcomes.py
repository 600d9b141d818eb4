"""What a leg's cause (Q.850) says of the attempt that it ended."""

from dialplan.causes import Cause
from dialplan.steps import NotReached

# Our dialplan hangs up with "recovery on timer expiry" when a leg reached its bound.
SECOND_CUT_CAUSE = 102

_NO_USER_RESPONDING = 18  # a SIP 408 or 480

_OUTCOMES = {
    Cause.BUSY: NotReached.BUSY,
    Cause.REJECTED: NotReached.BUSY,  # declined by hand
    _NO_USER_RESPONDING: NotReached.NO_ANSWER,
    Cause.NO_ANSWER: NotReached.NO_ANSWER,
}


def outcome_of(cause: int) -> NotReached:
    return _OUTCOMES.get(cause, NotReached.UNREACHABLE)
