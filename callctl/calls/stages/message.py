"""The step that takes a message: the caller speaks until silence, the length, or hanging up."""

from callctl.calls.events import LegEvent, OrderRefused, RecordingEnded, Why
from callctl.calls.orders import Order, RecordLeg, StopRecording
from callctl.calls.records import MessageTaken
from callctl.calls.scene import Scene, Stage
from callctl.calls.states import State
from dialplan.steps import Done, Failed, TakeMessage

# Asterisk ends a recording by itself; this is for the day when its news is lost.
NEWS_LATER_MS = 3_000
SHORTEST_MS = 1_000


class Message(Stage):
    state = State.MESSAGE

    def __init__(self, scene: Scene, step: TakeMessage) -> None:
        self._scene = scene
        self._step = step
        self._recording = f"message/{scene.account_id}/{step.name}/{scene.call_id}"
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
