"""What we may order: imperatives for Asterisk and for the store.

Rule 1: we choose the ids, so a repeated order meets "exists already", never a second phone.
"""

from dataclasses import dataclass

from callctl.calls.records import Notice, Record


@dataclass(frozen=True, slots=True)
class Trunk:
    """A number behind a carrier."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Device:
    """A phone of a seat."""

    name: str


@dataclass(frozen=True, slots=True)
class Inside:
    """Another number of ours: a call of its own, which knows how often it was forwarded before."""

    number: str
    hops: int


Endpoint = Trunk | Device | Inside


@dataclass(frozen=True, slots=True)
class PlaceLeg:
    """Create a leg; it rings only when it is dialled, and Asterisk ends it by itself at `until_ms`."""

    leg_id: str
    caller_leg_id: str | None  # None: it is the caller himself, who is called back
    endpoint: Endpoint
    caller: str
    until_ms: int
    is_paid: bool  # a paid leg waits until its record is durable
    caller_name: str = ""
    account_id: str = ""
    node: str = ""  # of the scheme


@dataclass(frozen=True, slots=True)
class JoinAndDial:
    """Bridge both legs, then let the second ring: ringing and early media pass to the first."""

    bridge_id: str
    leg_ids: tuple[str, str]
    patience_ms: int
    arrived_at_ms: int  # the caller's arrival: what the caller waited for is measured from there
    tells_keys: bool = False  # a seat has codes


@dataclass(frozen=True, slots=True)
class Dial:
    """Let the leg ring by itself; whom it will talk to is joined when it answers."""

    leg_id: str
    patience_ms: int
    arrived_at_ms: int


@dataclass(frozen=True, slots=True)
class Join:
    """Into the bridge, which is made if there is none."""

    bridge_id: str
    leg_ids: tuple[str, ...]
    tells_keys: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """Out of the bridge; the leg stays up, alone."""

    bridge_id: str
    leg_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    leg_id: str
    is_paid: bool = False  # the way in begins with it: as a paid leg it waits for its record


@dataclass(frozen=True, slots=True)
class RingBack:
    """The leg hears ringing."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class MusicOn:
    leg_id: str
    music: str


@dataclass(frozen=True, slots=True)
class MusicOff:
    leg_id: str


@dataclass(frozen=True, slots=True)
class Bound:
    """The second cut: Asterisk ends the leg at `until_ms` by itself; None lets it live."""

    leg_id: str
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class PlayToLeg:
    """One after the other; `serial` tells this playing from the ones before it."""

    leg_id: str
    serial: int
    media: tuple[str, ...]
    is_promise: bool = False  # it waits until the record of what it promises is durable


@dataclass(frozen=True, slots=True)
class StopPlaying:
    leg_id: str
    serial: int


@dataclass(frozen=True, slots=True)
class PlayToBridge:
    bridge_id: str
    media: str


@dataclass(frozen=True, slots=True)
class RecordLeg:
    """What the leg says; ends by silence, by length, by `#`, by StopRecording or with the leg."""

    leg_id: str
    recording: str
    length_ms_max: int
    silence_ms_max: int
    beep: bool


@dataclass(frozen=True, slots=True)
class RecordBridge:
    """All that is said in the bridge."""

    bridge_id: str
    recording: str
    beep: bool


@dataclass(frozen=True, slots=True)
class StopRecording:
    call_id: str
    recording: str


@dataclass(frozen=True, slots=True)
class HangUp:
    leg_id: str
    cause: int
    due_at_ms: int | None = None  # set for a cut: when it should have happened


@dataclass(frozen=True, slots=True)
class CloseBridge:
    bridge_id: str


LegOrder = (
    PlaceLeg
    | Dial
    | Answer
    | RingBack
    | MusicOn
    | MusicOff
    | Bound
    | PlayToLeg
    | StopPlaying
    | RecordLeg
    | HangUp
)
BridgeOrder = JoinAndDial | Join | Part | PlayToBridge | RecordBridge | CloseBridge
MediaOrder = LegOrder | BridgeOrder | StopRecording
Order = MediaOrder | Record | Notice
