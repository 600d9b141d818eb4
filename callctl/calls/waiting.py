"""The step that waits in a queue."""

from callctl.calls.scene import Scene, Stage
from callctl.calls.states import State
from dialplan.steps import Queue


class Waiting(Stage):
    state = State.WAITING

    def __init__(self, scene: Scene, step: Queue) -> None:
        self._scene = scene
        self._step = step
