"""What the office does: accounts, payments, numbers. First durable, then it counts in memory.

Rule 1: nothing is checked twice: the database's keys decide what exists, and its answer is the truth.
Rule 2: what is refused changes nothing, neither there nor here.
Rule 3: a database that goes away while we write leaves a doubt: what we sent may stand. The next who reaches
    the database looks it up first, and what stands counts here too.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from callctl.calls.directory import Directory, Number
from callctl.clock import Clock, moment
from callctl.complaint import Complaint
from callctl.storage.database import Connection, DatabaseAway, Pool, when_away
from callctl.storage.entries import post_entries, read_entry
from callctl.storage.rows import (
    EntryRow,
    LegRow,
    read_account,
    read_entries,
    read_leg,
    read_legs,
    read_number,
)
from dialplan.check import read_scheme
from dialplan.numbers import EMERGENCY, normal_number
from rating.entries import Entry, EntryKind
from rating.ledger import Account, Ledger
from rating.money import ZERO, Money
from rating.quote import fund

Doubt = Callable[[Connection], Awaitable[None]]


class Exists(Complaint):
    """The id is taken."""


class Missing(Complaint):
    """There is no such thing here."""


class Clash(Complaint):
    """The same reference with other content."""


@dataclass(frozen=True, slots=True)
class Payment:
    entry: Entry
    is_new: bool


class Books:
    """`posted` hears of every payment, once it is durable."""

    def __init__(
        self,
        pool: Pool,
        ledger: Ledger,
        directory: Directory,
        clock: Clock,
        *,
        posted: Callable[[Entry], None],
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._posted = posted
        self._doubts: deque[Doubt] = deque()

    def account(self, account_id: str) -> Account:
        account = self._ledger.account(account_id)
        if account is None:
            raise Missing(f"there is no account {account_id!r}: add it with `callctl account add`")
        return account

    def account_of(self, text: str) -> Account:
        """By a number as people write it, or by the account's id."""
        number = self._directory.number(normal_number(text) or "")
        return self.account(number.account_id if number else text)

    async def open_account(self, account_id: str, profile: str, plan: str, balance: Money) -> Account:
        self._check_plan(profile, plan)
        at_ms = self._clock.now_ms()
        opening = Entry(account_id, "opening", EntryKind.OPENING, balance, at_ms)

        async def look_up(connection: Connection) -> None:
            account = await read_account(connection, account_id)
            if account and not self._ledger.account(account_id):
                fund(account, self._directory.tariffs)
                self._ledger.open(account)

        async with self._writing(look_up) as connection:
            try:
                await connection.execute(
                    "INSERT INTO account (account_id, profile, plan, opened_at) VALUES ($1, $2, $3, $4)",
                    account_id,
                    profile,
                    plan,
                    moment(at_ms),
                )
            except asyncpg.UniqueViolationError:
                raise Exists(f"account {account_id!r} exists already: choose another id") from None
            if balance:
                await post_entries(connection, [opening])
        account = Account(account_id, profile, plan, ZERO)
        fund(account, self._directory.tariffs)
        self._ledger.open(account)
        if balance:
            self._ledger.apply(opening)
        return account

    async def pay(self, account_id: str, amount: Money, reference: str) -> Payment:
        """The same reference again is no news; with another amount it is a clash."""
        self.account(account_id)
        entry = Entry(account_id, reference, EntryKind.PAYMENT, amount, self._clock.now_ms())

        async def look_up(connection: Connection) -> None:
            if await read_entry(connection, account_id, reference) == entry:
                self._posted(entry)

        async with self._writing(look_up) as connection:
            new, clashes = await post_entries(connection, [entry])
        if clashes:
            raise Clash(f"{clashes[0]}: nothing was changed")
        if new:
            self._posted(entry)
        return Payment(entry, bool(new))

    async def add_number(self, e164: str, account_id: str, scheme_text: str) -> Number:
        number = normal_number(e164)
        if number is None or number in EMERGENCY:
            raise Complaint(f"{e164!r} is not a telephone number: give it as 74951234567")
        self.account(account_id)
        # A long text takes as long to read as a call takes to be cut late.
        scheme = await asyncio.to_thread(read_scheme, scheme_text)
        if isinstance(scheme, list):
            raise Complaint(f"the scheme has faults: {'; '.join(map(str, scheme))}")
        added = Number(number, account_id, scheme)

        async def look_up(connection: Connection) -> None:
            if await read_number(connection, number) == (number, account_id, scheme_text):
                self._directory.add(added)

        async with self._writing(look_up) as connection:
            try:
                await connection.execute(
                    "INSERT INTO number (e164, account_id, scheme, added_at) VALUES ($1, $2, $3, $4)",
                    number,
                    account_id,
                    scheme_text,
                    moment(self._clock.now_ms()),
                )
            except asyncpg.UniqueViolationError:
                raise Exists(f"number {number} belongs to an account already") from None
        self._directory.add(added)
        return added

    async def entries(self, account_id: str) -> list[EntryRow]:
        self.account(account_id)
        async with self._reading() as connection:
            return await read_entries(connection, account_id)

    async def legs(self, account_id: str) -> list[LegRow]:
        self.account(account_id)
        async with self._reading() as connection:
            return await read_legs(connection, account_id)

    async def leg(self, leg_id: str) -> LegRow:
        leg = None
        if leg_id.isprintable():  # else no column could hold it
            async with self._reading() as connection:
                leg = await read_leg(connection, leg_id)
        if leg is None:
            raise Missing(f"there is no connection {leg_id!r}: `callctl cdr --account ID` lists them")
        return leg

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        async with when_away(), self._pool.acquire() as connection:
            while self._doubts:
                doubt = self._doubts.popleft()
                try:
                    await doubt(connection)
                except BaseException:
                    self._doubts.appendleft(doubt)
                    raise
            yield connection

    @asynccontextmanager
    async def _writing(self, look_up: Doubt) -> AsyncIterator[Connection]:
        """One transaction; when its end is not known, `look_up` asks what came of it.

        Not known is also an end that was reached when the connection broke before it was given back.
        """
        is_begun = False
        try:
            async with self._reading() as connection, connection.transaction():
                is_begun = True
                yield connection
        except (DatabaseAway, asyncio.CancelledError):
            if is_begun:
                self._doubts.append(look_up)
            raise

    def _check_plan(self, profile: str, plan: str) -> None:
        profiles = self._directory.tariffs.profiles
        if profile not in profiles:
            raise Missing(f"there is no profile {profile!r} (profiles: {', '.join(sorted(profiles))})")
        if plan not in profiles[profile].plans:
            plans = ", ".join(sorted(profiles[profile].plans))
            raise Missing(f"profile {profile!r} has no plan {plan!r} (plans: {plans})")
