"""What the office keeps besides money: accounts and their terms, limits of numbers; what it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nsmallest
from typing import Any

import asyncpg

from callctl.clock import moment
from callctl.complaint import Complaint, Exists, Missing
from callctl.storage.database import Connection
from callctl.storage.entries import post_entries
from callctl.storage.rows import (
    EntryRow,
    LegRow,
    read_account,
    read_entries,
    read_leg,
    read_legs,
    read_legs_before,
    read_limit,
)
from callctl.storage.till import Doubt, Till
from dialplan.numbers import normal_number
from rating.directions import is_direction, nearest_directions
from rating.entries import Entry, EntryKind
from rating.funds import OwnFunds
from rating.ledger import Account
from rating.limits import LimitKind, NumberLimit
from rating.money import ZERO, Money
from rating.quote import fund
from rating.standing import Standing
from rating.tariff import Plan

ADD_ACCOUNT = """
INSERT INTO account (account_id, profile, plan, opened_at, threshold_kopecks, credit_kopecks, stops,
    barred, low_kopecks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
SET_TERMS = """
UPDATE account SET threshold_kopecks = $2, credit_kopecks = $3, stops = $4, barred = $5,
    low_kopecks = $6, standing = $7
WHERE account_id = $1
"""
SET_LIMIT = """
INSERT INTO number_limit (account_id, number, most_kopecks, kind) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, number) DO UPDATE SET most_kopecks = excluded.most_kopecks, kind = excluded.kind
"""
REMOVE_LIMIT = "DELETE FROM number_limit WHERE account_id = $1 AND number = $2"


@dataclass(frozen=True, slots=True)
class NewAccount:
    account_id: str
    profile: str
    plan: str
    balance: Money = ZERO
    own: OwnFunds = field(default_factory=OwnFunds)
    barred: tuple[str, ...] = ()


class Books:
    def __init__(self, till: Till) -> None:
        self._till = till
        self._ledger = till.ledger
        self._directory = till.directory

    def account(self, account_id: str) -> Account:
        return self._till.account(account_id)

    def account_of(self, text: str) -> Account:
        """By a number as people write it, or by the account's id."""
        number = self._directory.number(normal_number(text) or "")
        return self.account(number.account_id if number else text)

    async def open_account(self, asked: NewAccount) -> Account:
        async with self._till.turn:  # or the plan might go in between
            return await self._open_account(asked)

    async def _open_account(self, asked: NewAccount) -> Account:
        account_id = asked.account_id
        _check_barred(self._plan(asked.profile, asked.plan), asked.barred)
        at_ms = self._till.clock.now_ms()
        opening = Entry(account_id, "opening", EntryKind.OPENING, asked.balance, at_ms)

        async def look_up(connection: Connection) -> None:
            account = await read_account(connection, account_id)
            if account and not self._ledger.account(account_id):
                self._open(account)

        async with self._till.writing(look_up) as connection:
            try:
                await connection.execute(
                    ADD_ACCOUNT,
                    account_id,
                    asked.profile,
                    asked.plan,
                    moment(at_ms),
                    *_columns(asked.own, asked.barred),
                )
            except asyncpg.UniqueViolationError:
                raise Exists(f"account {account_id!r} exists already: choose another id") from None
            if asked.balance:
                await post_entries(connection, [opening])
        account = Account(account_id, asked.profile, asked.plan, ZERO, asked.own, barred=asked.barred)
        self._open(account)
        if asked.balance:
            self._ledger.apply(opening)
        return account

    async def set_terms(
        self,
        account_id: str,
        own: dict[str, Any],
        barred: Sequence[str] | None = None,
        standing: Standing | None = None,
    ) -> Account:
        """`own`: the fields of OwnFunds that change; barred directions are replaced whole.

        Connections that run go on in any standing; the next ones meet it.
        """
        account = self.account(account_id)
        if barred is not None:
            _check_barred(self._plan(account.profile, account.plan), barred)

        async def look_up(connection: Connection) -> None:
            if known := await read_account(connection, account_id):
                self._put_in_force(account, known.own, known.barred, known.standing)

        async with self._till.turn:
            async with self._till.writing(look_up) as connection:
                new_own = replace(account.own, **own)
                new_barred = account.barred if barred is None else tuple(barred)
                new_standing = standing or account.standing
                columns = (*_columns(new_own, new_barred), new_standing.value)
                await connection.execute(SET_TERMS, account_id, *columns)
            self._put_in_force(account, new_own, new_barred, new_standing)
        return account

    async def set_limit(self, account_id: str, number: str, most: Money, kind: LimitKind) -> Account:
        account = self.account(account_id)
        line = self._till.line(account, number)
        async with self._till.turn:
            async with self._till.writing(self._look_up_limit(account, line)) as connection:
                await connection.execute(SET_LIMIT, account_id, line, most, kind.value)
            self._ledger.set_limit(account_id, NumberLimit(line, most, kind))
        return account

    async def remove_limit(self, account_id: str, number: str) -> Account:
        account = self.account(account_id)
        line = normal_number(number) or ""
        if line not in account.limits:
            line = self._till.line(account, number)  # one of its own without a limit is as was wished
        async with self._till.turn:
            async with self._till.writing(self._look_up_limit(account, line)) as connection:
                await connection.execute(REMOVE_LIMIT, account_id, line)
            self._ledger.remove_limit(account_id, line)
        return account

    async def entries(self, account_id: str) -> list[EntryRow]:
        self.account(account_id)
        async with self._till.reading() as connection:
            return await read_entries(connection, account_id)

    async def legs(self, account_id: str) -> list[LegRow]:
        self.account(account_id)
        async with self._till.reading() as connection:
            return await read_legs(connection, account_id)

    def accounts(self, after: str, most: int) -> list[Account]:
        """In the order of their ids, behind that one."""
        ids = (account.account_id for account in self._ledger.accounts())
        behind = nsmallest(most, (account_id for account_id in ids if account_id > after))
        return [self.account(account_id) for account_id in behind]

    async def legs_before(self, account_id: str, held_at: datetime, leg_id: str, most: int) -> list[LegRow]:
        """Newest first, behind that one."""
        self.account(account_id)
        async with self._till.reading() as connection:
            return await read_legs_before(connection, account_id, held_at, leg_id, most)

    async def leg(self, leg_id: str) -> LegRow:
        leg = None
        if leg_id.isprintable():  # else no column could hold it
            async with self._till.reading() as connection:
                leg = await read_leg(connection, leg_id)
        if leg is None:
            raise Missing(f"there is no connection {leg_id!r}: `callctl cdr --account ID` lists them")
        return leg

    def _open(self, account: Account) -> None:
        fund(account, self._directory.tariffs)
        self._ledger.open(account)

    def _put_in_force(
        self, account: Account, own: OwnFunds, barred: tuple[str, ...], standing: Standing
    ) -> None:
        account.own, account.barred, account.standing = own, barred, standing
        fund(account, self._directory.tariffs)

    def _look_up_limit(self, account: Account, line: str) -> Doubt:
        async def look_up(connection: Connection) -> None:
            if limit := await read_limit(connection, account.account_id, line):
                self._ledger.set_limit(account.account_id, limit)
            else:
                self._ledger.remove_limit(account.account_id, line)

        return look_up

    def _plan(self, profile: str, plan: str) -> Plan:
        profiles = self._directory.tariffs.profiles
        if profile not in profiles:
            raise Missing(f"there is no profile {profile!r} (profiles: {', '.join(sorted(profiles))})")
        if plan not in profiles[profile].plans:
            plans = ", ".join(sorted(profiles[profile].plans))
            raise Missing(f"profile {profile!r} has no plan {plan!r} (plans: {plans})")
        return profiles[profile].plans[plan]


def _columns(own: OwnFunds, barred: Sequence[str]) -> tuple[object, ...]:
    return own.threshold, own.credit, own.stops.value if own.stops else None, list(barred), own.low


def _check_barred(plan: Plan, barred: Sequence[str]) -> None:
    for text in barred:
        if not is_direction(plan, text):
            names = nearest_directions(plan, text)
            meant = f"did you mean {', '.join(map(repr, names))}?" if names else "give digits instead"
            raise Complaint(f"{text!r} is no destination of plan {plan.name!r} and no digits: {meant}")
