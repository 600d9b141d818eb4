"""What happened, counted for Prometheus.

Rule 1: counting never changes what is counted.
"""

import asyncio
import sys
from collections import Counter

from callctl import metrics
from callctl.calls.directory import Directory
from callctl.calls.events import CallArrived, Event, OrderRefused, SeatDialled, Why
from callctl.calls.orders import HangUp, JoinAndDial, MediaOrder
from callctl.calls.records import EndedBy, LegRefused, LegSettled, MessageTaken, Record, RecordingBegan
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.storage.journal import Journal
from dialplan.numbers import EMERGENCY, normal_number
from rating.refusal import Refusal


class Tally:
    def __init__(self, clock: Clock, directory: Directory) -> None:
        self._clock = clock
        self._directory = directory
        self._records_told = 0
        self._transactions_told = 0
        self._left_out_told = 0

    def heard(self, event: Event) -> None:
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
            case MessageTaken():
                metrics.MESSAGES.inc()
            case RecordingBegan():
                metrics.RECORDINGS.inc()
            case _:
                pass

    def carried_out(self, order: MediaOrder, why: Why | None) -> None:
        if why is not None:
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
