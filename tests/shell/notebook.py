"""The witness's file as Asterisk writes it, and talks that are in the books and in it, on a real PostgreSQL.

Rule 1: calls are numbered; each begins a minute after the one before, some hours before the shop's noon.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from callctl.calls.legs import leg_id_of
from callctl.calls.money.meter import Meter
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled
from callctl.clock import moment
from callctl.inspection import Inspector
from callctl.mending import Mender
from callctl.period import Period, Reported, Total
from callctl.storage.journal import Journal
from dialplan.causes import Cause
from rating.ledger import Account
from rating.quote import Quote
from rating.tariff import Side
from tests.shell.office import Sql
from tests.shell.shop import LINE, MOBILE, NOW_MS, Shop, shop_of
from tests.shell.test_journal import journal_to

CALLER = "79031112233"
FIRST_MS = NOW_MS - 4 * 3_600_000
MINUTE_MS = 60_000


def call_id_of(number: int, host: str = "callctl") -> str:
    return f"{host}-1758340800.{number}"


def began_ms(number: int) -> int:
    return FIRST_MS + number * MINUTE_MS


@dataclass(slots=True)
class Notebook:
    path: Path
    host: str = "callctl"
    apart_ms: int = 0  # its clock, from ours

    def write(self, kind: str, channel: str, at_ms: int, **more: str) -> None:
        told = {"eventtype": kind, "eventtime": (at_ms + self.apart_ms) / 1000, "uniqueid": channel, **more}
        with self.path.open("a") as file:
            file.write(json.dumps(told) + "\n")

    def talk(self, number: int, seconds: float, *, ends: bool = True) -> None:
        call_id, at_ms = call_id_of(number, self.host), began_ms(number)
        leg_id, over_ms = leg_id_of(call_id, 1), at_ms + round(seconds * 1000)
        self.write("CHAN_START", call_id, at_ms - 5_000, num=CALLER, exten=LINE)
        self.write("CHAN_START", leg_id, at_ms - 4_900, num="", exten="s", userfield=MOBILE)
        self.write("BRIDGE_ENTER", leg_id, at_ms - 1)
        self.write("ANSWER", leg_id, at_ms, userfield=MOBILE)
        self.write("ANSWER", call_id, at_ms + 2)
        if ends:
            self.write("HANGUP", call_id, over_ms)
            self.write("HANGUP", leg_id, over_ms + 3)


@dataclass(slots=True)
class Desk:
    """Ledger, witness, and who compares them."""

    shop: Shop
    journal: Journal
    notebook: Notebook
    sql: Sql
    running: set[str] = field(default_factory=set)

    @property
    def account(self) -> Account:
        return self.shop.till.account("ann")

    @property
    def inspector(self) -> Inspector:
        return Inspector(self.shop.till, self.running.__contains__, lambda: self.journal.drained(5))

    async def bill(self, number: int, seconds: float, account_id: str = "ann") -> LegSettled:
        """A talk that the service heard."""
        call_id, at_ms = call_id_of(number), began_ms(number)
        leg_id, over_ms = leg_id_of(call_id, 1), at_ms + round(seconds * 1000)
        till = self.shop.till
        quote = Quote(self.shop.tariffs, till.account(account_id), Side.OUTGOING, CALLER, MOBILE, LINE)
        meter = Meter.open(till.ledger, leg_id, quote, at_ms - 5_000, at_ms)
        assert isinstance(meter, Meter)
        on = Connection(account_id, leg_id, call_id, CALLER, MOBILE, LINE)
        self.journal.write(LegHeld(on, at_ms - 5_000, meter.rate, meter.held))
        meter.answered(at_ms)
        self.journal.write(LegBegan(account_id, leg_id, at_ms))
        charge, entries = meter.charge_as_talked(max(1, int(seconds)), over_ms)
        settled = LegSettled(account_id, leg_id, over_ms, charge, entries, EndedBy.CALLER, Cause.NORMAL)
        await self.journal.write(settled)
        return settled

    async def talk(self, number: int, seconds: float, account_id: str = "ann") -> LegSettled:
        self.notebook.talk(number, seconds)
        return await self.bill(number, seconds, account_id)

    async def compare(
        self, *, fix: bool = False, of: tuple[int, int] = (0, 100)
    ) -> tuple[list[Reported], Total]:
        """The calls with these numbers, the last one left out."""
        mender = Mender(self.shop.till, self.journal.write) if fix else None
        begin, end = (moment(began_ms(number) - 1_000) for number in of)
        told = [one async for one in Period(self.notebook.path, begin, end, self.inspector, mender).report()]
        (total,) = [one for one in told if isinstance(one, Total)]
        return [one for one in told if isinstance(one, Reported)], total

    async def named(self) -> list[tuple[str, int | None]]:
        reported, _ = await self.compare()
        return [(one.difference.kind.value, one.difference.kopecks) for one in reported]

    async def forget_line(self, leg_id: str, kopecks: int) -> None:
        """As if it had never been written."""
        await self.sql.execute("DELETE FROM entry WHERE reference = $1", leg_id)
        await self.move_balance(kopecks)

    async def move_balance(self, kopecks: int) -> None:
        await self.sql.execute("UPDATE account SET balance_kopecks = balance_kopecks + $1", kopecks)


@asynccontextmanager
async def desk_at(database: str, notebook: Path) -> AsyncIterator[Desk]:
    """As the service starts: from what is written down."""
    sql = await asyncpg.connect(database)
    try:
        async with shop_of(database) as shop, journal_to(database) as (journal, _):
            yield Desk(shop, journal, Notebook(notebook), sql)
    finally:
        await sql.close()


def kinds(reported: Sequence[Reported]) -> list[str]:
    return [one.difference.kind.value for one in reported]
