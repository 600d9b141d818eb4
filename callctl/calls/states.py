"""The states of a call and the only moves between them."""

from enum import Enum


class State(Enum):
    ROUTING = "routing"
    RINGING = "ringing"
    TALKING = "talking"
    PROMPTING = "prompting"
    ENDING = "ending"
    OVER = "over"


MOVES = {
    State.ROUTING: {State.RINGING, State.PROMPTING, State.ENDING},
    State.RINGING: {State.ROUTING, State.TALKING, State.ENDING},
    State.TALKING: {State.ENDING},
    State.PROMPTING: {State.ENDING},
    State.ENDING: {State.OVER},
    State.OVER: set[State](),
}
