"""What the service before us left, as Asterisk and its witness say: taken up, or ended with a bill.

Rule 1: of calls that live the first list decides: who is taken up then is ours like any other.
"""

import logging
from collections.abc import Callable, Iterable, Mapping

from callctl.asterisk.witness import Question, Witnessed
from callctl.calls.events import LegsListed
from callctl.calls.orders import Order
from callctl.calls.records import CallAt
from callctl.calls.stages.message import begun_at, message_of
from callctl.calls.switchboard import Switchboard
from callctl.clock import milliseconds
from callctl.earlier_life import EarlierLife
from callctl.recovery import end_open_legs
from callctl.storage.rows import LegRow

log = logging.getLogger("callctl")


class Inheritance:
    def __init__(
        self,
        earlier: EarlierLife,
        switchboard: Switchboard,
        recorded_ms: Callable[[str], int],
        obey: Callable[[Iterable[Order]], None],
    ) -> None:
        """`recorded_ms`: how much of a recording Asterisk has on disk."""
        self._earlier = earlier
        self._switchboard = switchboard
        self._recorded_ms = recorded_ms
        self._obey = obey

    def has(self, call_id: str) -> bool:
        """It is still to be settled."""
        return self._earlier.has(call_id)

    def question(self, listed: LegsListed) -> Question | None:
        """What the witness has to say before this list is heard, of all that is still to be settled."""
        calls, legs = self._earlier.left_by(listed)
        if not (calls or legs):
            return None
        callers = frozenset(call.call_id for call in calls)
        sides = callers | {side for leg in legs for side in (leg.leg_id, leg.call_id)}
        moments = [call.arrived_at_ms for call in calls] + [milliseconds(leg.held_at) for leg in legs]
        return Question(min(moments), sides, callers)

    def take_up(self, listed: LegsListed, seen: Witnessed) -> None:
        kept = self._earlier.take_kept()
        if not (self._earlier.calls or kept):
            return
        if kept:
            log.warning("%d places are kept for callers at home", len(kept))
        living = list(self._earlier.take_up(listed, seen.answered_ms))
        for call, began in living:
            log.warning("call %s goes on at %s", call.place.call_id, call.place.node)
            self._obey([*began, *self._left_message(call.place, listed)])
        self._obey(self._switchboard.adopt([call for call, _ in living], kept, listed.asked_at_ms))
        self._calls_over(listed, seen.ended_ms)

    def listed(self, listed: LegsListed, seen: Witnessed) -> LegsListed:
        """What our own calls may hear of it. What is over by now gets its bill."""
        ours, over = self._earlier.listed(listed)
        if over:
            self._end(over, listed, seen)
        return ours

    def _end(self, legs: list[LegRow], listed: LegsListed, seen: Witnessed) -> None:
        ledger, tariffs = self._switchboard.ledger, self._switchboard.directory.tariffs
        taken_up = {call.call_id for call in self._switchboard.calls()}
        orders = list(end_open_legs(legs, listed, seen, ledger, tariffs, taken_up))
        log.warning("left open by an earlier life: %s", ", ".join(leg.leg_id for leg in legs))
        self._obey(orders)
        self._calls_over(listed, seen.ended_ms)

    def _calls_over(self, listed: LegsListed, ended_ms: Mapping[str, int]) -> None:
        for place, over in self._earlier.calls_over(listed, ended_ms):
            self._obey([*self._left_message(place, listed), *over])

    def _left_message(self, place: CallAt, listed: LegsListed) -> list[Order]:
        """What a caller said whose message nobody heard the end of."""
        begun = begun_at(place)
        if begun is None:
            return []
        mailbox, stop = begun
        said_ms = self._recorded_ms(stop.recording)
        return [stop, *message_of(place, mailbox, stop.recording, listed.asked_at_ms, said_ms)]
