"""The step that rings: all its targets at once, each over one trunk after the other while unreachable.

Rule 1: the first to answer talks; the others are let go as answered elsewhere, and cost nothing.
Rule 2: a lone target's ringing and early media pass to the caller. Several cannot be heard at once: then
    the caller hears ringing, or music.
Rule 3: a target that must accept by a digit is asked alone; the caller goes on waiting meanwhile.
Rule 4: until the phone rings Asterisk has a time limit for all legs, also for what costs nothing: we may die.
    A caller of help keeps that of the dialplan, which calls help itself when it is over. What costs nothing
    and rings for the caller has none any more: who answers while nobody serves talks all the same.
Rule 5: nobody is given up while the news of his answer may be lost.
"""

from dataclasses import dataclass, field

from callctl.calls.events import DigitPressed, LegAnswered, LegEvent, LegGone, LegReady, OrderRefused, Why
from callctl.calls.legs import Attempt, Leg
from callctl.calls.orders import (
    Answer,
    Bound,
    Device,
    Dial,
    Endpoint,
    JoinAndDial,
    Order,
    PlaceLeg,
    PlayToLeg,
    StopPlaying,
)
from callctl.calls.outcomes import outcome_of
from callctl.calls.records import Connection, EndedBy
from callctl.calls.scene import Reached, Scene, Stage
from callctl.calls.states import State
from callctl.calls.talk import Talk
from dialplan.causes import Cause
from dialplan.numbers import EMERGENCY
from dialplan.steps import Accept, Hears, NotReached, Ring, most_telling
from dialplan.targets import Outside, Seat, Target
from rating.refusal import Refusal

ACCEPT_SERIAL = 1
PATIENCE_MS_MIN = 1_000
HELP = frozenset(Outside(number) for number in EMERGENCY)
PROVEN_AGAIN_MS = 50


@dataclass(slots=True)
class Try:
    """One phone of a target: the ways that are left to it, and what became of the last."""

    target: Target
    endpoints: list[Endpoint]
    attempt: Attempt | None = None
    outcome: NotReached | None = None
    is_picked_up: bool = False
    in_doubt_since_ms: int | None = None  # nobody knows whether it was dialled
    proven_again_ms: int = 0  # when to look again whether it is silent
    asked_until_ms: int | None = None
    asked: Talk | None = field(default=None, repr=False)
    is_paid: bool = False

    @property
    def leg(self) -> Leg:
        assert self.attempt
        return self.attempt.leg


