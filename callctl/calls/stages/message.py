"""The step that takes a message: the caller speaks until silence, the length, or hanging up.

Rule 1: what he has said before the service died is a message, and its recording is ended; he is asked again.
"""

from callctl.calls.events import LegEvent, OrderRefused, RecordingEnded, Why
from callctl.calls.orders import Order, RecordLeg, StopRecording
from callctl.calls.records import CallAt, MessageTaken
from callctl.calls.scene import Scene, Stage
from callctl.calls.states import State
from dialplan.nodes.voicemail import Voicemail
from dialplan.steps import Done, Failed, TakeMessage

# Asterisk ends a recording by itself; this is for the day when its news is lost.
NEWS_LATER_MS = 3_000
SHORTEST_MS = 1_000


class Message(Stage):
    state = State.MESSAGE

    def __init__(self, scene: Scene, step: TakeMessage) -> None:
        self._scene = scene
        self._step = step
        self._recording = _recording(scene.account_id, step.name, scene.call_id, scene.visits)
        self._until_ms = 0

    def begin(self, at_ms: int) -> list[Order]:
        scene, step = self._scene, self._step
        self._until_ms = at_ms + step.length_ms_max + NEWS_LATER_MS
        return [
            *scene.quiet(),
            *scene.answer(),
            *scene.bound(self._until_ms + scene.terms.second_cut_ms),
            # Asterisk records nobody in a bridge, where a target that failed has left the caller alone.
            *scene.part(scene.caller),
            RecordLeg(
                scene.caller.leg_id, self._recording, step.length_ms_max, step.silence_ms_max, step.beep
            ),
        ]

    def deadline_ms(self) -> int | None:
        return self._until_ms

    def wake(self, at_ms: int) -> list[Order]:
        self.outcome = Failed("no news of the recording")
        return [StopRecording(self._scene.call_id, self._recording)]

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        if not isinstance(event, RecordingEnded) or event.recording != self._recording or self.outcome:
            return []
        if not event.was_kept or event.length_ms < SHORTEST_MS:
            self.outcome = Failed("nothing was said")
            return []
        self.outcome = Done()
        scene = self._scene
        return [
            MessageTaken(
                scene.account_id,
                scene.call_id,
                scene.caller.number,
                scene.line,
                self._step.name,
                self._recording,
                at_ms,
                event.length_ms,
            )
        ]

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if isinstance(event.order, RecordLeg) and event.why is not Why.GONE:
            self.outcome = Failed("the recording could not begin")
        return []


def begun_at(place: CallAt) -> tuple[str, StopRecording] | None:
    """Where a call was left that was perhaps leaving a message: the mailbox, and how to end the recording."""
    node = place.scheme.nodes[place.node]
    if not isinstance(node, Voicemail):
        return None
    visits = sum(passed.node == place.node for passed in place.way)
    mailbox = node.name or place.node
    recording = _recording(place.account_id, mailbox, place.call_id, visits)
    return mailbox, StopRecording(place.call_id, recording)


def message_of(place: CallAt, mailbox: str, recording: str, at_ms: int, length_ms: int) -> list[MessageTaken]:
    """None of what was too short."""
    if length_ms < SHORTEST_MS:
        return []
    on = (place.account_id, place.call_id, place.caller, place.line)
    return [MessageTaken(*on, mailbox, recording, at_ms, length_ms)]


def _recording(account_id: str, mailbox: str, call_id: str, visits: int) -> str:
    """Each visit of the caller has one of its own."""
    return f"message/{account_id}/{mailbox}/{call_id}" + (f"-{visits}" if visits > 1 else "")
