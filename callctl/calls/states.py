"""The states of a call and the only moves between them."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    ROUTING = "routing"
    RINGING = "ringing"
    PROMPTING = "prompting"  # the caller listens, or chooses
    WAITING = "waiting"  # in a queue
    MESSAGE = "message"  # leaves one
    TALKING = "talking"
    ENDING = "ending"
    OVER = "over"


_BUSY = {State.RINGING, State.PROMPTING, State.WAITING, State.MESSAGE}

MOVES = {
    State.ROUTING: {*_BUSY, State.TALKING, State.ENDING},
    **{busy: {State.ROUTING, State.TALKING, State.ENDING} for busy in _BUSY},
    State.TALKING: {State.ROUTING, State.ENDING},  # the caller is handed over
    State.ENDING: {State.OVER},
    State.OVER: set[State](),
}


@dataclass(slots=True)
class Phase:
    """Where a call is. Its course moves it, too, and does not know the call: so a call that is over is freed
    at once, and waits for no collector."""

    call_id: str
    now: State = State.ROUTING
    last: State = State.ROUTING  # while it lived

    @property
    def is_live(self) -> bool:
        return self.now not in (State.ENDING, State.OVER)

    def move(self, state: State) -> None:
        assert state in MOVES[self.now], f"{self.call_id}: {self.now} -> {state}"
        if self.is_live:
            self.last = self.now
        self.now = state
