"""What can happen to a call: facts in the past tense.

Rule 1: every fact may come late, twice or never; the call decides what that means.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from callctl.calls.orders import MediaOrder
from callctl.calls.phones import SeatChanged
from dialplan.targets import Target
from rating.entries import Entry


@dataclass(frozen=True, slots=True)
class CallArrived:
    leg_id: str
    caller: str
    number: str
    hops: int = 0  # how often numbers of ours have forwarded it before


@dataclass(frozen=True, slots=True)
class SeatDialled:
    """A phone of a seat calls somebody."""

    leg_id: str
    device: str
    number: str


@dataclass(frozen=True, slots=True)
class LegReady:
    """A leg that we placed exists and may be ordered about; it does not ring yet."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class LegRings:
    """Its phone has said so. A call counts it as ringing from the order on."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    leg_id: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """Its media is over: the clock stops. Why, `LegGone` tells."""

    leg_id: str
    was_seen: bool = True  # else this is the last moment that proves that it was there


@dataclass(frozen=True, slots=True)
class LegGone:
    leg_id: str
    cause: int
    was_cancelled: bool = False  # its call was given up before an answer reached its phone


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """What we played to a single leg is over, or was stopped; or some of it could not be played."""

    leg_id: str
    serial: int
    was_played: bool = True


@dataclass(frozen=True, slots=True)
class DigitPressed:
    leg_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """What a leg said is on disk; nothing of use may be."""

    leg_id: str
    recording: str
    length_ms: int
    was_kept: bool = True


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A phone of a seat has registered, or can be reached no more."""

    device: str
    is_reachable: bool


@dataclass(frozen=True, slots=True)
class MemberPaused:
    """A member of the account's queues wants no calls from them, or wants them again."""

    account_id: str
    member: Target
    is_pausing: bool


class Why(Enum):
    """Why an order was not carried out."""

    GONE = "gone"  # there is no such leg or bridge (any more)
    REJECTED = "rejected"  # it said no
    UNKNOWN = "unknown"  # no answer: it may have been done, or may still be
    NOT_RECORDED = "not_recorded"  # the record that must come first could not be written


@dataclass(frozen=True, slots=True)
class OrderRefused:
    order: MediaOrder
    why: Why


@dataclass(frozen=True, slots=True)
class LegsListed:
    """All legs of ours that Asterisk has, as asked at `asked_at_ms`, and which of them are answered.

    A leg that is missing was last proven alive at `proven_at_ms`. After a gap in the news it is gone; else
    its news may be on the way, as they and the list come by two roads, and only the next list makes it sure.
    Of answers and ends whose news got lost the witness may know the moment.
    """

    alive: frozenset[str]
    up: frozenset[str]
    asked_at_ms: int
    proven_at_ms: int
    is_after_gap: bool
    joined: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by bridge, where that was asked
    answered_ms: Mapping[str, int] = field(default_factory=dict)
    ended_ms: Mapping[str, int] = field(default_factory=dict)
    for_help: Mapping[str, CallArrived | SeatDialled] = field(default_factory=dict)  # callers of help


@dataclass(frozen=True, slots=True)
class CallReleased:
    """Somebody of the office ends the call."""

    call_id: str


@dataclass(frozen=True, slots=True)
class EntryPosted:
    """The store took a payment or a correction: it counts from now on."""

    entry: Entry


LegEvent = LegReady | LegAnswered | LegEnded | LegGone | PromptEnded | DigitPressed | RecordingEnded
OfficeEvent = EntryPosted | SeatChanged | MemberPaused | CallReleased
Event = CallArrived | SeatDialled | LegRings | LegEvent | OrderRefused | LegsListed | DeviceSeen | OfficeEvent
