"""What we may order: imperatives for Asterisk and for the store.

Rule 1: we choose the ids, so a repeated order meets "exists already", never a second phone.
"""

from dataclasses import dataclass

from callctl.calls.records import Record


@dataclass(frozen=True, slots=True)
class PlaceLeg:
    """Create a leg; it rings only when it is dialled, and Asterisk ends it by itself at `until_ms`."""

    leg_id: str
    caller_leg_id: str
    trunk: str
    number: str
    caller: str
    until_ms: int | None
    is_paid: bool  # a paid leg waits until its record is durable


@dataclass(frozen=True, slots=True)
class JoinAndDial:
    """Bridge both legs, then let the second ring: ringing and early media pass to the first."""

    bridge_id: str
    leg_ids: tuple[str, str]
    patience_ms: int
    arrived_at_ms: int  # the caller's arrival: what the caller waited for is measured from there


@dataclass(frozen=True, slots=True)
class Answer:
    leg_id: str


@dataclass(frozen=True, slots=True)
class Bound:
    """The second cut: Asterisk ends the leg at `until_ms` by itself; None lets it live."""

    leg_id: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class PlayToLeg:
    leg_id: str
    media: str


@dataclass(frozen=True, slots=True)
class PlayToBridge:
    bridge_id: str
    media: str


@dataclass(frozen=True, slots=True)
class HangUp:
    leg_id: str
    cause: int
    due_at_ms: int | None = None  # set for a cut: when it should have happened


@dataclass(frozen=True, slots=True)
class CloseBridge:
    bridge_id: str


MediaOrder = PlaceLeg | JoinAndDial | Answer | Bound | PlayToLeg | PlayToBridge | HangUp | CloseBridge
Order = MediaOrder | Record
