"""What a seat can order by keys while it talks: hold, hand over, consult.

Rule 1: a code begins with a star; what does not become one within some seconds is forgotten.
"""

from dataclasses import dataclass
from enum import Enum

TYPING_MS_MAX = 8_000


class Order(Enum):
    HOLD = "1"  # and take back: from hold, or from a consultation
    HAND_OVER = "2"
    CONSULT = "3"


@dataclass(frozen=True, slots=True)
class Command:
    order: Order
    number: str = ""


class Codes:
    """`*1`, `*2 NUMBER #`, `*3 NUMBER #`, as they are typed on one phone."""

    def __init__(self) -> None:
        self._typed = ""
        self._since_ms = 0

    def press(self, digit: str, at_ms: int) -> Command | None:
        if digit == "*" or at_ms - self._since_ms > TYPING_MS_MAX:
            self._typed = ""
        self._since_ms = at_ms
        self._typed += digit
        match self._typed[:1], self._typed[1:2], self._typed[2:]:
            case "*", Order.HOLD.value, _:
                return self._done(Command(Order.HOLD))
            case "*", (Order.HAND_OVER.value | Order.CONSULT.value) as order, number if number.endswith("#"):
                return self._done(Command(Order(order), number[:-1]))
            case _:
                return None

    def _done(self, command: Command) -> Command:
        self._typed = ""
        return command
