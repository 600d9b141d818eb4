"""A scenario run to its end: the real switchboard and clock, a simulated Asterisk, a ledger in memory.

Rule 1: after every step the promises hold, or the run stops with the step in its hands.
Rule 2: once the faults are over everything must come to rest; what does not is told.
"""

from functools import partial
from random import Random
from typing import Any

from callctl.calls.directory import Directory, Number
from callctl.calls.events import EntryPosted, Event
from callctl.calls.orders import HangUp, Order, PlayToBridge
from callctl.calls.records import LegBegan, LegHeld, LegRefused, LegSettled, Record
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock, moment, rfc3339
from callctl.simulate.exchange import Exchange
from callctl.simulate.scenario import CallTold, PaymentTold, Scenario
from callctl.simulate.timeline import Timeline, Turn
from rating.entries import Entry, EntryKind, ReferenceClash, same_entry
from rating.ledger import Account, Ledger
from rating.money import ZERO
from rating.profile import Tariffs
from rating.quote import fund

Line = dict[str, Any]

# How long after the last thing that was told the night may go on: a call without end has no money for more.
REST_MS = 400 * 24 * 3600 * 1000
FAULTS_AFTER_LAST_MS = 120_000
RAN_AWAY_STEPS = 5_000_000


class Night:
    def __init__(self, scenario: Scenario, tariffs: Tariffs) -> None:
        self._scenario = scenario
        self._timeline = Timeline(scenario.start_ms)
        self._clock = Clock(
            wall_ns=lambda: self._timeline.wall_ms * 1_000_000,
            monotonic_ns=lambda: self._timeline.now_ms * 1_000_000,
        )
        self.ledger = Ledger()
        self.entries: dict[tuple[str, str], Entry] = {}
        self.records: list[Record] = []
        self.lines: list[Line] = []
        directory = Directory(tariffs)
        for account in scenario.accounts:
            opened = Account(account.id, account.profile, account.plan, ZERO)
            fund(opened, tariffs)
            self.ledger.open(opened)
            opening = Entry(account.id, "opening", EntryKind.OPENING, account.balance, scenario.start_ms)
            if account.balance:
                self._post(opening)
                self.ledger.apply(opening)
        for number in scenario.numbers:
            directory.add(Number(number.number, number.account, number.read_scheme()))
        terms = scenario.settings.terms(("simulated",), "simulated")
        self.switchboard = Switchboard(self.ledger, directory, terms)
        self.exchange = Exchange(self._timeline, scenario.faults, scenario.seed, self._hear)
        self._late = Random(scenario.seed + 1)
        self._woken_at_ms: int | None = None

    def run(self) -> list[Line]:
        """Every ledger line and release, in order; then the balances and what did not come to rest."""
        scenario, start_ms = self._scenario, self._scenario.start_ms
        for jump in scenario.clock_jumps:
            self._timeline.at(start_ms + jump.at, partial(self._jump, round(jump.by_s * 1000)))
        for payment in scenario.payments:
            self._timeline.at(start_ms + payment.at, partial(self._pay, payment), Turn.PAYMENT)
        for number, call in enumerate(scenario.calls, 1):
            self._timeline.at(start_ms + call.at, partial(self._arrive, f"sim-{number}", call), Turn.ARRIVAL)
        self._plan_silences()
        self._timeline.run(start_ms + REST_MS)
        self.lines.append(self._summary())
        return self.lines

    def _plan_silences(self) -> None:
        every_ms = self._scenario.faults.silence_every_s * 1000
        if not every_ms:
            return
        last_ms = max((call.at for call in self._scenario.calls), default=0) + FAULTS_AFTER_LAST_MS
        for at_ms in range(every_ms, last_ms, every_ms):
            self._timeline.at(self._scenario.start_ms + at_ms, self.exchange.fall_silent)

    def _arrive(self, leg_id: str, call: CallTold) -> None:
        self.exchange.ring_in(leg_id, call)

    def _jump(self, by_ms: int) -> None:
        self._timeline.jumped_ms += by_ms

    def _pay(self, payment: PaymentTold) -> None:
        at_ms = self._clock.now_ms()
        entry = Entry(payment.account, payment.ref, EntryKind.PAYMENT, payment.amount, at_ms)
        try:
            is_new = self._post(entry)
        except ReferenceClash as clash:
            self.lines.append({"at": rfc3339(moment(at_ms)), "refused_payment": str(clash)})
            return
        if is_new:
            self._obey(self.switchboard.handle(EntryPosted(entry), at_ms))

    def _hear(self, event: Event, stamp_ms: int) -> None:
        self._obey(self.switchboard.handle(event, self._clock.heard_ms(stamp_ms)))

    def _wake(self, due_ms: int) -> None:
        if self._woken_at_ms == due_ms:
            self._woken_at_ms = None
            self._obey(self.switchboard.wake(self._clock.now_ms()))

    def _obey(self, orders: list[Order]) -> None:
        for order in orders:
            match order:
                case LegHeld() | LegBegan() | LegSettled() | LegRefused():
                    self._record(order)
                case _:
                    if isinstance(order, HangUp | PlayToBridge):
                        self._tell_release(order)
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
        for account in self.ledger.accounts():
            assert account.available >= 0, f"seed {self._scenario.seed}: {account} was overdrawn"
        assert self.ledger.held_total == sum(account.held for account in self.ledger.accounts())

    def _record(self, record: Record) -> None:
        self.records.append(record)
        match record:
            case LegSettled():
                for entry in record.entries:
                    self._post(entry)
                self.lines.append(
                    {
                        "at": rfc3339(moment(record.ended_at_ms)),
                        "settled": record.leg_id,
                        "account_id": record.account_id,
                        "seconds": record.charge.seconds,
                        "units": record.charge.units,
                        "charge_kopecks": record.charge.amount,
                        "ended_by": record.ended_by.value,
                        "cause": int(record.cause),
                    }
                )
            case LegRefused():
                self.lines.append(
                    {
                        "at": rfc3339(moment(record.at_ms)),
                        "refused": record.connection.leg_id,
                        "account_id": record.connection.account_id,
                        "to": record.connection.number,
                        "refusal": record.refusal.value,
                    }
                )
            case _:
                pass

    def _post(self, entry: Entry) -> bool:
        """True when the line is new; the same reference with other content raises."""
        key = (entry.account_id, entry.reference)
        if known := self.entries.get(key):
            return not same_entry(known, entry)
        self.entries[key] = entry
        self.lines.append(
            {
                "at": rfc3339(moment(entry.at_ms)),
                "entry": entry.reference,
                "account_id": entry.account_id,
                "kind": entry.kind.value,
                "amount_kopecks": entry.amount,
                "balance_kopecks": self._sum(entry.account_id),
            }
        )
        return True

    def _sum(self, account_id: str) -> int:
        return sum(entry.amount for (owner, _), entry in self.entries.items() if owner == account_id)

    def _tell_release(self, order: HangUp | PlayToBridge) -> None:
        at = rfc3339(moment(self._clock.now_ms()))
        if isinstance(order, HangUp):
            self.lines.append({"at": at, "release": order.leg_id, "cause": int(order.cause)})
        else:
            self.lines.append({"at": at, "warning": order.bridge_id})

    def _summary(self) -> Line:
        return {
            "at": rfc3339(moment(self._clock.now_ms())),
            "balances_kopecks": {account.account_id: account.balance for account in self.ledger.accounts()},
            "calls_left": len(self.switchboard.live()),
            "legs_left": len(self.exchange.legs_alive),
            "holds_left": self.ledger.holds_open,
        }
