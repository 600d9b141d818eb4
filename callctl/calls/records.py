"""What must be remembered of a connection: the hold with its terms, the answer, the settlement.

Rule 1: how far a connection is paid is derived from these at any time, so it is never recorded.
"""

from dataclasses import dataclass
from enum import Enum

from dialplan.scheme import Scheme
from dialplan.steps import RecordTalk
from rating.charge import Charge
from rating.entries import Entry
from rating.money import Money
from rating.refusal import Refusal
from rating.tariff import Rate


class EndedBy(Enum):
    CALLER = "caller"
    CALLEE = "callee"
    BALANCE = "balance"  # released at the end of the last paid unit
    LIMIT = "limit"  # the same, by the limit of its number (GAZ-15.8)
    LONGEST = "longest"  # as long as the operator lets a connection be
    SECOND_CUT = "second_cut"  # Asterisk released it because we did not
    SERVICE = "service"  # patience over, an order refused, a fault of ours
    REFUSED = "refused"  # never placed
    LOST = "lost"  # found gone, nobody told us when or why
    REPORTED = "reported"  # told by somebody else, days afterwards (GAZ-13.5)


@dataclass(frozen=True, slots=True)
class Connection:
    """Whose connection, between whom."""

    account_id: str
    leg_id: str
    call_id: str
    caller: str
    number: str
    line: str  # the subscriber's number on which it came or goes


@dataclass(frozen=True, slots=True)
class LegHeld:
    connection: Connection
    at_ms: int
    rate: Rate | None  # None: emergency, nothing is held
    amount: Money


@dataclass(frozen=True, slots=True)
class LegBegan:
    account_id: str
    leg_id: str
    at_ms: int
    rate: Rate | None = None  # set when the answer met other terms than the admission


@dataclass(frozen=True, slots=True)
class LegSettled:
    account_id: str
    leg_id: str
    ended_at_ms: int
    charge: Charge
    entries: tuple[Entry, ...]  # none when nothing was charged
    ended_by: EndedBy
    cause: int


@dataclass(frozen=True, slots=True)
class LegRefused:
    connection: Connection
    at_ms: int
    refusal: Refusal
    cause: int


@dataclass(frozen=True, slots=True)
class Passed:
    """One node on a caller's way, and what came of each of its steps, in words."""

    node: str
    at_ms: int
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallAt:
    """Where a caller is on his way, for whoever must take the call up in a later life of the service."""

    account_id: str
    call_id: str
    number: str  # as it was dialled
    line: str
    caller: str
    seat: str | None  # of the caller
    hops: int
    scheme_version: int
    scheme: Scheme
    is_version: bool  # or a scheme that nobody wrote: then it is remembered whole
    caller_name: str
    record: RecordTalk | None
    record_node: str
    arrived_at_ms: int
    way: tuple[Passed, ...]  # to the node where he is

    @property
    def node(self) -> str:
        return self.way[-1].node


@dataclass(frozen=True, slots=True)
class CallOver:
    """The way that a call took, once nobody is in it any more."""

    account_id: str
    call_id: str
    caller: str
    line: str
    scheme_version: int
    arrived_at_ms: int
    ended_at_ms: int
    answered_at_ms: int | None  # of the caller, by whomever or whatever
    way: tuple[Passed, ...]
    ending: str  # the state in which the end found it


@dataclass(frozen=True, slots=True)
class MessageTaken:
    account_id: str
    call_id: str
    caller: str
    line: str
    mailbox: str
    recording: str  # its name in Asterisk
    at_ms: int  # its end
    length_ms: int


@dataclass(frozen=True, slots=True)
class RecordingBegan:
    """Of a talk."""

    account_id: str
    call_id: str
    recording: str  # its name in Asterisk
    at_ms: int
    keep_days: int | None  # None: as the operator's profile says


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """The world could not do a step: a sound is missing, a disk is full."""

    call_id: str
    node: str
    why: str


@dataclass(frozen=True, slots=True)
class PlaceKept:
    """In a line, for a caller at home who will be called back; told anew after each try."""

    account_id: str
    queue: str
    caller: str
    call_id: str  # in which he asked
    line: str  # the number that he had dialled
    hops: int
    scheme_version: int
    scheme: Scheme  # from the queue on
    caller_name: str
    record: RecordTalk | None
    record_node: str
    since_ms: int  # of his place
    until_ms: int
    tries: int  # that failed


class PromiseEnd(Enum):
    """What became of somebody who was to be called back."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # there was no money for it
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class CallBackOver:
    """A kept place is gone, or its caller is on the phone again."""

    account_id: str
    call_id: str  # in which he asked
    caller: str
    line: str  # the queue's
    tries: int  # that failed
    end: PromiseEnd


Connected = LegHeld | LegBegan | LegSettled | LegRefused
Record = Connected | CallAt | CallOver | MessageTaken | RecordingBegan | PlaceKept | CallBackOver
Notice = NodeFailed