class Ringing(Stage):
    state = State.RINGING

    def __init__(
        self,
        scene: Scene,
        step: Ring,
        *,
        is_heard: bool = True,
    ) -> None:
        """Without `is_heard` the caller notices nothing of it."""
        self._scene = scene
        self._step = step
        self._is_heard = is_heard
        self._ring_until_ms = 0
        self._tries: list[Try] = []
        self._failures_told: set[Target] = set()
        self._passes_media = step.hears is Hears.TARGET and step.accept is None and is_heard

    @property
    def legs_rung(self) -> list[Leg]:
        return [a_try.leg for a_try in self._tries if a_try.attempt and a_try.outcome is None]

    def begin(self, at_ms: int) -> list[Order]:
        self._ring_until_ms = at_ms + self._step.patience_ms
        for target in self._step.targets:
            self._tries += self._tries_of(target)
        self._passes_media = self._passes_media and len(self._tries) == 1
        orders: list[Order] = []
        for a_try in self._tries:
            if a_try.outcome is None:
                orders += self._place(a_try, at_ms)
        return self._after(orders)

    def deadline_ms(self) -> int | None:
        moments = [self._deadline_of(a_try) for a_try in self._tries if a_try.outcome is None]
        return min(moments, default=None)

    def wake(self, at_ms: int) -> list[Order]:
        orders: list[Order] = []
        for a_try in self._tries:
            if a_try.outcome is not None or self._deadline_of(a_try) > at_ms:
                continue
            if a_try.asked and a_try.asked_until_ms and at_ms < a_try.asked_until_ms:
                paid = a_try.asked.wake(at_ms)
                orders += (
                    self._failed(a_try, NotReached.REFUSED, paid, Cause.NORMAL, at_ms)
                    if isinstance(paid, EndedBy)
                    else paid
                )
            elif a_try.asked is None and not self._scene.silence.is_proven(self._silent_until_ms(a_try)):
                a_try.proven_again_ms = at_ms + PROVEN_AGAIN_MS
            elif a_try.in_doubt_since_ms is not None:
                orders += self._not_dialled(a_try, at_ms)
            else:
                orders += self._failed(a_try, NotReached.NO_ANSWER, EndedBy.SERVICE, Cause.NO_ANSWER, at_ms)
        return self._after(orders)

    def hear(self, event: LegEvent, at_ms: int) -> list[Order]:
        a_try = self._try_of(event.leg_id)
        if a_try is None or a_try.outcome is not None:
            return []
        match event:
            case LegReady():
                return self._ring(a_try, at_ms)
            case LegAnswered() if not a_try.leg.is_leaving:
                return self._answered(a_try, at_ms)
            case LegGone():
                orders = self._failed(a_try, outcome_of(event.cause), EndedBy.CALLEE, event.cause, at_ms)
                return self._after(orders)
            case DigitPressed() if a_try.asked_until_ms is not None:
                return self._chose(a_try, event.digit, at_ms)
            case _:
                return []

    def refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        if isinstance(event.order, JoinAndDial):
            self._scene.joined.difference_update(event.order.leg_ids)
        match event.order:
            case PlaceLeg(leg_id=leg_id) if a_try := self._try_of(leg_id):
                return self._not_placed(a_try, event.why, at_ms)
            case Bound() if event.why is not Why.GONE:
                for a_try in self._tries:
                    if a_try.asked:
                        a_try.asked.bound_lost(event.order, at_ms)
            case JoinAndDial(leg_ids=(_, leg_id)) | Dial(leg_id=leg_id) | PlayToLeg(leg_id=leg_id) if (
                event.why is not Why.GONE
            ):
                a_try = self._try_of(leg_id)
                if a_try is None or a_try.outcome is not None:
                    return []
                if event.why is Why.UNKNOWN and a_try.asked is None:
                    a_try.in_doubt_since_ms = at_ms
                    return []
                return self._after(self._not_dialled(a_try, at_ms))
            case _:
                pass
        return []

    def leave(self, at_ms: int) -> list[Order]:
        return [order for leg in self.legs_rung for order in leg.release(Cause.NORMAL, at_ms)]

    def target_of(self, attempt: Attempt) -> Target:
        return next(a_try.target for a_try in self._tries if a_try.attempt is attempt)

    def take_failures(self) -> list[tuple[Target, NotReached]]:
        """Targets of which no phone is left, each told once."""
        failures: list[tuple[Target, NotReached]] = []
        for target in self._step.targets:
            outcomes = [a_try.outcome for a_try in self._tries if a_try.target == target]
            known = [outcome for outcome in outcomes if outcome is not None]
            if target not in self._failures_told and len(known) == len(outcomes):
                self._failures_told.add(target)
                failures.append((target, most_telling(known)))
        return failures

    def pick_up(self, leg: Leg, seat: str, rung: str, at_ms: int) -> list[Order] | None:
        seats = [
            a_try.target for a_try in self._tries if a_try.outcome is None and isinstance(a_try.target, Seat)
        ]
        if not any(target.name == rung or not rung for target in seats):
            return None
        attempt = self._scene.connections.adopt_inside(leg, seat, self._ring_until_ms)
        self._tries.append(Try(Seat(seat), [], attempt, is_picked_up=True))
        bound = Bound(leg.leg_id, self._ring_until_ms + self._scene.terms.second_cut_ms)
        return [bound, attempt.ticket.held(at_ms), Answer(leg.leg_id)]

    def withdraw(self, at_ms: int) -> list[Order]:
        """Nobody is needed any more."""
        orders: list[Order] = []
        for a_try in self._tries:
            if a_try.outcome is None and a_try.attempt:
                orders += self._let_go(a_try, EndedBy.SERVICE, Cause.ANSWERED_ELSEWHERE, at_ms)
        return orders

    def _tries_of(self, target: Target) -> list[Try]:
        scene = self._scene
        match target:
            case Outside(number):
                return [Try(target, scene.ways_to(number))]
            case Seat(name):
                devices = scene.seats.devices(scene.account_id, name)
                if isinstance(devices, NotReached):
                    return [Try(target, [], outcome=devices)]
                return [Try(target, [Device(device)]) for device in devices]

    def _place(self, a_try: Try, at_ms: int) -> list[Order]:
        """Its next way; if there is money for it."""
        scene, target = self._scene, a_try.target
        endpoint = a_try.endpoints.pop(0)
        attempt: Attempt | Refusal
        connection: Connection | None = None
        answer_until_ms = self._ring_until_ms + (self._step.accept.patience_ms if self._step.accept else 0)
        if isinstance(target, Seat):
            attempt = scene.connections.admit_inside(target.name, at_ms, self._ring_until_ms)
        else:
            connection, attempt = scene.connections.admit(target.number, at_ms, answer_until_ms)
        if isinstance(attempt, Refusal):
            assert connection
            a_try.outcome = NotReached.REFUSED
            return [scene.refuse(connection, attempt, at_ms)]
        a_try.attempt = attempt
        meter = attempt.ticket.meter
        a_try.is_paid = bool(meter and meter.is_paid) or self._is_way_in_paid
        shown = scene.caller.number if self._step.shows_caller else scene.line
        leg_id, caller_leg_id = attempt.leg.leg_id, scene.caller.leg_id
        return [
            attempt.ticket.held(at_ms),
            PlaceLeg(
                leg_id,
                caller_leg_id,
                endpoint,
                shown,
                answer_until_ms + scene.terms.second_cut_ms,
                a_try.is_paid,
                scene.caller_name,
                scene.account_id,
                scene.node,
            ),
        ]

    @property
    def _is_way_in_paid(self) -> bool:
        way_in = self._scene.connections.way_in
        return way_in is not None and way_in.is_paid

    def _ring(self, a_try: Try, at_ms: int) -> list[Order]:
        scene, leg = self._scene, a_try.leg
        patience_ms = max(PATIENCE_MS_MIN, self._ring_until_ms - at_ms)
        if self._passes_media:
            orders = scene.quiet()
            scene.is_bridged = True
            both = (scene.caller.leg_id, leg.leg_id)
            scene.joined.update(both)
            has_codes = isinstance(a_try.target, Seat)
            join = JoinAndDial(scene.call_id, both, patience_ms, scene.caller.since_ms, tells_keys=has_codes)
            return [*orders, *self._joined(a_try, join)]
        dial = Dial(leg.leg_id, patience_ms, scene.caller.since_ms)
        return [dial, *(self._comfort() if self._is_heard else [])]

    def _joined(self, a_try: Try, join: JoinAndDial) -> list[Order]:
        if a_try.is_paid:
            return [join]
        endless, of_caller = Bound(a_try.leg.leg_id, None), self._scene.bound(None)
        # Whoever dies in between: a talk to help is never cut, and no other leg is left without a limit.
        return [endless, join, *of_caller] if self._is_for_help else [join, endless, *of_caller]

    @property
    def _is_for_help(self) -> bool:
        return self._passes_media and self._step.targets[0] in HELP

    def _comfort(self) -> list[Order]:
        if self._step.hears is not Hears.MUSIC:
            return self._scene.ring_back()
        return [] if self._scene.has_music else self._scene.music(self._scene.terms.music)

    def _answered(self, a_try: Try, at_ms: int) -> list[Order]:
        """A seat is engaged from here on, also while it is asked or consulted."""
        scene, accept, attempt = self._scene, self._step.accept, a_try.attempt
        assert attempt
        if a_try.asked_until_ms is not None:
            return []
        if attempt.ticket.is_inside:
            scene.seats.engage(
                scene.account_id, attempt.leg.number, scene.call_id, lambda: attempt.is_settled
            )
        if accept is None or a_try.is_picked_up:
            return self._reached(a_try, at_ms)
        return self._ask(a_try, attempt, accept, at_ms)

    def _ask(self, a_try: Try, attempt: Attempt, accept: Accept, at_ms: int) -> list[Order]:
        """It is paid from here on, whoever or whatever it was that answered."""
        attempt.was_met = True
        a_try.asked_until_ms = at_ms + accept.patience_ms
        began = attempt.began(at_ms)
        meter = attempt.ticket.meter
        a_try.asked = Talk([attempt.leg], [meter] if meter else [], self._scene.terms)
        play = PlayToLeg(attempt.leg.leg_id, ACCEPT_SERIAL, self._scene.media(accept.sounds))
        # What costs nothing keeps the limit with which it was placed.
        limits = [] if a_try.asked.paid_until_ms is None else a_try.asked.begin(at_ms)
        return [*limits, play, began]

    def _chose(self, a_try: Try, digit: str, at_ms: int) -> list[Order]:
        assert self._step.accept
        if digit == self._step.accept.digit:
            return [StopPlaying(a_try.leg.leg_id, ACCEPT_SERIAL), *self._reached(a_try, at_ms)]
        orders = self._failed(a_try, NotReached.BUSY, EndedBy.SERVICE, Cause.NORMAL, at_ms)
        return self._after(orders)

    def _reached(self, winner: Try, at_ms: int) -> list[Order]:
        assert winner.attempt
        orders: list[Order] = []
        for a_try in self._tries:
            if a_try is not winner and a_try.outcome is None and a_try.attempt:
                orders += self._let_go(a_try, EndedBy.SERVICE, Cause.ANSWERED_ELSEWHERE, at_ms)
        self._scene.refusal = None
        self.outcome = Reached(winner.attempt)
        return orders

    def _not_dialled(self, a_try: Try, at_ms: int) -> list[Order]:
        return self._failed(a_try, NotReached.UNREACHABLE, EndedBy.SERVICE, Cause.UNAVAILABLE, at_ms)

    def _not_placed(self, a_try: Try, why: Why, at_ms: int) -> list[Order]:
        if a_try.outcome is not None:
            return []
        if why is Why.NOT_RECORDED:
            self._scene.refusal = Refusal.NOT_RECORDED
            a_try.endpoints.clear()
            orders = self._failed(a_try, NotReached.REFUSED, EndedBy.REFUSED, Cause.CONGESTION, at_ms)
        else:
            orders = self._not_dialled(a_try, at_ms)
        return self._after(orders)

    def _failed(
        self, a_try: Try, outcome: NotReached, ended_by: EndedBy, cause: int, at_ms: int
    ) -> list[Order]:
        """This way led nowhere: settle it, then another, while there is one and time for it."""
        orders = self._let_go(a_try, ended_by, cause, at_ms)
        a_try.in_doubt_since_ms = None
        if outcome is NotReached.UNREACHABLE and a_try.endpoints and at_ms < self._ring_until_ms:
            return orders + self._place(a_try, at_ms)
        a_try.outcome = outcome
        return orders

    def _let_go(self, a_try: Try, ended_by: EndedBy, cause: int, at_ms: int) -> list[Order]:
        assert a_try.attempt
        released = a_try.leg.release(cause, at_ms)
        bills = [] if a_try.attempt.is_settled else a_try.attempt.settle(at_ms, ended_by, cause)
        return [*released, *bills]

    def _after(self, orders: list[Order]) -> list[Order]:
        """Perhaps nobody is left; the caller's own limit goes before the legs that are placed anew."""
        if self.outcome is None and all(a_try.outcome is not None for a_try in self._tries):
            self.outcome = most_telling(a_try.outcome for a_try in self._tries if a_try.outcome)
            if self.outcome is not NotReached.REFUSED:
                self._scene.refusal = None  # somebody was rung: that is told
        places = [at for at, order in enumerate(orders) if isinstance(order, PlaceLeg)]
        # A caller who talks has the bound of his talk.
        if not places or not self._is_heard or self._is_for_help:
            return orders
        until_ms = max(order.until_ms for order in orders if isinstance(order, PlaceLeg))
        before_record = places[0] - 1
        return [*orders[:before_record], *self._scene.bound(until_ms), *orders[before_record:]]

    def _deadline_of(self, a_try: Try) -> int:
        if a_try.asked_until_ms is None:
            return max(self._silent_until_ms(a_try), a_try.proven_again_ms)
        paid_until_ms = a_try.asked.deadline_ms() if a_try.asked else None
        return a_try.asked_until_ms if paid_until_ms is None else min(a_try.asked_until_ms, paid_until_ms)

    def _silent_until_ms(self, a_try: Try) -> int:
        in_doubt_ms = a_try.in_doubt_since_ms
        return self._ring_until_ms if in_doubt_ms is None else min(in_doubt_ms, self._ring_until_ms)

    def _try_of(self, leg_id: str) -> Try | None:
        return next((a_try for a_try in self._tries if a_try.attempt and a_try.leg.leg_id == leg_id), None)
