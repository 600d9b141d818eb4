"""What the simulated Asterisk plays and records.

Rule 1: of several sounds one after the other, one that is missing is passed over; only the fate of the last
    is told. Stopping ends them all, and is told as an end.
Rule 2: a recording ends by silence, by length, by `#`, by order or with its leg or bridge, and is told once.
"""

from collections.abc import Callable, Mapping
from functools import partial

from callctl.calls.events import Event, PromptEnded, RecordingEnded, Why
from callctl.calls.orders import PlayToLeg, RecordBridge, RecordLeg
from callctl.simulate.legs import Playing, Recording, SimulatedBridge, SimulatedLeg
from callctl.simulate.people import People
from callctl.simulate.timeline import Timeline
from callctl.simulate.told import SoundLength

SOUND_MS = 3_000


class Studio:
    def __init__(
        self,
        timeline: Timeline,
        sounds: Mapping[str, SoundLength],
        people: People,
        tell: Callable[[Event], None],
    ) -> None:
        self._timeline = timeline
        self._sounds = sounds
        self._people = people
        self._tell = tell
        self._live: dict[str, SimulatedLeg | SimulatedBridge] = {}

    def play(self, leg: SimulatedLeg, order: PlayToLeg) -> None:
        serial = order.serial
        if not leg.is_alive:
            self._tell(PromptEnded(leg.leg_id, serial, was_played=False))
        elif serial in leg.stopped:
            self._tell(PromptEnded(leg.leg_id, serial))
        else:
            leg.occupied = Playing(serial)
            leg.has_music = leg.has_ringing = False
            lengths = [self._length(media) for media in order.media]
            was_played = lengths[-1] != "missing"
            length_ms = sum(length for length in lengths if length != "missing")
            self._after(length_ms, partial(self._played, leg, serial, was_played=was_played))
            hearer = _hearer(leg)
            if length_ms and hearer:
                self._people.hears_prompt(hearer)
        leg.listen(self._timeline.now_ms)

    def stop_playing(self, leg: SimulatedLeg, serial: int) -> bool:
        """False: it is over."""
        if serial in leg.stopped:
            return False
        if leg.occupied == Playing(serial):
            self._played(leg, serial, was_played=True)
        else:
            leg.stopped.add(serial)
        return True

    def record(self, leg: SimulatedLeg, order: RecordLeg) -> None:
        recording = Recording(order.recording, self._timeline.now_ms)
        leg.occupied = recording
        leg.has_music = leg.has_ringing = False
        self._live[order.recording] = leg
        length_ms = min(order.length_ms_max, leg.call.speaks + order.silence_ms_max)
        self._after(length_ms, partial(self._recorded, leg, recording))
        leg.listen(self._timeline.now_ms)

    def record_bridge(self, bridge: SimulatedBridge, order: RecordBridge) -> Why | None:
        if order.recording in self._live:
            return Why.REJECTED
        bridge.recording = Recording(order.recording, self._timeline.now_ms)
        self._live[order.recording] = bridge
        return None

    def stop_recording(self, name: str) -> bool:
        """False: there is no such recording now."""
        where = self._live.get(name)
        if isinstance(where, SimulatedBridge):
            self.end_recording(where)
        elif where:
            assert isinstance(where.occupied, Recording)
            self._recorded(where, where.occupied)
        return where is not None

    def end_recording(self, bridge: SimulatedBridge) -> None:
        if bridge.recording:
            self._over(bridge.bridge_id, bridge.recording)
            bridge.recording = None

    def pressed(self, leg: SimulatedLeg, digit: str) -> None:
        if digit == "#" and isinstance(leg.occupied, Recording):
            self._recorded(leg, leg.occupied)

    def close(self, leg: SimulatedLeg) -> None:
        """The leg ends: so does what it plays or records."""
        match leg.occupied:
            case Playing(serial):
                leg.stopped.add(serial)
                self._tell(PromptEnded(leg.leg_id, serial, was_played=False))
            case Recording() as recording:
                self._over(leg.leg_id, recording)

    def _played(self, leg: SimulatedLeg, serial: int, *, was_played: bool) -> None:
        if not leg.is_alive or leg.occupied != Playing(serial):
            return
        leg.stopped.add(serial)
        self._tell(PromptEnded(leg.leg_id, serial, was_played))
        leg.free()
        leg.listen(self._timeline.now_ms)

    def _recorded(self, leg: SimulatedLeg, recording: Recording) -> None:
        if leg.is_alive and leg.occupied is recording:
            self._over(leg.leg_id, recording)
            leg.free()
            leg.listen(self._timeline.now_ms)

    def _over(self, leg_id: str, recording: Recording) -> None:
        self._live.pop(recording.name, None)
        self._tell(RecordingEnded(leg_id, recording.name, self._timeline.now_ms - recording.since_ms))

    def _length(self, media: str) -> SoundLength:
        own = media.partition("/")[2].partition("/")[2] if media.startswith("own/") else media
        return self._sounds.get(own, SOUND_MS)

    def _after(self, wait_ms: int, act: Callable[[], None]) -> None:
        self._timeline.at(self._timeline.now_ms + wait_ms, act)


def _hearer(leg: SimulatedLeg) -> SimulatedLeg | None:
    """Who has it in the ear, through numbers of ours: the caller of the caller, or who was reached there."""
    while leg.twin:
        if leg.twin.partner is None:
            return None
        leg = leg.twin.partner
    return leg
