"""What every stage of a call shares: who calls, whose money, and what the caller's leg is doing.

Rule 1: a leg that plays takes no other order before the playing ends: it is stopped first.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from callctl.calls.connections import Connections
from callctl.calls.events import LegEvent, OrderRefused, PromptEnded, Why
from callctl.calls.legs import Attempt, Leg, LegState
from callctl.calls.lines.call_backs import CallBacks, Promise
from callctl.calls.lines.lines import Lines, Place
from callctl.calls.money.purse import Purse
from callctl.calls.orders import (
    Answer,
    Bound,
    Endpoint,
    Inside,
    Join,
    MusicOff,
    MusicOn,
    Order,
    Part,
    PlayToLeg,
    RingBack,
    StopPlaying,
    Trunk,
)
from callctl.calls.records import Connection, LegRefused
from callctl.calls.seats import Seats
from callctl.calls.silence import Silence
from callctl.calls.states import State
from callctl.calls.talk import Talk
from callctl.calls.terms import CallTerms
from dialplan.numbers import EMERGENCY
from dialplan.steps import Outcome, RecordTalk, Sounds
from rating.refusal import Refusal


@dataclass(slots=True)
class Scene:
    call_id: str
    account_id: str
    line: str  # the number that was dialled
    caller: Leg
    connections: Connections
    purse: Purse
    seats: Seats
    lines: Lines
    call_backs: CallBacks
    terms: CallTerms
    silence: Silence
    is_own: Callable[[str], bool]  # whether a number is one of ours
    scheme_version: int = 0
    language: str = "ru"  # of the scheme with which the caller came
    node: str = ""  # of the scheme, whose step is played
    visits: int = 1  # of the caller to this node
    seat: str | None = None  # of the caller, when it is one of the subscriber's own
    hops: int = 0
    caller_name: str = ""
    refusal: Refusal | None = None  # the last one, while nothing followed it
    paid: Talk | None = None  # the time that runs against money, before a menu or in a talk
    record: RecordTalk | None = None  # what is said from here on, from its first word
    record_node: str = ""  # which said so
    is_recorded: bool = False
    place: Place | None = None  # in a line, kept for a caller who is called back
    is_promised: bool = False  # to be called back; he has not been told yet
    promise: Promise | None = None  # which this call keeps: we are the ones who call
    joined: set[str] = field(default_factory=set)  # the legs that came into the bridge
    is_bridged: bool = False
    is_answering: bool = False
    has_music: bool = False
    has_ringing: bool = False
    _serial: int = 0
    _playing: int | None = None

    def skip_serials(self, to: int) -> None:
        """What an earlier life of the service plays has serials below."""
        self._serial = to

    def ways_to(self, number: str) -> list[Endpoint]:
        """Each is tried while the one before cannot be reached."""
        if number in EMERGENCY:
            return [Trunk(self.terms.emergency_trunk, number)]
        if self.is_own(number):
            return [Inside(number, self.hops + 1)]
        return [Trunk(trunk, number) for trunk in self.terms.trunks]

    def may_be_called_back(self, at_ms: int) -> bool:
        """But once: a machine that presses keys would be called for ever."""
        return self.promise is None and self.purse.may_call_back(at_ms)

    @property
    def is_caller_up(self) -> bool:
        return self.is_answering or self.caller.state is LegState.UP

    def answer(self) -> list[Order]:
        if self.is_caller_up:
            return []
        self.is_answering = True
        return [self.answer_again()]

    def answer_again(self) -> Answer:
        """The same order: what is paid waits for its record each time."""
        way_in = self.connections.way_in
        return Answer(self.caller.leg_id, is_paid=way_in is not None and way_in.is_paid)

    def bound(self, until_ms: int | None) -> list[Order]:
        """The caller's second cut, unless paid time has its own."""
        if self.connections.way_in and self.is_caller_up:
            return []
        return [Bound(self.caller.leg_id, until_ms)]

    def play(self, sounds: Sounds) -> list[Order]:
        """Instead of all that the caller has heard so far."""
        self.has_music = False  # Asterisk ends it with the first sound
        orders = self.quiet()
        self._serial += 1
        self._playing = self._serial
        is_promise, self.is_promised = self.is_promised, False
        return [*orders, PlayToLeg(self.caller.leg_id, self._serial, self.media(sounds), is_promise)]

    def has_ended(self, prompt: PromptEnded) -> bool:
        """Whether what plays now is over; an older playing that was stopped is no news, nor another's."""
        if prompt.leg_id != self.caller.leg_id or prompt.serial != self._playing:
            return False
        self._playing = None
        return True

    def has_lost(self, refused: OrderRefused) -> bool:
        """Whether what should play now does not, or nobody knows."""
        match refused.order:
            case PlayToLeg(self.caller.leg_id, self._playing):
                return refused.why is not Why.GONE
            case _:
                return False

    def join(self, *legs: Leg) -> list[Order]:
        """Those that are not in the bridge: who came in again would leave it first, and the last to leave
        ends what is recorded there."""
        leg_ids = tuple(leg.leg_id for leg in legs if leg.leg_id not in self.joined)
        self.joined.update(leg_ids)
        self.is_bridged = True
        return [Join(self.call_id, leg_ids)] if leg_ids else []

    def part(self, leg: Leg) -> list[Order]:
        if leg.leg_id not in self.joined:
            return []
        self.joined.remove(leg.leg_id)
        return [Part(self.call_id, leg.leg_id)]

    def media(self, sounds: Sounds) -> tuple[str, ...]:
        own = f"own/{self.account_id}/"
        return tuple(own + sound[4:] if sound.startswith("own/") else sound for sound in sounds)

    def ring_back(self) -> list[Order]:
        if self.has_ringing:
            return []
        orders = self.quiet()
        self.has_ringing = True
        return [*orders, RingBack(self.caller.leg_id)]

    def music(self, name: str) -> list[Order]:
        orders = self.quiet()
        self.has_music = True
        return [*orders, MusicOn(self.caller.leg_id, name)]

    def quiet(self) -> list[Order]:
        """Nothing more for the caller's ear."""
        orders: list[Order] = []
        if self._playing is not None:
            orders.append(StopPlaying(self.caller.leg_id, self._playing))
        if self.has_music:
            orders.append(MusicOff(self.caller.leg_id))
        self._playing, self.has_music, self.has_ringing = None, False, False
        return orders

    def refuse(self, connection: Connection, refusal: Refusal, at_ms: int) -> LegRefused:
        self.refusal = refusal
        return LegRefused(connection, at_ms, refusal, self.terms.refusal_causes[refusal])


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody took the call; both legs are to be connected."""

    attempt: Attempt


class Stage(ABC):
    """What a call does for one step of its scheme, until it has an `outcome`."""

    state: State
    outcome: Outcome | Reached | None = None

    @abstractmethod
    def begin(self, at_ms: int) -> list[Order]: ...

    def deadline_ms(self) -> int | None:
        return None

    def wake(self, at_ms: int) -> list[Order]:
        return []

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        return []

    def pick_up(self, leg: Leg, seat: str, rung: str, at_ms: int) -> list[Order] | None:
        """Another seat takes the call; None: it rings at no seat, or not at the one meant."""
        return None

    def leave(self, at_ms: int) -> list[Order]:
        """The caller is gone, or the call ends: let go whom it still reaches for."""
        return []
