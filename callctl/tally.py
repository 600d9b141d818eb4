"""What happened, counted for Prometheus.

Rule 1: counting never changes what is counted.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from functools import partial

from callctl import metrics
from callctl.calls.directory import Directory
from callctl.calls.events import CallArrived, Event, OrderRefused, SeatDialled, Why
from callctl.calls.lines.lines import WaitEnd
from callctl.calls.orders import HangUp, JoinAndDial, MediaOrder
from callctl.calls.records import (
    CallBackOver,
    CallOver,
    EndedBy,
    LegHeld,
    LegRefused,
    LegSettled,
    MessageTaken,
    Record,
    RecordingBegan,
)
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.storage.journal import Journal
from callctl.trunk_tally import TrunkTally
from dialplan.numbers import EMERGENCY, normal_number
from rating.refusal import Refusal


class Tally:
    def __init__(self, clock: Clock, directory: Directory, trunks: Iterable[str]) -> None:
        self._clock = clock
        self._directory = directory
        self._trunks = TrunkTally(trunks, clock.now_ms)
        self._records_told = 0
        self._transactions_told = 0
        self._left_out_told = 0

    def heard(self, event: Event) -> None:
        self._trunks.heard(event)
        if isinstance(event, CallArrived):
            metrics.ARRIVED.inc()
            number = normal_number(event.number) or ""
            if number not in EMERGENCY and self._directory.number(number) is None:
                metrics.UNKNOWN_NUMBER.inc()
        elif isinstance(event, SeatDialled):
            metrics.CALLED_BY_SEATS.inc()
        elif isinstance(event, OrderRefused) and event.why is Why.NOT_RECORDED:
            metrics.REFUSED[Refusal.NOT_RECORDED].inc()

    def recorded(self, record: Record) -> None:
        match record:
            case LegSettled():
                metrics.ENDED[record.ended_by].inc()
                metrics.CHARGED.inc(record.charge.amount)
                if record.ended_by is EndedBy.SECOND_CUT:
                    metrics.SECOND_CUTS.inc()
            case LegRefused():
                metrics.ENDED[EndedBy.REFUSED].inc()
                metrics.REFUSED[record.refusal].inc()
            case CallOver():
                metrics.CALLS_ENDED[record.ending].inc()
            case MessageTaken():
                metrics.MESSAGES.inc()
            case RecordingBegan():
                metrics.RECORDINGS.inc()
            case CallBackOver():
                metrics.CALL_BACKS[record.end].inc()
            case _:
                pass

    def written(self, record: Record, durable: asyncio.Future[None]) -> asyncio.Future[None]:
        """The record is on its way, and will have been written when `durable` is done."""
        durable.add_done_callback(partial(self._durable, record, self._clock.now_ms()))
        return durable

    def _durable(self, record: Record, since_ms: int, durable: asyncio.Future[None]) -> None:
        if durable.cancelled():
            return  # left out
        now_ms = self._clock.now_ms()
        metrics.LEDGER_DELAY.observe((now_ms - since_ms) / 1000)
        if isinstance(record, LegHeld):
            metrics.AUTHORISATION.observe((now_ms - record.at_ms) / 1000)

    def waited(self, wait_ms: int, end: WaitEnd) -> None:
        metrics.WAITED[end].observe(wait_ms / 1000)

    def connection(self, to: str, *, was_up: bool, is_up: bool) -> None:
        if was_up and not is_up:
            metrics.LOST[to].inc()
        metrics.UP[to].set(is_up)

    def ordered(self, order: MediaOrder) -> None:
        self._trunks.ordered(order)

    def carried_out(self, order: MediaOrder, why: Why | None) -> None:
        if why is not None:
            self._trunks.refused(order)
            metrics.ORDERS_REFUSED[why.value].inc()
        elif isinstance(order, HangUp) and order.due_at_ms is not None:
            metrics.CUT_LATENESS.observe((self._clock.now_ms() - order.due_at_ms) / 1000)
        elif isinstance(order, JoinAndDial):
            metrics.ADDED_DELAY.observe((self._clock.now_ms() - order.arrived_at_ms) / 1000)

    def measure(self, switchboard: Switchboard, journal: Journal) -> None:
        counts = Counter(call.state for call in switchboard.calls())
        for state, gauge in metrics.CALLS_BY_STATE.items():
            gauge.set(counts[state])
        metrics.HELD.set(switchboard.ledger.held_total)
        metrics.HOLDS.set(switchboard.ledger.holds_open)
        metrics.WAITING.set(switchboard.lines.waiting)
        metrics.PHONES_THERE.set(switchboard.seats.phones_there)
        metrics.TASKS.set(len(asyncio.all_tasks()))
        metrics.MEMORY_BLOCKS.set(sys.getallocatedblocks())
        metrics.RECORDS_WAITING.set(journal.waiting)
        metrics.RECORDS.inc(journal.written_total - self._records_told)
        metrics.RECORDS_LEFT_OUT.inc(journal.left_out_total - self._left_out_told)
        metrics.TRANSACTIONS.inc(journal.transactions_total - self._transactions_told)
        self._left_out_told = journal.left_out_total
        self._records_told = journal.written_total
        self._transactions_told = journal.transactions_total
