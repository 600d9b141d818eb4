"""A scenario run to its end: the real switchboard and clock, a simulated Asterisk, a ledger in memory.

Rule 1: after every step the promises hold, or the run stops with the step in its hands.
Rule 2: once the faults are over everything must come to rest; what does not is told.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from callctl.calls.directory import Directory, Number
from callctl.calls.events import DeviceSeen, EntryPosted, Event
from callctl.calls.money.late import LateRecord, bill_late
from callctl.calls.orders import HangUp, Order, PlayToBridge
from callctl.calls.records import (
    CallAt,
    CallBackOver,
    CallOver,
    LegBegan,
    LegHeld,
    LegRefused,
    LegSettled,
    MessageTaken,
    NodeFailed,
    PlaceKept,
    Record,
    RecordingBegan,
)
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock, milliseconds, moment, rfc3339
from callctl.simulate.books import Books, guarantee_entries, open_account
from callctl.simulate.exchange import Exchange
from callctl.simulate.lines import Line, entry_line, pots_left, refused_line, release_line, settled_line
from callctl.simulate.promises import Promises
from callctl.simulate.scenario import LedgerLine, Load, Scenario
from callctl.simulate.timeline import Timeline, Turn
from callctl.simulate.told import CallTold, Faults, GuaranteeTold, LateTold
from rating.entries import Entry, EntryKind, ReferenceClash
from rating.ledger import Ledger
from rating.profile import Profile, Tariffs
from rating.quote import fund
from rating.refusal import Refusal
from rating.tariff import Rate

# How long after the last thing that was told the night may go on: a call without end has no money for more.
REST_MS = 400 * 24 * 3600 * 1000
FAULTS_AFTER_LAST_MS = 120_000
LIST_EVERY_MS = 15_000

Watch = Callable[[Event | None, Sequence[Order], int], None]


class Night:
    def __init__(
        self,
        scenario: Scenario,
        tariffs: Tariffs,
        loads: Sequence[Load] = (),
        watch: Watch = lambda event, orders, at_ms: None,
    ) -> None:
        """`watch` sees every step: what was heard, if anything, and what is ordered upon it."""
        self._scenario = scenario
        self._watch = watch
        self._loads = loads
        self._timeline = Timeline(scenario.start_ms)
        self._clock = Clock(
            wall_ns=lambda: self._timeline.wall_ms * 1_000_000,
            monotonic_ns=lambda: self._timeline.now_ms * 1_000_000,
        )
        self.ledger = Ledger()
        self.books = Books()
        self.records: list[Record] = []
        self.told: list[CallOver | MessageTaken | RecordingBegan | NodeFailed | CallBackOver] = []
        self.lines: list[Line] = []
        self._rates: dict[str, Rate | None] = {}
        self._tariffs = Tariffs(tariffs.profiles)
        directory = Directory(self._tariffs)
        for number in scenario.numbers:
            directory.add(Number(number.number, number.account, number.read_scheme()))
        terms = scenario.settings.terms(("simulated",), "simulated")
        self.switchboard = Switchboard(self.ledger, directory, terms)
        self.exchange = Exchange(self._timeline, scenario, self._hear)
        for seat in scenario.seats:
            self.switchboard.seats.tell(seat.seat)
            for device in seat.devices:
                self.switchboard.handle(DeviceSeen(device, is_reachable=True), scenario.start_ms)
        self._promises = Promises(self.ledger)
        self._late = Random(scenario.seed + 1)
        self._woken_at_ms: int | None = None
        for account in scenario.accounts:
            self._promises.told(account.id)
            self._post(open_account(account, self.ledger, self._tariffs, scenario.start_ms))

    def run(self) -> list[Line]:
        """Every ledger line and release, in order; then the balances and what did not come to rest."""
        scenario, start_ms = self._scenario, self._scenario.start_ms
        for jump in scenario.clock_jumps:
            self._timeline.at(start_ms + jump.at, partial(self._jump, round(jump.by_s * 1000)))
        for told in scenario.lines:
            self._timeline.at(start_ms + told.at, partial(self._enter, told), Turn.PAYMENT)
        for late in scenario.late:
            self._timeline.at(start_ms + late.at, partial(self._bill_late, late), Turn.PAYMENT)
        for load in self._loads:
            self._timeline.at(start_ms + load.at_ms, partial(self._load, load.profile), Turn.TARIFF)
        for guarantee in scenario.guarantees:
            self._timeline.at(start_ms + guarantee.at, partial(self._guarantee, guarantee), Turn.GUARANTEE)
        for seen in scenario.seen:
            see = partial(self.exchange.see, seen.device, is_reachable=seen.reachable)
            self._timeline.at(start_ms + seen.at, see)
        for number, call in enumerate(scenario.calls, 1):
            self._timeline.at(start_ms + call.at, partial(self._arrive, f"sim-{number}", call), Turn.ARRIVAL)
        if scenario.faults != Faults():
            self._plan_silences()
            self._list_later()
        self._timeline.run(start_ms + REST_MS)
        self.lines.append(self._summary())
        return self.lines

    def _plan_silences(self) -> None:
        start_ms, every_ms = self._scenario.start_ms, self._scenario.faults.silence_every_s * 1000
        if not every_ms:
            return
        for at_ms in range(start_ms + every_ms, self._last_call_ms + FAULTS_AFTER_LAST_MS, every_ms):
            self._timeline.at(at_ms, self.exchange.fall_silent)

    def _list_later(self) -> None:
        """As the service does, as long as there is somebody."""
        self._timeline.at(self._timeline.now_ms + LIST_EVERY_MS, self._list)

    def _list(self) -> None:
        self.exchange.list_again()
        is_before_last = self._timeline.now_ms < self._last_call_ms
        if is_before_last or self.exchange.legs_alive or self.switchboard.calls_running:
            self._list_later()

    @property
    def _last_call_ms(self) -> int:
        return self._scenario.start_ms + max((call.at for call in self._scenario.calls), default=0)

    def _arrive(self, leg_id: str, call: CallTold) -> None:
        self.exchange.ring_in(leg_id, call)

    def _jump(self, by_ms: int) -> None:
        self._timeline.jumped_ms += by_ms

    def _enter(self, told: LedgerLine) -> None:
        entry = self.books.entry(told, self._clock.now_ms())
        if entry is None:
            self._complain(f"there is no payment to take back by {told.ref!r}")
        else:
            self._post([entry])

    def _guarantee(self, told: GuaranteeTold) -> None:
        self._post(guarantee_entries(told, self._clock.now_ms()))

    def _post(self, entries: Sequence[Entry]) -> None:
        """Lines from outside, as one step."""
        orders: list[Order] = []
        for entry in entries:
            self._promises.told(entry.account_id)
            try:
                is_new = self.books.add(entry)
            except ReferenceClash as clash:
                self._complain(str(clash))
                continue
            if is_new:
                orders += self.switchboard.handle(EntryPosted(entry), self._clock.now_ms())
                self._tell_entry(entry)
        self._obey(orders)

    def _bill_late(self, told: LateTold) -> None:
        """A record that somebody else counted; the same again is no news."""
        at_ms, answered_ms = self._clock.now_ms(), milliseconds(told.answered)
        record = LateRecord(
            told.account, told.ref, told.caller, told.to, told.caller, answered_ms, told.seconds
        )
        account = self.ledger.account(told.account)
        assert account
        if record.leg_id in self._rates:
            return
        if fault := record.fault(at_ms):
            self._complain(f"late record {told.ref!r}: {fault}")
            return
        self._promises.told(told.account)
        bill = bill_late(record, account, self.ledger, self._tariffs, at_ms)
        if isinstance(bill, Refusal):
            self._complain(f"late record {told.ref!r}: {bill.value}")
            return
        units = bill.settled.charge.units
        self.ledger.settle(bill.hold, units, with_setup=units > 0, at_ms=at_ms, kind=EntryKind.LATE)
        self._obey([bill.held, bill.began, bill.settled])

    def _load(self, profile: Profile) -> None:
        self._tariffs.replace(profile)
        for account in self.ledger.accounts():
            if account.profile == profile.name:
                self._promises.told(account.account_id)
                fund(account, self._tariffs)
        self._promises.check()

    def _hear(self, event: Event, stamp_ms: int) -> None:
        self.switchboard.silence.proven(self.exchange.proven_ms)
        self._obey(self.switchboard.handle(event, self._clock.heard_ms(stamp_ms)), event)

    def _wake(self, due_ms: int) -> None:
        if self._woken_at_ms == due_ms:
            self._woken_at_ms = None
            self.switchboard.silence.proven(self.exchange.proven_ms)
            self._obey(self.switchboard.wake(self._clock.now_ms()))

    def _obey(self, orders: Sequence[Order], event: Event | None = None) -> None:
        self._watch(event, orders, self._clock.now_ms())
        for order in orders:
            match order:
                case LegHeld() | LegBegan() | LegSettled() | LegRefused():
                    self._record(order)
                case CallAt() | PlaceKept():
                    pass
                case CallOver() | MessageTaken() | RecordingBegan() | NodeFailed() | CallBackOver():
                    self.told.append(order)
                case _:
                    if isinstance(order, HangUp | PlayToBridge):
                        self.lines.append(release_line(order, self._clock.now_ms()))
                    self.exchange.carry_out(order)
        self._keep_promises()
        due_ms = self.switchboard.deadline_ms()
        if due_ms is not None and due_ms != self._woken_at_ms:
            self._woken_at_ms = due_ms
            late_ms = self._late.randint(0, self._scenario.faults.wake_late_ms_max)
            self._timeline.at(due_ms + late_ms, partial(self._wake, due_ms), Turn.TIMER)

    def _keep_promises(self) -> None:
        for call_id, fault in self.switchboard.take_faults():
            raise AssertionError(f"seed {self._scenario.seed}: a fault in {call_id}") from fault
        self._promises.check()
        self._promises.check_calls(self.switchboard.calls())

    def _record(self, record: Record) -> None:
        self.records.append(record)
        match record:
            case LegHeld():
                self._rates[record.connection.leg_id] = record.rate
            case LegBegan():
                if record.rate:
                    self._rates[record.leg_id] = record.rate
            case LegSettled():
                for entry in record.entries:
                    self.books.add(entry)
                    self._tell_entry(entry)
                self.lines.append(settled_line(record, self._rates[record.leg_id]))
            case LegRefused():
                self.lines.append(refused_line(record))

    def _tell_entry(self, entry: Entry) -> None:
        left = self.books.left(entry.account_id, entry.pot)
        account = self.ledger.account(entry.account_id)
        if account and entry.pot:
            left += account.pot(entry.pot).granted
        self.lines.append(entry_line(entry, left))

    def _complain(self, why: str) -> None:
        self.lines.append({"at": rfc3339(moment(self._clock.now_ms())), "not_entered": why})

    def _summary(self) -> Line:
        accounts = list(self.ledger.accounts())
        pots = {account.account_id: left for account in accounts if (left := pots_left(account))}
        return {
            "at": rfc3339(moment(self._clock.now_ms())),
            "balances_kopecks": {account.account_id: account.balance for account in accounts},
            **({"pots": pots} if pots else {}),
            "calls_left": len(self.switchboard.live()),
            "legs_left": len(self.exchange.legs_alive),
            "holds_left": self.ledger.holds_open,
        }
