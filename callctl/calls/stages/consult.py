"""A seat asks somebody else while its caller hears music.

Rule 1: while it rings the caller waits inside the bridge, the seat outside; who answers is joined to the
    seat, and the caller waits outside. Somebody is always in it: the last to leave ends what is recorded.
Rule 2: whoever was asked is paid from the answer on, by a meter of its own; when its money ends, the seat has
    its caller back.
"""

from callctl.calls.events import LegEnded, LegEvent, LegGone, OrderRefused, Why
from callctl.calls.legs import Attempt, Leg
from callctl.calls.orders import Bound, Order, RingBack
from callctl.calls.records import EndedBy
from callctl.calls.scene import Reached, Scene
from callctl.calls.stages.ringing import Ringing
from callctl.calls.talk import Talk
from dialplan.causes import Cause
from dialplan.steps import Hears, Ring
from dialplan.targets import Target

PATIENCE_MS = 30_000


class Consult:
    def __init__(self, scene: Scene, seat: Leg, target: Target) -> None:
        self._scene = scene
        self._seat = seat
        self.target = target
        self._ringing = Ringing(scene, Ring((target,), PATIENCE_MS, Hears.MUSIC), is_heard=False)
        self._paid: Talk | None = None
        self.attempt: Attempt | None = None  # who has answered
        self.is_over = False

    def begin(self, at_ms: int) -> list[Order]:
        scene = self._scene
        aside = [*scene.part(self._seat), *scene.music(scene.terms.music)]
        return [*aside, RingBack(self._seat.leg_id), *self._rung(self._ringing.begin(at_ms), at_ms)]

    def deadline_ms(self) -> int | None:
        if self.attempt is None:
            return self._ringing.deadline_ms()
        return self._paid.deadline_ms() if self._paid else None

    def wake(self, at_ms: int) -> list[Order]:
        if self.attempt is None:
            return self._rung(self._ringing.wake(at_ms), at_ms)
        assert self._paid
        orders = self._paid.wake(at_ms)
        return self._cut(self.attempt, orders, at_ms) if isinstance(orders, EndedBy) else orders

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        attempt = self.attempt
        if attempt is None:
            return self._rung(self._ringing.hear(event, at_ms), at_ms)
        if isinstance(event, LegEnded | LegGone) and event.leg_id == attempt.leg.leg_id:
            cause = event.cause if isinstance(event, LegGone) else Cause.NORMAL
            return [*attempt.settle(at_ms, EndedBy.CALLEE, cause), *self._back()]
        return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if self._paid and isinstance(event.order, Bound) and event.why is not Why.GONE:
            self._paid.bound_lost(event.order, at_ms)
        return self._rung(self._ringing.refused(event, at_ms), at_ms) if self.attempt is None else []

    def call_off(self, at_ms: int) -> list[Order]:
        """The seat wants its caller back."""
        if self.attempt is None:
            return [*self.withdraw(at_ms), *self._back()]
        return self._cut(self.attempt, EndedBy.CALLEE, at_ms)

    def withdraw(self, at_ms: int) -> list[Order]:
        """Nobody has answered, and nobody is there to hear it."""
        return self._ringing.withdraw(at_ms)

    def leave(self, at_ms: int) -> list[Order]:
        """The call ends: its bills come with it."""
        if self.attempt is None:
            return self._ringing.leave(at_ms)
        return [*self.attempt.leg.release(Cause.NORMAL, at_ms)]

    def _rung(self, orders: list[Order], at_ms: int) -> list[Order]:
        outcome = self._ringing.outcome
        if outcome is None:
            return orders
        self._scene.refusal = None
        if not isinstance(outcome, Reached):
            return [*orders, *self._back()]
        attempt = self.attempt = outcome.attempt
        attempt.was_met = True
        began = attempt.began(at_ms)
        meter = attempt.ticket.meter
        self._paid = Talk([attempt.leg], [meter] if meter else [], self._scene.terms)
        return [*orders, *self._change_places(attempt.leg), *self._paid.begin(at_ms), began]

    def _change_places(self, answered: Leg) -> list[Order]:
        """Never a third one in the bridge, and never nobody."""
        scene = self._scene
        aside = [*scene.part(scene.caller), *scene.music(scene.terms.music)]
        return [*scene.join(answered), *aside, *scene.join(self._seat)]

    def _cut(self, attempt: Attempt, why: EndedBy, at_ms: int) -> list[Order]:
        released = attempt.leg.release(Cause.NORMAL, at_ms)
        return [*released, *attempt.settle(at_ms, why, Cause.NORMAL), *self._back()]

    def _back(self) -> list[Order]:
        self.is_over = True
        return [*self._scene.quiet(), *self._scene.join(self._scene.caller, self._seat)]
