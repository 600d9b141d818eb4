"""What runs, told to whoever listens: calls and queues as they change, money as it moves.

Rule 1: while nobody listens nothing is done. Listeners make no call wait: what runs is looked at four times a
    second, at queues once a second, and what is told to all is written once.
Rule 2: who does not read is dropped when as much waits for him as the bound says; others do not notice.
Rule 3: whoever comes back with the number of what he heard last hears what he missed, while it is kept; else
    all that runs, in one `snapshot`.
"""

import asyncio
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from callctl import metrics
from callctl.api.queues import show_line
from callctl.api.words import Json, a_few_at_a_time, show_call
from callctl.calls.lines.line_view import LineView
from callctl.calls.view import CallView
from callctl.clock import moment, rfc3339
from rating.calendar import month_of
from rating.ledger import Account, Ledger

LOOK_EVERY_S = 0.25
LOOKS_A_QUEUE = 4
WAITING_BYTES_MAX = 1_000_000
KEPT_MAX = 2_000

log = logging.getLogger(__name__)


class Money(NamedTuple):
    balance: int
    held: int
    available: int


@dataclass(eq=False)
class Listener:
    """`drop`: ends his connection, whatever he does."""

    drop: Callable[[], None]
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_dropped: bool = False

    def offer(self, told: bytes) -> bool:
        if self.size + len(told) > WAITING_BYTES_MAX:
            return False
        self.waiting.append(told)
        self.size += len(told)
        self.news.set()
        return True

    def take(self) -> bytes:
        told = b"".join(self.waiting)
        self.waiting.clear()
        self.size = 0
        self.news.clear()
        return told


class Stream:
    def __init__(
        self,
        live: Callable[[], Iterable[CallView]],
        lines: Callable[[], list[LineView]],
        ledger: Ledger,
        now_ms: Callable[[], int],
    ) -> None:
        self._live = live
        self._lines = lines
        self._ledger = ledger
        self._now_ms = now_ms
        self._listeners: set[Listener] = set()
        self._somebody = asyncio.Event()
        self._turn = asyncio.Lock()
        self._calls: dict[str, CallView] = {}
        self._queues: dict[tuple[str, str], LineView] = {}
        self._money: dict[str, Money] = {}
        self._looks = count()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT_MAX)
        self._serials = count(1)
        self._run = ""

    @property
    def listening(self) -> int:
        return len(self._listeners)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._somebody.wait()
            try:
                async with self._turn:
                    await self._look()
            except Exception:
                metrics.FAULTS.inc()
                log.exception("what runs could not be told")
                self._drop(list(self._listeners))
            await asyncio.sleep(LOOK_EVERY_S)

    async def enter(self, listener: Listener, last: str) -> None:
        async with self._turn:
            if not self._listeners:
                await self._begin()
            missed = self._missed(last)
            listener.offer(await self._snapshot() if missed is None else b"".join(missed))
            self._listeners.add(listener)
            self._somebody.set()

    def tell(self, kind: str, content: Json) -> None:
        """What is no matter of what runs."""
        if self._listeners:
            self._tell(self._event(kind, content))

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._somebody.clear()

    async def _begin(self) -> None:
        """What was told before somebody stopped to listen is of another time."""
        self._run = secrets.token_hex(4)
        self._kept.clear()
        self._calls.clear()
        self._queues.clear()
        self._money.clear()
        self._looks = count()
        await self._look()

    async def _look(self) -> None:
        calls: dict[str, CallView] = {}
        month, told = month_of(self._now_ms()), bytearray()
        async for call in a_few_at_a_time(self._live()):
            calls[call.call_id] = call
            if self._calls.get(call.call_id) != call:
                told += self._event("call", show_call(call, self._ledger.account(call.account_id), month))
        for call_id in self._calls.keys() - calls.keys():
            told += self._event("gone", {"call_id": call_id})
        told += self._moved({call.account_id for call in (*calls.values(), *self._calls.values())}, month)
        self._calls = calls
        if not next(self._looks) % LOOKS_A_QUEUE:
            told += self._lines_moved()
        self._tell(bytes(told))

    def _moved(self, account_ids: Iterable[str], month: str) -> bytes:
        money, told = {}, bytearray()
        for account_id in sorted(account_ids):
            if account := self._ledger.account(account_id):
                money[account_id] = _money(account, month)
                if self._money.get(account_id) != money[account_id]:
                    told += self._event("account", _show_money(account_id, money[account_id]))
        self._money = money
        return bytes(told)

    def _lines_moved(self) -> bytes:
        queues, told = {(line.account_id, line.name): line for line in self._lines()}, bytearray()
        for key, line in queues.items():
            if self._queues.get(key) != line:
                told += self._event("queue", show_line(line))
        for account_id, name in sorted(self._queues.keys() - queues.keys()):
            told += self._event("queue", show_line(LineView(account_id, name, (), ())))
        self._queues = queues
        return bytes(told)

    def _tell(self, told: bytes) -> None:
        if told:
            self._drop([one for one in self._listeners if not one.offer(told)])

    def _drop(self, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            metrics.LISTENERS_DROPPED.inc()
            listener.is_dropped = True
            listener.news.set()
            self.leave(listener)
            listener.drop()

    def _event(self, kind: str, content: Json) -> bytes:
        serial = next(self._serials)
        event = f"id: {self._run}-{serial}\nevent: {kind}\ndata: {json.dumps(content)}\n\n".encode()
        self._kept.append((serial, event))
        return event

    def _missed(self, last: str) -> list[bytes] | None:
        """None: that is not known any more."""
        run, _, number = last.partition("-")
        if run != self._run or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        if not self._kept or not self._kept[0][0] - 1 <= int(number) <= self._kept[-1][0]:
            return None
        return [event for serial, event in self._kept if serial > int(number)]

    async def _snapshot(self) -> bytes:
        now_ms = self._now_ms()
        month = month_of(now_ms)
        calls = [
            json.dumps(show_call(call, self._ledger.account(call.account_id), month))
            async for call in a_few_at_a_time(self._calls.values())
        ]
        others = {
            "at": rfc3339(moment(now_ms)),
            "accounts": [_show_money(account_id, money) for account_id, money in sorted(self._money.items())],
            "queues": [show_line(line) for line in self._queues.values()],
        }
        newest = self._kept[-1][0] if self._kept else 0
        content = f'{{"calls": [{", ".join(calls)}], {json.dumps(others)[1:]}'
        return f"id: {self._run}-{newest}\nevent: snapshot\ndata: {content}\n\n".encode()


def _money(account: Account, month: str) -> Money:
    return Money(account.balance, account.held, account.available_in(month))


def _show_money(account_id: str, money: Money) -> Json:
    return {
        "account_id": account_id,
        "balance_kopecks": money.balance,
        "held_kopecks": money.held,
        "available_kopecks": money.available,
    }
