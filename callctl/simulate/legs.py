"""A leg as the simulated Asterisk has it: whether it is up, what it plays or records, whose voice it hears.

Rule 1: a leg that plays or records takes no other order before that is over; what comes meanwhile waits.
Rule 2: an order that waits for a leg which is gone finds it gone.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from callctl.calls.events import CallArrived, LegsListed
from callctl.calls.legs import call_id_of
from callctl.simulate.told import CallTold, PhoneTold
from dialplan.numbers import EMERGENCY


@dataclass(frozen=True, slots=True)
class Playing:
    serial: int


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    since_ms: int


@dataclass(slots=True)
class SimulatedLeg:
    leg_id: str
    call: CallTold  # of the person who began it all
    since_ms: int
    is_caller: bool
    number: str = ""  # who is rung
    dialled: str = ""  # by a caller
    phone: PhoneTold | None = None  # None: a caller, or a number of ours
    hops: int = 0
    answered_ms: int | None = None
    ended_ms: int | None = None
    bound_ms: int | None = None
    twin: "SimulatedLeg | None" = None  # the other half of a way to a number of ours
    help: "SimulatedLeg | None" = None  # whom the dialplan called for this caller, and the other way round
    bridge: "SimulatedBridge | None" = None
    is_rung: bool = False
    has_left: bool = False  # us, for what the dialplan does without us
    joined_ms: int | None = None  # for the first time
    has_music: bool = False
    has_ringing: bool = False
    occupied: Playing | Recording | None = None
    stopped: set[int] = field(default_factory=set)  # what plays no more, or never will
    waiting: deque[Callable[[], None]] = field(default_factory=deque)
    prompts_heard: int = 0
    silent_since_ms: int | None = None
    silence_ms: int = 0  # the longest time without a sound

    @property
    def is_alive(self) -> bool:
        return self.ended_ms is None

    @property
    def arrival(self) -> CallArrived:
        return CallArrived(self.leg_id, self.call.caller, self.dialled, self.hops)

    @property
    def is_ours(self) -> bool:
        """It is there and takes orders."""
        return self.is_alive and not self.has_left

    @property
    def is_up(self) -> bool:
        return self.is_alive and self.answered_ms is not None

    @property
    def partner(self) -> "SimulatedLeg | None":
        others = [leg for leg in self.bridge.legs if leg is not self] if self.bridge else []
        return others[0] if others else None

    @property
    def hears_something(self) -> bool:
        """A prompt, a tone, music, ringing, somebody; or what a number of ours gives to hear."""
        if self.occupied or self.has_music or self.has_ringing:
            return True
        partner = self.partner
        if partner and partner.twin and not partner.is_caller:
            return partner.twin.hears_something
        return partner is not None

    @property
    def is_busy(self) -> bool:
        return bool(self.occupied or self.waiting)

    def when_free(self, act: Callable[[], None]) -> None:
        if self.is_busy:
            self.waiting.append(act)
        else:
            act()

    def free(self) -> None:
        """What occupied it is over; what waited for that comes now."""
        self.occupied = None
        while self.waiting and not self.occupied:
            self.waiting.popleft()()

    def acts(self, now_ms: int) -> None:
        """Whoever presses a key does not wait."""
        self.listen(now_ms)
        if self.silent_since_ms is not None:
            self.silent_since_ms = now_ms

    def listen(self, now_ms: int) -> None:
        """Something may have changed for the ear."""
        is_listening = self.is_up if self.phone else self.is_alive
        is_silent = is_listening and not self.hears_something
        if self.silent_since_ms is not None:
            self.silence_ms = max(self.silence_ms, now_ms - self.silent_since_ms)
        if not is_silent:
            self.silent_since_ms = None
        elif self.silent_since_ms is None:
            self.silent_since_ms = now_ms
        if self.is_caller and self.twin and self.twin.partner:
            self.twin.partner.listen(now_ms)


@dataclass(slots=True)
class SimulatedBridge:
    bridge_id: str
    legs: list[SimulatedLeg] = field(default_factory=list)
    recording: Recording | None = None


def witnessed(legs: Iterable[SimulatedLeg]) -> tuple[dict[str, int], dict[str, int]]:
    """When each was answered and when it ended, as Asterisk's own log has it. Who was called and never joined
    talked to nobody: he counts as unanswered."""
    answered_ms, ended_ms = dict[str, int](), dict[str, int]()
    for leg in legs:
        was_called = call_id_of(leg.leg_id) != leg.leg_id
        if leg.answered_ms is not None and (leg.joined_ms is not None or not was_called):
            answered_ms[leg.leg_id] = leg.answered_ms
        if leg.ended_ms is not None:
            ended_ms[leg.leg_id] = leg.ended_ms
    return answered_ms, ended_ms


def listed(
    legs: Iterable[SimulatedLeg],
    bridges: Iterable[SimulatedBridge],
    asked_at_ms: int,
    proven_at_ms: int,
    is_after_gap: bool,
    seen: tuple[dict[str, int], dict[str, int]],
) -> LegsListed:
    alive = [leg for leg in legs if leg.is_ours]
    ids = frozenset(leg.leg_id for leg in alive)
    up = frozenset(leg.leg_id for leg in alive if leg.is_up)
    joined = {one.bridge_id: frozenset(leg.leg_id for leg in one.legs) for one in bridges}
    for_help = {leg.leg_id: leg.arrival for leg in alive if leg.dialled in EMERGENCY}
    return LegsListed(ids, up, asked_at_ms, proven_at_ms, is_after_gap, joined, *seen, for_help)
