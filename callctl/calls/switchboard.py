"""All calls behind one door: everything that happens comes through `handle` or `wake`.

Rule 1: events in, orders out; nothing here waits, so nothing can change under its hands.
Rule 2: at one instant the order is payments, ends and answers, unit boundaries (older call first),
admissions. Boundaries that lie before an event are therefore taken first.
Rule 3: a bug in one call ends that call, settled by rule; the others go on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import heappop, heappush

from callctl.calls.adoption import Living
from callctl.calls.arrivals import PICK_UP, Arrivals
from callctl.calls.call import Call
from callctl.calls.directory import Directory
from callctl.calls.events import (
    CallArrived,
    CallReleased,
    DeviceSeen,
    EntryPosted,
    Event,
    LegEnded,
    LegEvent,
    LegReady,
    LegRings,
    LegsListed,
    MemberPaused,
    OrderRefused,
    SeatDialled,
)
from callctl.calls.legs import Leg, LegState, call_id_of_order
from callctl.calls.lines.call_backs import CallBacks
from callctl.calls.lines.lines import Lines
from callctl.calls.lost_news import in_doubt, lost_news
from callctl.calls.orders import (
    BridgeOrder,
    HangUp,
    MediaOrder,
    Order,
    StopRecording,
)
from callctl.calls.phones import SeatChanged
from callctl.calls.records import PlaceKept
from callctl.calls.seats import Seats
from callctl.calls.silence import Silence
from callctl.calls.stages.calling_back import why_missed
from callctl.calls.states import State
from callctl.calls.strangers import Strangers
from callctl.calls.terms import CallTerms
from callctl.calls.view import CallView, view
from dialplan.causes import Cause
from dialplan.targets import Seat, Target
from rating.ledger import Ledger

# How many faults wait for the log; a call can add one an event at the worst.
FAULTS_MAX = 1_000


class Switchboard:
    def __init__(self, ledger: Ledger, directory: Directory, terms: CallTerms) -> None:
        self.ledger = ledger
        self.directory = directory
        self.seats = Seats()
        self.lines = Lines(self.seats)
        self.call_backs = CallBacks(self.lines)
        self.silence = Silence()
        self._arrivals = Arrivals(
            ledger, directory, self.seats, self.lines, self.call_backs, terms, self.silence
        )
        self._calls: dict[str, Call] = {}
        self._by_leg: dict[str, Call] = {}
        self._deadlines: list[tuple[int, bool, int, str]] = []
        self._due: dict[str, tuple[int, bool]] = {}
        self._age: dict[str, int] = {}
        self._arrived_total = 0
        self._strangers = Strangers()
        self._is_closing = False
        self._faults: list[tuple[str, Exception]] = []

    def has(self, call_id: str) -> bool:
        return call_id in self._calls

    def calls(self) -> Iterator[Call]:
        return iter(self._calls.values())

    @property
    def calls_running(self) -> int:
        return len(self._calls)

    def in_doubt(self, listed: LegsListed) -> dict[str, int]:
        """Legs whose news got lost, and since when the witness may have spoken of them."""
        return in_doubt((leg for call in self._calls.values() for leg in call.legs), listed)

    def live(self) -> list[CallView]:
        return [view(call) for call in self._calls.values()]

    def live_in_turn(self) -> Iterator[CallView]:
        """Each as it is when it is asked for, so that many can be looked at a few at a time."""
        for call_id in list(self._calls):
            if call := self._calls.get(call_id):
                yield view(call)

    def where(self, call_id: str) -> tuple[str, str] | None:
        """Node and state of a call that runs."""
        call = self._calls.get(call_id)
        return (call.scene.node, call.state.value) if call else None

    def take_faults(self) -> list[tuple[str, Exception]]:
        """Bugs that ended a call since the last time, for whoever can shout."""
        faults, self._faults = self._faults, []
        return faults

    def deadline_ms(self) -> int | None:
        self._drop_stale()
        call_due_ms = self._deadlines[0][0] if self._deadlines else None
        moments = (call_due_ms, self.lines.members.deadline_ms(), self.call_backs.deadline_ms())
        return min((moment for moment in moments if moment is not None), default=None)

    def wake(self, at_ms: int) -> list[Order]:
        """All that was due by `at_ms`, in the order in which it was due."""
        orders: list[Order] = []
        while (due_ms := self.deadline_ms()) is not None and due_ms <= at_ms:
            self.lines.members.wake(due_ms)
            orders += self.call_backs.wake(due_ms)
            if self._deadlines and self._deadlines[0][0] == due_ms:
                _, _, _, call_id = heappop(self._deadlines)
                del self._due[call_id]
                call = self._calls[call_id]
                orders += self._run(call, partial(call.wake, due_ms), due_ms)
            orders += self._offer(due_ms)
        return orders

    def handle(self, event: Event, at_ms: int) -> list[Order]:
        is_admission = isinstance(event, CallArrived | SeatDialled)
        orders = self.wake(at_ms if is_admission else at_ms - 1)
        orders += self._heard(event, at_ms)
        return orders + self._offer(at_ms)

    def _heard(self, event: Event, at_ms: int) -> list[Order]:
        match event:
            case CallArrived() | SeatDialled():
                return self._arrived(event, at_ms)
            case EntryPosted():
                self.ledger.apply(event.entry)
                return []
            case DeviceSeen():
                self.seats.seen(event.device, is_reachable=event.is_reachable)
                if seat := self.seats.seat_of(event.device):
                    self._member_changed(seat[0], Seat(seat[1]), at_ms)
                return []
            case SeatChanged():
                self._seat_changed(event, at_ms)
                return []
            case MemberPaused(account_id, member, is_pausing):
                self.lines.members.pause((account_id, member), is_pausing=is_pausing)
                self._member_changed(account_id, member, at_ms)
                return []
            case CallReleased(call_id):
                call = self._calls.get(call_id)
                return self._run(call, partial(call.tear_down, at_ms), at_ms) if call else []
            case LegsListed():
                return self._listed(event)
            case OrderRefused():
                return self._refused(event, at_ms)
            case LegRings():
                return []
            case _:
                call = self._by_leg.get(event.leg_id)
                if call:
                    return self._run(call, partial(call.hear, event, at_ms), at_ms)
                # Its call is over, or it comes from an earlier life of ours.
                return [HangUp(event.leg_id, Cause.NORMAL)] if isinstance(event, LegReady) else []

    def _offer(self, at_ms: int) -> list[Order]:
        """Whoever has become free, to whom it is due; or that one is called back."""
        orders: list[Order] = []
        for place, members in self.lines.offers():
            if place.is_kept:
                orders += self._begin(self._arrivals.from_us(place, at_ms), at_ms)
                continue
            call = self._calls[place.call_id]
            orders += self._run(call, partial(call.offer, members, at_ms), at_ms)
        return orders

    def adopt(self, calls: Sequence[Living], kept: Iterable[PlaceKept], at_ms: int) -> list[Order]:
        """Those of an earlier life, on the phone or not, as they came to where they are."""
        orders: list[Order] = []
        on_phone = {living.place.call_id for living in calls}
        came: list[tuple[int, Living | PlaceKept]] = [(one.since_ms, one) for one in kept]
        came += [(living.place.way[-1].at_ms, living) for living in calls]
        for _, one in sorted(came, key=lambda pair: pair[0]):
            if isinstance(one, PlaceKept):
                promise = self._arrivals.kept(one, at_ms)
                self.call_backs.restore(promise, at_ms, is_on_phone=one.call_id in on_phone)
                continue
            call = self._arrivals.again(one, at_ms)
            self._enter(call)
            orders += self._run(call, partial(call.resume, at_ms), at_ms)
        return orders + self._offer(at_ms)

    def close(self, at_ms: int, *, keeps: bool = False) -> list[Order]:
        """The service ends: release everybody, unless all are kept for the next one. An emergency call goes
        on without it in any case (S-13)."""
        self._is_closing = True
        if keeps:
            return []
        orders: list[Order] = []
        for call in [call for call in self._calls.values() if not call.is_emergency]:
            orders += self._run(call, partial(call.tear_down, at_ms), at_ms)
        self.call_backs.close()
        return orders

    def _arrived(self, event: CallArrived | SeatDialled, at_ms: int) -> list[Order]:
        if self._is_closing or event.leg_id in self._calls or event.leg_id in self._by_leg:
            return []  # whom nobody takes over, the dialplan's fallback does
        if isinstance(event, SeatDialled):
            if event.number.startswith(PICK_UP):
                return self._pick_up(event, at_ms)
            call = self._arrivals.from_seat(event, at_ms)
        else:
            call = self._arrivals.from_outside(event, at_ms)
        if isinstance(call, Cause):
            return [HangUp(event.leg_id, call)]
        return self._begin(call, at_ms)

    def _begin(self, call: Call, at_ms: int) -> list[Order]:
        self._enter(call)
        return self._run(call, partial(call.begin, at_ms), at_ms)

    def _enter(self, call: Call) -> None:
        self._arrived_total += 1
        self._age[call.call_id] = self._arrived_total
        self._calls[call.call_id] = call

    def _pick_up(self, event: SeatDialled, at_ms: int) -> list[Order]:
        """The oldest call that rings at a colleague's."""
        known = self.seats.seat_of(event.device)
        account_id, seat = known or ("", "")
        rung = event.number.removeprefix(PICK_UP)
        orders: list[Order] = []
        for call in [call for call in self._calls.values() if call.account_id == account_id and known]:
            leg = Leg(event.leg_id, seat, LegState.RINGING, at_ms)
            orders += self._run(call, partial(call.pick_up, leg, seat, rung, at_ms), at_ms)
            if event.leg_id in self._by_leg:
                return orders
        return [*orders, HangUp(event.leg_id, Cause.NOT_FOUND)]

    def _listed(self, event: LegsListed) -> list[Order]:
        legs = [leg for call in self._calls.values() for leg in call.legs]
        orders: list[Order] = []
        for at_ms, news in sorted(lost_news(legs, event), key=lambda told: told[0]):
            orders += self._catch_up(news, at_ms)
            orders += self._heard(news, at_ms)
        for call in list(self._calls.values()):
            orders += self._run(call, partial(call.listed, event), event.asked_at_ms)
        found = self._strangers.look(event, self._by_leg, self._calls)
        orders += found.orders
        for arrival in found.arrivals:
            orders += self._heard(arrival, event.asked_at_ms)
        return orders

    def _catch_up(self, news: LegEvent, at_ms: int) -> list[Order]:
        """An end may come with the answer before it: what was talked in between is bought first."""
        orders: list[Order] = []
        call = self._by_leg.get(news.leg_id) if isinstance(news, LegEnded) else None
        while call and (due_ms := call.deadline_ms()) is not None and due_ms < at_ms:
            orders += self._run(call, partial(call.wake, due_ms), due_ms)
        return orders

    def _seat_changed(self, event: SeatChanged, at_ms: int) -> None:
        account_id, name = event.account_id, event.name
        if event.told:
            self.seats.tell(event.told)
        else:
            self.seats.forget(account_id, name)
            self.lines.members.pause((account_id, Seat(name)), is_pausing=False)
        self._member_changed(account_id, Seat(name), at_ms)

    def _member_changed(self, account_id: str, member: Target, at_ms: int) -> None:
        """Who waits alone wants to be woken, if it stays so."""
        for place in self.lines.member_changed(account_id, member, at_ms):
            if call := self._calls.get(place.call_id):
                self._arm(call)

    def _refused(self, event: OrderRefused, at_ms: int) -> list[Order]:
        call = self._call_of(event.order)
        return self._run(call, partial(call.refused, event, at_ms), at_ms) if call else []

    def _call_of(self, order: MediaOrder) -> Call | None:
        if isinstance(order, BridgeOrder | StopRecording):
            return self._calls.get(call_id_of_order(order))
        return self._by_leg.get(order.leg_id)

    def _run(self, call: Call, step: Callable[[], list[Order]], at_ms: int) -> list[Order]:
        try:
            orders = step()
        except Exception as fault:  # noqa: BLE001 rule 3: whatever the bug is, it is this call's
            if len(self._faults) < FAULTS_MAX:
                self._faults.append((call.call_id, fault))
            orders = call.tear_down(at_ms)
        for leg in call.legs:
            self._by_leg.setdefault(leg.leg_id, call)
        for leg in call.scene.connections.forget_gone():
            self._by_leg.pop(leg.leg_id, None)
        self.lines.members.look(call.call_id, at_ms)
        if call.state is State.OVER:
            return orders + self._forget(call, at_ms)
        self._arm(call)
        return orders

    def _arm(self, call: Call) -> None:
        deadline_ms = call.deadline_ms()
        if deadline_ms is None:
            self._due.pop(call.call_id, None)
            return
        # Whoever gives up at this instant gives back its hold before others look for their next unit.
        due = (deadline_ms, call.buys_at(deadline_ms))
        if self._due.get(call.call_id) != due:
            self._due[call.call_id] = due
            heappush(self._deadlines, (*due, self._age[call.call_id], call.call_id))

    def _forget(self, call: Call, at_ms: int) -> list[Order]:
        del self._calls[call.call_id]
        del self._age[call.call_id]
        self._due.pop(call.call_id, None)
        for leg in call.legs:
            self._by_leg.pop(leg.leg_id, None)
        scene = call.scene
        return [*self.call_backs.call_over(call.call_id, scene.promise, why_missed(scene), at_ms)]

    def _drop_stale(self) -> None:
        """An entry counts only while it is what its call still wants."""
        while self._deadlines and self._due.get(self._deadlines[0][3]) != self._deadlines[0][:2]:
            heappop(self._deadlines)
