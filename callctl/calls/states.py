"""The states of a call and the only moves between them."""

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
