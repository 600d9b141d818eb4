"""An office without its process, on a real PostgreSQL: two prices, gift minutes, one number.

Rule 1: its clock stands still, at noon of 20 September 2025.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from callctl.api.account_words import show_account
from callctl.api.words import Json
from callctl.calls.directory import Directory, Number
from callctl.clock import Clock
from callctl.storage.books import Books, NewAccount
from callctl.storage.database import close_pool, open_pool
from callctl.storage.late_records import LateRecords
from callctl.storage.postings import Postings
from callctl.storage.rows import read_accounts, read_entries, read_numbers
from callctl.storage.schemes import Schemes
from callctl.storage.till import Till
from dialplan.check import read_scheme
from rating.calendar import DAY_MS, MOSCOW, moment_of, month_of
from rating.discount import Discount, Step
from rating.entries import Entry
from rating.funds import Funds, Stop
from rating.ledger import Account, Hold, Ledger
from rating.money import ZERO, Money
from rating.pots import BALANCE, Ask, Sources
from rating.profile import Profile, Tariffs
from rating.quote import fund
from rating.refusal import Refusal
from rating.tariff import Bundle, Plan, Terms, Version
from tests.plans import everywhere
from tests.shell.office import SCHEME

LINE = "74951234567"
MOBILE = "79161110002"


def at(text: str) -> int:
    return moment_of(datetime.fromisoformat(text).replace(tzinfo=MOSCOW))


NOW_MS = at("2025-09-20 12:00")


def two_prices() -> Tariffs:
    """20.00 a minute, 25.00 from 1 September on; ten gift minutes on `gifted`; 7 % of 1000.00 and more."""
    versions = [
        Version("1", 0, None, Terms("test/roam@1"), everywhere(2_000)),
        Version("2", at("2025-09-01 00:00"), None, Terms("test/roam@2"), everywhere(2_500)),
    ]
    gift = Bundle("gift", 600, frozenset({"everywhere"}), "CLV-P3")
    gifted = Version("1", 0, None, Terms("test/gifted@1"), everywhere(169), bundle=gift)
    plans = {
        "roam": Plan("roam", "Roam", Funds(stops=Stop.EVERYTHING), versions),
        "gifted": Plan("gifted", "Gifted", Funds(), [gifted]),
    }
    discount = Discount("volume", (Step(Money(1_000_00), 7),), frozenset(), 0, None, "MANGO-12.4")
    return Tariffs({"test": Profile("test", "Test", plans, True, (discount,))})


@dataclass(slots=True)
class Shop:
    """An office without its process."""

    till: Till
    tariffs: Tariffs

    @property
    def ledger(self) -> Ledger:
        return self.till.ledger

    @property
    def books(self) -> Books:
        return Books(self.till)

    @property
    def postings(self) -> Postings:
        return Postings(self.till)

    @property
    def late(self) -> LateRecords:
        return LateRecords(self.till)

    async def open(self, balance: int = 0, plan: str = "roam", account_id: str = "ann") -> Account:
        account = await self.books.open_account(NewAccount(account_id, "test", plan, Money(balance)))
        if account_id == "ann":
            await Schemes(self.till).add_number(LINE, "ann", SCHEME)
        return account

    def talk(self, account: Account, price: int, line: str = LINE) -> Hold | Refusal:
        """A connection of that account begins."""
        sources = Sources((BALANCE,), month_of(NOW_MS), line)
        return self.ledger.hold("talk", account.account_id, sources, Ask(ZERO), Ask(Money(price)))

    def shown(self) -> list[Json]:
        accounts = sorted(self.ledger.accounts(), key=lambda account: account.account_id)
        return [show_account(account, self.tariffs, NOW_MS) for account in accounts]

    async def lines(self) -> list[tuple[str, str, str, int]]:
        async with self.till.reading() as connection:
            entries = await read_entries(connection, "ann")
        return [(entry.kind, entry.reference, entry.pot, entry.amount) for entry in entries]


@asynccontextmanager
async def shop_of(url: str) -> AsyncIterator[Shop]:
    """As the service starts: from what is written down."""
    pool, tariffs, ledger = await open_pool(url), two_prices(), Ledger()
    directory = Directory(tariffs)
    async with pool.acquire() as connection:
        for account in await read_accounts(connection, NOW_MS - 31 * DAY_MS):
            fund(account, tariffs)
            ledger.open(account)
        for row in await read_numbers(connection):
            scheme = read_scheme(row.scheme)
            assert not isinstance(scheme, list)
            directory.add(Number(row.e164, row.account_id, scheme, row.version))
    stopped = NOW_MS * 1_000_000

    def posted(entries: Sequence[Entry]) -> None:
        for entry in entries:
            ledger.apply(entry)

    clock = Clock(wall_ns=lambda: stopped, monotonic_ns=lambda: 0)
    yield Shop(Till(pool, ledger, directory, clock, posted=posted), tariffs)
    await close_pool(pool)
