"""One phone: placed, ringing, up, gone; and the attempt to reach somebody on it.

Rule 1: a leg that we let go stays ours until Asterisk says it is gone; until then we say so again.
"""

import re
from dataclasses import dataclass
from enum import Enum

from callctl.calls.events import LegGone
from callctl.calls.money.ticket import Ticket
from callctl.calls.orders import BridgeOrder, HangUp, MediaOrder, StopRecording
from callctl.calls.outcomes import SECOND_CUT_CAUSE
from callctl.calls.records import EndedBy, LegBegan, LegSettled
from dialplan.causes import Cause

_PLACED_LEG = re.compile(r"leg\d+-")
_CALLED_BACK = re.compile(r"back\d+-")

# More than this is not the way of an answer through Asterisk.
ANSWER_LAG_MS_MAX = 500

# Twice the longest that Asterisk needs to carry out a hang-up under load: after it, the news was lost.
RELEASE_AGAIN_MS = 5_000


def leg_id_of(call_id: str, attempt: int) -> str:
    return f"leg{attempt}-{call_id}"


def call_id_of(leg_id: str) -> str:
    """The call of a leg that we placed; a caller's own leg has the id of its call."""
    return leg_id.split("-", 1)[1] if _PLACED_LEG.match(leg_id) else leg_id


def call_id_of_order(order: MediaOrder) -> str:
    if isinstance(order, BridgeOrder):
        return order.bridge_id
    return order.call_id if isinstance(order, StopRecording) else call_id_of(order.leg_id)


def called_back_id(number: int, call_id: str) -> str:
    """Of a call that we begin ourselves: it calls the caller of an earlier one back."""
    return f"back{number}-{call_id}"


def asked_in(call_id: str) -> str | None:
    """The call in which the caller of this one asked to be called back."""
    return call_id.split("-", 1)[1] if _CALLED_BACK.match(call_id) else None


def is_leg_id(text: str) -> bool:
    """True for an id that we choose, as Asterisk chooses none."""
    return bool(_PLACED_LEG.match(text) or _CALLED_BACK.match(text))


class LegState(Enum):
    PLACED = "placed"  # ordered; any other order would meet 409 until it is ready
    RINGING = "ringing"
    UP = "up"
    GONE = "gone"


@dataclass(slots=True)
class Leg:
    leg_id: str
    number: str
    state: LegState
    since_ms: int
    answered_at_ms: int | None = None
    ended_at_ms: int | None = None  # its media
    release_again_at_ms: int | None = None
    release_cause: int = Cause.NORMAL
    missed_since_ms: int | None = None  # a list did not have it: last proven alive then
    was_found_unanswered: bool = False  # by a list, after it was to be answered
    answer_refused: bool = False  # it was to be answered, and was not
    has_given_up: bool = False  # before any answer reached its phone
    gone_cause: int = Cause.UNAVAILABLE

    @property
    def is_leaving(self) -> bool:
        return self.release_again_at_ms is not None and self.state is not LegState.GONE

    @property
    def can_hear(self) -> bool:
        return self.state in (LegState.RINGING, LegState.UP) and not self.is_leaving

    def has_met(self, since_ms: int, at_ms: int) -> bool:
        """Whoever has answered at `since_ms`. The news of this answer may be lost; a talk of some length
        proves it."""
        if self.answer_refused or self.has_given_up or at_ms <= since_ms:
            return False
        if self.answered_at_ms is not None:
            return True
        return not self.was_found_unanswered and at_ms - since_ms > ANSWER_LAG_MS_MAX

    def answered(self, at_ms: int) -> None:
        self.state = LegState.UP
        self.answered_at_ms = at_ms

    def gone(self, cause: int = Cause.UNAVAILABLE, *, was_cancelled: bool = False) -> None:
        """Who gave up as Asterisk took him for answered: his phone has heard of no answer."""
        self.answer_refused |= was_cancelled and self.state is LegState.UP
        self.has_given_up = was_cancelled
        self.state, self.gone_cause = LegState.GONE, cause
        self.release_again_at_ms = None

    def ended(self, at_ms: int) -> None:
        """It leaves by itself; if the news that it is gone gets lost, we ask for it."""
        self.ended_at_ms = at_ms if self.ended_at_ms is None else min(at_ms, self.ended_at_ms)
        if not self.is_leaving:
            self.release_again_at_ms = at_ms + RELEASE_AGAIN_MS

    def release(self, cause: int, at_ms: int, due_at_ms: int | None = None) -> list[HangUp]:
        """Let the leg go; one that is not ready yet is hung up as soon as it is."""
        if self.state is LegState.GONE or self.is_leaving:
            return []
        self.release_cause = cause
        self.release_again_at_ms = at_ms + RELEASE_AGAIN_MS
        return [] if self.state is LegState.PLACED else [HangUp(self.leg_id, cause, due_at_ms)]

    def release_again(self, at_ms: int) -> list[HangUp]:
        assert self.is_leaving, self.leg_id
        self.release_again_at_ms = at_ms + RELEASE_AGAIN_MS
        return [HangUp(self.leg_id, self.release_cause)]


@dataclass(frozen=True, slots=True)
class Ending:
    """The clock has stopped; the cause comes with the news that this leg is gone, if we did not choose it."""

    leg: Leg
    at_ms: int
    by: EndedBy
    cause: int | None = None

    def why(self, gone: LegGone, *, is_unmet_caller: bool) -> tuple[EndedBy, int]:
        if self.cause is not None:
            return self.by, self.cause
        if gone.cause == SECOND_CUT_CAUSE:
            return EndedBy.SECOND_CUT, gone.cause
        # Asterisk says 127, "interworking", of a CANCEL.
        return self.by, Cause.NORMAL if is_unmet_caller else gone.cause


@dataclass(slots=True)
class Attempt:
    """One try to reach a target: its leg, its money, and how long it may ring.

    A target that answers in the moment the caller leaves or the money is gone, or whose caller could not be
    answered, was never connected to anybody: that costs nothing (S-15). One that was asked whether it takes
    the call was connected to us: that is paid as any answer (MANGO-12.7).
    """

    leg: Leg
    caller: Leg
    ticket: Ticket
    ring_until_ms: int
    was_met: bool = False

    @property
    def is_settled(self) -> bool:
        return self.ticket.is_settled

    def began(self, at_ms: int) -> LegBegan:
        self.leg.answered(at_ms)
        return self.ticket.began(at_ms)

    def settle(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """To the end of its media: that it is gone, and why, is told later, or never."""
        if self.leg.ended_at_ms is not None:
            at_ms = min(at_ms, self.leg.ended_at_ms)
        return self.ticket.settle(at_ms, ended_by, cause, is_connected=self.is_connected(at_ms))

    def is_connected(self, at_ms: int) -> bool:
        answered_at_ms = self.leg.answered_at_ms
        if answered_at_ms is None:
            return False
        if self.was_met:
            return not self.caller.answer_refused and at_ms > answered_at_ms
        return self.caller.has_met(answered_at_ms, at_ms)
