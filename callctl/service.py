"""The only task group: facts in, orders out.

Rule 1: no decision is taken here. If a line below has to know why, it belongs in a call.
Rule 2: a paid leg, or the answer with which a paid way in begins, waits for its hold to be durable; nothing
that connects or ends media ever does.
Rule 3: any task that ends by a fault ends the service; Asterisk's second cut bounds what that can cost.
Rule 4: calls that are another service's now are touched by nobody here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial

from callctl import metrics
from callctl.asterisk import wire
from callctl.asterisk.agi import serve_agi
from callctl.asterisk.ami import Ami
from callctl.asterisk.ari import Ari
from callctl.asterisk.labels import Labels
from callctl.asterisk.registrar import Registrar
from callctl.asterisk.switch import Switch
from callctl.asterisk.trunks import Trunks
from callctl.calls.directory import Directory
from callctl.calls.events import DeviceSeen, Event, LegAnswered, OrderRefused, Why
from callctl.calls.orders import Answer, HangUp, MediaOrder, Order
from callctl.calls.records import CallAt, LegSettled, NodeFailed, Record
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock
from callctl.earlier_life import EarlierLife
from callctl.inheritance import Inheritance
from callctl.lanes import Lanes
from callctl.roll_call import RollCall
from callctl.settings import AmiSettings, ServiceSettings
from callctl.signals import as_long_as
from callctl.standstill import Standstill
from callctl.storage.database import Fenced
from callctl.storage.journal import Journal
from callctl.storage.ownership import Ownership
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.running_calls import Left
from callctl.tally import Tally
from callctl.telling import tell
from callctl.wrong_secrets import WrongSecrets
from rating.calendar import month_of
from rating.ledger import Ledger

log = logging.getLogger("callctl")

FAREWELL_S_MAX = 5.0
WRITTEN_S_MAX = 5.0

# A phone's own clock begins some milliseconds after Asterisk's stamp, and uvloop's timers may be one early:
# nobody shall be able to measure a cut that came before its time.
TIMER_LATER_MS = 5


class Service:
    _is_ending = False

    def __init__(
        self,
        settings: ServiceSettings,
        ledger: Ledger,
        directory: Directory,
        clock: Clock,
        left: Left,
        ownership: Ownership,
    ) -> None:
        self._settings, self._ownership, self._clock = settings, ownership, clock
        self._standstill = Standstill(clock.now_ms, ownership.is_ours)
        self.switchboard = Switchboard(ledger, directory, settings.terms)
        earlier = EarlierLife(left, ledger, directory.tariffs, clock.now_ms())
        recorded_ms = RecordingFiles(settings.recordings).length_ms
        self._inheritance = Inheritance(earlier, self.switchboard, recorded_ms, self._obey)
        self._roll_call = RollCall(self.switchboard, self._inheritance, settings.witness, clock, self.hear)
        self._ari = Ari(
            settings.ari.url,
            settings.ari.user,
            settings.ari.password,
            on_frame=self._on_frame,
            now_ms=clock.now_ms,
            on_list=self._roll_call.first,
            on_state=self._on_ari_state,
            on_proof=self._roll_call.heard,
        )
        self.wrong_secrets = WrongSecrets(self.switchboard.seats.seat_of, clock.now_ms)
        self._ami = self._ami_at(settings.ami)
        self._labels = Labels(self._ami)
        self._switch = Switch(self._ari, self._ami, clock, settings.sounds)
        self.registrar = Registrar(self._ari, self._on_device)
        self._journal = Journal(
            ownership,
            on_state=partial(self._on_state, "database"),
            on_room=self._on_room,
            waiting_max=settings.records_waiting_max,
        )
        self._tally = Tally(clock, directory, settings.all_trunks)
        self.switchboard.lines.on_waited = self._tally.waited
        self._lanes = Lanes(
            self._carry_out, self._not_recorded, self._journal.hold_of, self._start, settings.record_grace_s
        )
        self._obeying: set[asyncio.Task[None]] = set()
        self._tasks = asyncio.TaskGroup()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_ms: int | None = None
        self.on_bill: Callable[[LegSettled], None] = lambda _bill: None
        self.up: dict[str, bool] = {"ari": False, "ami": False, "database": True}

    def _ami_at(self, ami: AmiSettings) -> Ami:
        on_state = partial(self._on_state, "ami")
        return Ami(
            *ami.address,
            ami.user,
            ami.password,
            on_state=on_state,
            on_wrong_secret=self.wrong_secrets.heard,
        )

    @property
    def trunks(self) -> Trunks:
        return Trunks(self._ari, self._settings.trunks, self._settings.terms.emergency_trunk)

    def health(self) -> dict[str, object]:
        """AMI away costs nothing while ARI is there: time limits then go that way."""
        is_ok = self.up["ari"] and self.up["database"]
        return {
            "status": "ok" if is_ok else "degraded",
            **self.up,
            "calls": self.switchboard.calls_running,
            "records_waiting": self._journal.waiting,
        }

    async def run(self, besides: Mapping[str, Callable[[], Coroutine[None, None, None]]]) -> None:
        """Serve until cancelled; `besides`: what else is done meanwhile, by its name."""
        agi = await serve_agi(*self._settings.agi, self.describe_number)
        # Not of the group: whatever ends that, what the farewell bills is still to be written.
        writing = asyncio.create_task(self._journal.run(), name="write records")
        try:
            async with self._tasks as tasks:
                tasks.create_task(as_long_as(writing), name="watch the writing")
                tasks.create_task(self._stay_ours(), name="notice standstills")
                tasks.create_task(self._ami.run(), name="stay connected to AMI")
                tasks.create_task(self._ari.run(), name="stay connected to ARI")
                tasks.create_task(self.registrar.run(), name="tell Asterisk of phones")
                tasks.create_task(self._labels.run(), name="tell Asterisk of calls")
                listing = self._roll_call.now_and_then(self._ari, self._settings.list_every_s)
                tasks.create_task(listing, name="list channels")
                for name, work in besides.items():
                    tasks.create_task(work(), name=name)
                try:
                    await asyncio.Event().wait()
                finally:
                    await self._check_owner()
                    await self._say_farewell()
                    if not await self._journal.drained(FAREWELL_S_MAX):
                        log.error("%d records were not written", self._journal.waiting)
        finally:
            writing.cancel()
            await asyncio.wait({writing})
            agi.close()
            if self._timer:
                self._timer.cancel()

    async def _stay_ours(self) -> None:
        await self._standstill.watch()
        raise Fenced(self._ownership.why_lost)

    async def _check_owner(self) -> None:
        """Before calls end with us: are they ours? Whom Asterisk does not listen to any more must be sure."""
        asking = asyncio.create_task(self._ownership.is_ours())
        while not asking.done():
            with contextlib.suppress(asyncio.CancelledError):  # told once more to end: we are at it
                await asyncio.wait({asking})
        if asking.result() is False or (asking.result() is None and self._ari.is_taken):
            raise Fenced(self._ownership.why_lost)

    async def _say_farewell(self) -> None:
        """Calls end with us, and are billed to this moment; or the next service takes them up."""
        self._is_ending = True
        keeps = self._settings.calls_at_end == "keep"
        self._obey(self.switchboard.close(self._clock.now_ms(), keeps=keeps))
        if self._obeying:
            await asyncio.wait(self._obeying, timeout=FAREWELL_S_MAX)

    def hear(self, event: Event, at_ms: int) -> None:
        """The one door: from Asterisk, from the office, from orders that failed."""
        self._tally.heard(event)
        self._obey(self.switchboard.handle(event, at_ms), event)

    def runs(self, call_id: str) -> bool:
        """The call goes on, or is still to be settled."""
        return self.switchboard.has(call_id) or self._inheritance.has(call_id)

    def write_down(self, record: Record) -> asyncio.Future[None]:
        """Done when it is durable."""
        if isinstance(record, LegSettled):
            self.on_bill(record)
        return self.mend(record)

    def mend(self, record: Record) -> asyncio.Future[None]:
        """The same for a connection that was compared already: the witness has been heard of it."""
        self._tally.recorded(record)
        return self._tally.written(record, self._journal.write(record))

    async def written(self) -> bool:
        """All records so far are durable."""
        return await self._journal.drained(WRITTEN_S_MAX)

    def describe_number(self, dialled: str) -> dict[str, str]:
        """For a dialplan that is not ours: what a call to this number would meet."""
        number = self.switchboard.directory.number(wire.plain_number(dialled))
        account = self.switchboard.ledger.account(number.account_id) if number else None
        if account is None:
            return {"CALLCTL_STATUS": "unknown"}
        available = account.available_in(month_of(self._clock.now_ms()))
        return {
            "CALLCTL_ACCOUNT": account.account_id,
            "CALLCTL_AVAILABLE_KOPECKS": str(available),
            "CALLCTL_STATUS": "ok" if available > 0 else "no_money",
        }

    def _on_frame(self, frame: wire.Frame) -> None:
        event = wire.read(frame)
        if event is None:
            return
        at_ms = self._clock.heard_ms(wire.stamped_ms(frame))
        now_ms = self._clock.now_ms()
        if self.up["ari"]:  # what waited for the list after a gap proves nothing of the gap
            self._roll_call.heard(at_ms)
        metrics.EVENT_LAG.observe((now_ms - at_ms) / 1000)
        if isinstance(event, DeviceSeen):
            self.registrar.heard(event.device)
        self.hear(event, at_ms)

    def _on_device(self, event: DeviceSeen) -> None:
        self.hear(event, self._clock.now_ms())

    def _on_ari_state(self, is_up: bool) -> None:
        self._roll_call.connected(is_up)
        self._on_state("ari", is_up)
        if is_up:
            self.registrar.connected()

    def _on_state(self, to: str, is_up: bool) -> None:
        if self.up[to] != is_up:
            log.warning("%s is %s", to, "up" if is_up else "away")
        self._tally.connection(to, was_up=self.up[to], is_up=is_up)
        self.up[to] = is_up

    def _on_room(self, has_room: bool) -> None:
        self.switchboard.ledger.takes_paid = has_room

    def _wake(self) -> None:
        self._timer = self._timer_at_ms = None
        self._obey(self.switchboard.wake(self._clock.now_ms()))

    def _arm(self) -> None:
        """One timer, for whichever call wants to be woken first."""
        due_ms = self.switchboard.deadline_ms()
        if due_ms == self._timer_at_ms:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._timer_at_ms = due_ms
        if due_ms is not None:
            wait_ms = max(0, due_ms - self._clock.now_ms() + TIMER_LATER_MS)
            self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._wake)

    def _obey(self, orders: Iterable[Order], event: Event | None = None) -> None:
        orders = list(orders)
        tell(event, orders, self.switchboard.where)
        for order in orders:
            match order:
                case CallAt():
                    self._journal.write(order)
                    self._labels.at(order)
                case _ if isinstance(order, Record):
                    self.write_down(order)
                case NodeFailed():
                    metrics.NODES_FAILED.inc()
                    at = {"call": order.call_id, "node": order.node}
                    log.error("call %s: node %s: %s", *at.values(), order.why, extra={"fields": at})
                case HangUp():
                    self._start(self._carry_out(order))
                case _:
                    self._lanes.take(order)
        for call_id, fault in self.switchboard.take_faults():
            metrics.FAULTS.inc()
            torn_down = "call %s was torn down by a fault of ours"
            log.error(torn_down, call_id, exc_info=fault, extra={"fields": {"call": call_id}})
        if self.switchboard.silence.take_wanted():
            self._ari.ask_for_proof()
        self._arm()

    def _not_recorded(self, order: MediaOrder) -> None:
        self.hear(OrderRefused(order, Why.NOT_RECORDED), self._clock.now_ms())

    async def _carry_out(self, order: MediaOrder) -> None:
        if not self._standstill.is_over and not await self._standstill.ask():
            return
        self._tally.ordered(order)
        try:
            why = await self._switch.carry_out(order)
        except Exception:
            metrics.FAULTS.inc()
            log.exception("%s could not be carried out", order)
            why = Why.REJECTED
        self._tally.carried_out(order, why)
        if why is not None:
            self.hear(OrderRefused(order, why), self._clock.now_ms())
        elif isinstance(order, Answer):
            # Asterisk stamps a caller's answer before it sends it: the reply comes after that.
            self.hear(LegAnswered(order.leg_id), self._clock.now_ms())

    def _start(self, work: "asyncio._CoroutineLike[None]") -> None:
        # A group that a fault has ended takes nobody any more, and there is still a farewell to be said.
        begin = asyncio.create_task if self._is_ending else self._tasks.create_task
        task = begin(work)
        self._obeying.add(task)
        task.add_done_callback(self._obeying.discard)

    def measure(self) -> None:
        """Figures that are read, not counted, brought up to date before somebody looks."""
        self._tally.measure(self.switchboard, self._journal)
