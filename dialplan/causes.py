"""The reasons for which a call ends, by the names of a scheme and the numbers of Q.850."""

from enum import Enum, IntEnum


class Cause(IntEnum):
    """Q.850. What a SIP caller sees before answer stands beside it (Asterisk 22, chan_pjsip)."""

    NOT_FOUND = 1  # 404
    NORMAL = 16
    BUSY = 17  # 486
    NO_ANSWER = 19  # 480
    REJECTED = 21  # 403
    ANSWERED_ELSEWHERE = 26  # a phone that still rings shows no missed call
    CONGESTION = 34  # 503
    UNAVAILABLE = 38  # 500


class CauseName(Enum):
    """How a scheme writes a cause."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    CONGESTION = "congestion"
    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"

    @property
    def cause(self) -> Cause:
        return Cause[self.name]
