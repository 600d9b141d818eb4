"""The conversation between a walk and a call: the walk says a step, the call says what came of it.

Rule 1: a step that ends in a talk ends the walk; every other step has an outcome.
Rule 2: sounds are named, never located: `ru/accept` is the service's, `own/greeting` the subscriber's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from dialplan.causes import Cause
from dialplan.targets import Target

Sounds = tuple[str, ...]


class Hears(Enum):
    """What the caller hears while a target rings."""

    TARGET = "target"  # its own ringing and early media; with several targets, ringing
    RINGING = "ringing"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Accept:
    """The target takes the call by a digit, so that its voicemail cannot."""

    sounds: Sounds
    digit: str
    patience_ms: int


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring all the targets at once; the first to answer talks to the caller."""

    targets: tuple[Target, ...]
    patience_ms: int
    hears: Hears = Hears.TARGET
    shows_caller: bool = True  # or the number that was dialled
    accept: Accept | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Say something to the caller, who is answered for it unless it is said `early`."""

    sounds: Sounds
    early: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Say something and collect digits; the first digit ends the saying if `barge_in`."""

    sounds: Sounds
    digits_max: int
    first_digit_ms: int  # counted from the end of the saying
    next_digit_ms: int
    ends_with: str = "#"
    barge_in: bool = True
    keys: frozenset[str] = frozenset()  # what leads somewhere; empty: any digits do

    def is_enough(self, text: str) -> bool:
        """Whether another digit could mean nothing more."""
        if len(text) >= self.digits_max:
            return True
        return bool(self.keys) and not any(key.startswith(text) and key != text for key in self.keys)


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Record what the caller says."""

    name: str  # of the mailbox
    length_ms_max: int
    silence_ms_max: int
    beep: bool = True


@dataclass(frozen=True, slots=True)
class RecordTalk:
    """Record both sides of the talk that comes, from its first word."""

    beep: bool
    keep_days: int | None  # None: as long as the operator's profile says


@dataclass(frozen=True, slots=True)
class NameCaller:
    """What the phones that are rung from here on show beside the caller's number."""

    name: str


@dataclass(frozen=True, slots=True)
class EndCall:
    cause: Cause


class Strategy(Enum):
    """Who of a queue's free members is rung next."""

    RING_ALL = "ring_all"
    IN_TURN = "in_turn"  # the one after the last who was offered a call
    LONGEST_IDLE = "longest_idle"  # who has talked longest ago
    FEWEST_CALLS = "fewest_calls"
    FIXED_ORDER = "fixed_order"
    RANDOM = "random"
    WEIGHTED = "weighted"  # at random, by weight


@dataclass(frozen=True, slots=True)
class Member:
    target: Target
    weight: int = 1
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Announce:
    """What a waiting caller is told besides music."""

    first_after_ms: int
    every_ms: int
    position: bool
    wait: bool
    sounds: Sounds = ()  # said each time after these
    offer: Sounds = ()  # of a call back, said last to those who could be called


@dataclass(frozen=True, slots=True)
class CallBack:
    """Who presses the digit keeps the place, hangs up, and is called when it is his turn."""

    digit: str
    tries: int
    pause_ms: int  # between two tries
    patience_ms: int  # how long it may ring at his
    within_ms: int  # then the place goes


@dataclass(frozen=True, slots=True)
class Queue:
    """Wait in a line until a member takes the call."""

    name: str  # one line an account and name, whatever scheme or node leads there
    members: tuple[Member, ...]
    strategy: Strategy
    member_patience_ms: int
    wrap_up_ms: int = 0  # a member's rest after a talk
    penalty_ms: int = 0  # a member's rest after not answering
    needs: frozenset[str] = frozenset()  # skills that a member must have for this caller
    priority: int = 0  # the higher goes first
    length_max: int | None = None
    wait_ms_max: int | None = None
    leave_digits: str = ""
    call_back: CallBack | None = None
    hears: Hears = Hears.MUSIC  # or ringing: then nobody has answered before a member has
    music: str = "default"
    language: str = "ru"
    announce: Announce | None = None
    accept: Accept | None = None
    is_left_unheard: bool = False  # when an announcement cannot be said


Step = Ring | Play | Ask | TakeMessage | RecordTalk | NameCaller | Queue | EndCall


class NotReached(Enum):
    """What came of a `Ring` that nobody answered."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


# Of several targets the caller is told what says most: it rang, it was there, it could be tried.
_TELLING = (NotReached.NO_ANSWER, NotReached.BUSY, NotReached.UNREACHABLE, NotReached.REFUSED)


def most_telling(outcomes: Iterable[NotReached]) -> NotReached:
    return min(outcomes, key=_TELLING.index)


class LeftQueue(Enum):
    """Why a caller waits no longer without having talked to a member."""

    TIMEOUT = "timeout"
    FULL = "full"
    EMPTY = "empty"  # nobody who is here now, or soon, could take the call
    CALL_BACK = "call_back"  # the place is kept, the caller will be called


@dataclass(frozen=True, slots=True)
class Digits:
    """What was pressed, without the digit that ended it; nothing pressed is empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Said, recorded, set."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The world could not do it: a sound is missing, a disk is full."""

    why: str


Outcome = NotReached | LeftQueue | Digits | Done | Failed
