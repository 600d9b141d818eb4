"""An overseer of a call centre, who keeps books of his own: who waits, who is rung, who rests.

Rule 1: he knows the schemes and the orders that are given, and nothing of how the product decides.
Rule 2: he looks at an evening on a good switch, where each order is done in the instant in which it is given.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from callctl.calls.legs import call_id_of
from callctl.calls.orders import Device, Join, MusicOn, Order, PlaceLeg, Trunk
from callctl.calls.outcomes import outcome_of
from callctl.calls.records import CallOver, EndedBy, LegHeld, LegRefused, LegSettled
from callctl.simulate.scenario import Scenario
from dialplan.causes import Cause
from dialplan.nodes.queue import WaitInQueue
from dialplan.steps import Member, NotReached, Strategy, most_telling
from dialplan.targets import Outside, Seat, Target

# How long somebody is left alone who was rung in vain, whatever the scheme says.
ALONE_MS = {
    NotReached.NO_ANSWER: 1_000,
    NotReached.BUSY: 5_000,
    NotReached.UNREACHABLE: 10_000,
    NotReached.REFUSED: 30_000,
}


@dataclass
class Waiting:
    """One who waits in a line."""

    call_id: str
    line: WaitInQueue
    came: int
    rung: dict[Target, int] = field(default_factory=dict)  # how many phones of each still ring
    failed: dict[Target, list[NotReached]] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        return [one.member for one in self.line.members if self.line.needs <= one.skills]

    @property
    def able(self) -> list[Target]:
        return [member.target for member in self.members]

    @property
    def rank(self) -> tuple[int, int]:
        return -self.line.priority, self.came


class Overseer:
    def __init__(self, scenario: Scenario) -> None:
        self._lines = {
            told.number: node
            for told in scenario.numbers
            for node in told.read_scheme().nodes.values()
            if isinstance(node, WaitInQueue)
        }
        self._seat_of = {device: Seat(seat.name) for seat in scenario.seats for device in seat.devices}
        self.reachable = {device: True for seat in scenario.seats for device in seat.devices}
        self._line_of: dict[str, str] = {}
        self._waiting: dict[str, Waiting] = {}
        self._came = 0
        self._leg_of: dict[str, tuple[Waiting, Target]] = {}
        self._talks: dict[str, tuple[Target, WaitInQueue]] = {}  # by leg
        self._rests_until_ms: Counter[Target] = Counter()
        self._idle_since_ms: Counter[Target] = Counter()
        self._taken: Counter[tuple[str | None, Target]] = Counter()
        self._last: dict[str | None, Target] = {}
        self.offers: Counter[tuple[Strategy, int]] = Counter()  # by strategy and the weight of who was chosen

    def watch(self, orders: Sequence[Order], at_ms: int) -> None:
        offered: dict[str, list[Target]] = {}
        free: dict[str, list[Member]] = {}
        unlucky: set[str] = set()
        for order in orders:
            match order:
                case LegHeld() | LegRefused():
                    self._line_of[order.connection.call_id] = order.connection.line
                    if isinstance(order, LegRefused):
                        unlucky.add(order.connection.call_id)
                        self._refused(order, at_ms, offered, free)
                case MusicOn(leg_id=call_id) if call_id not in self._waiting and not self._has_talked(
                    call_id
                ):
                    self._came += 1
                case PlaceLeg():
                    self._placed(order, at_ms, offered, free)
                case Join(leg_ids=(call_id, leg_id)) if leg_id in self._leg_of:
                    self._took(call_id, leg_id)
                case LegSettled():
                    self._settled(order, at_ms)
                    unlucky.add(call_id_of(order.leg_id))
                case CallOver():
                    self._waiting.pop(order.call_id, None)
