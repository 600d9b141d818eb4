"""The one place where the tariffs in force change: read apart, durable first, then in force in one step.

Rule 1: a profile comes whole or not at all; running connections keep the terms of their answer.
Rule 2: no account is left without its plan, nor without a version and a deck of it; while plans may go,
    nobody opens an account.
Rule 3: what is stored and not in force, because the database went away in between, gets there with the next
    load of the same files.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callctl.clock import moment
from callctl.complaint import Complaint, Missing
from callctl.storage.database import Pool
from callctl.storage.past_calls import PastCallRow, read_past_calls
from callctl.storage.profiles import (
    LoadRow,
    add_load,
    count_stranded,
    read_loads,
)
from callctl.storage.till import Till
from callctl.tariffs.apart import Now, Reading, read_apart
from callctl.tariffs.restore import Restored, fetched, told_of
from rating.profile import Profile, Tariffs
from rating.quote import fund
from rating.reading.fault import errors_of

ACCOUNTS_AT_ONCE = 1_000

log = logging.getLogger("callctl")


class InUse(Complaint):
    """Accounts still have a plan that would be gone or sell nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    name: str
    load: LoadRow
    is_new: bool
    warnings: int


class TariffDesk:
    def __init__(self, pool: Pool, till: Till, tariffs: Tariffs, restored: Restored) -> None:
        self._pool = pool
        self._till = till
        self.tariffs = tariffs
        self._restored = restored
        self._turn = asyncio.Lock()

    @property
    def is_as_loaded(self) -> bool:
        """No profile is older than its newest load."""
        return not self._restored.outdated

    async def load(self, name: str, zipped: Path, *, short_notice: bool = False) -> Loaded:
        async with self._turn:
            now = Now(self.tariffs.profiles.get(name), self._till.clock.now_ms())
            reading = await read_apart(name, zipped, now)
            return await self._load(name, zipped, reading, short_notice=short_notice)

    async def history(self, name: str) -> list[LoadRow]:
        """Newest first."""
        async with self._till.reading() as connection:
            loads = await read_loads(connection, name)
        if not loads:
            raise Missing(f"nothing was ever loaded as {name!r}: `callctl tariff load DIR` does it")
        return loads

    async def past_calls(self, begin: datetime, end: datetime, after: str) -> list[PastCallRow]:
        """A page of the connections that were answered in `[begin, end)`."""
        calls = None
        if after.isprintable():  # else no column could hold it
            async with self._till.reading() as connection:
                calls = await read_past_calls(connection, begin, end, after)
        if calls is None:
            raise Missing(f"there is no answered connection {after!r} to go on from")
        return calls

    async def roll_back(self, name: str, load: int) -> Loaded:
        """Load an older one again."""
        async with self._turn, fetched(self._pool, name, load) as zipped:
            reading = await read_apart(name, zipped)
            return await self._load(name, zipped, reading, short_notice=True)

    async def _load(self, name: str, zipped: Path, reading: Reading, *, short_notice: bool) -> Loaded:
        profile = _sound(reading, short_notice=short_notice)
        files = await asyncio.to_thread(zipped.read_bytes)
        async with self._till.turn:
            at_ms = self._till.clock.now_ms()
            async with self._till.reading() as connection, connection.transaction():
                plans = [plan for plan in profile.plans if self._is_kept(profile, plan, at_ms)]
                count, account_id, plan = await count_stranded(connection, name, plans)
                if count:
                    does = "leaves without prices today" if plan in profile.plans else "drops"
                    raise InUse(
                        f"{count} accounts have plans that this profile {does}, such as {account_id} with "
                        f"{plan}: keep the plans, or move the accounts first"
                    )
                row, is_new = await add_load(connection, name, reading.digest, files, moment(at_ms))
            if self._restored.digests.get(name) != reading.digest:
                await self._put_in_force(profile, reading.digest)
        return Loaded(name, row, is_new, len(reading.faults))

    def _is_kept(self, profile: Profile, name: str, at_ms: int) -> bool:
        """Who has the plan can go on calling."""
        new, plan = profile.plans[name].version_at(at_ms), self.tariffs.plan(profile.name, name)
        old = plan.version_at(at_ms) if plan else None
        return new is not None and (new.outgoing is not None or old is None or old.outgoing is None)

    async def _put_in_force(self, profile: Profile, digest: str) -> None:
        old = self.tariffs.profiles.get(profile.name)
        self.tariffs.replace(profile)
        self._restored.digests[profile.name] = digest
        self._restored.outdated.discard(profile.name)
        log.info("profile %s is in force as loaded (%s)", profile.name, digest[:12])
        is_guarded_alike = old is not None and old.guards == profile.guards
        if (
            old
            and is_guarded_alike
            and {n: p.funds for n, p in old.plans.items()} == {n: p.funds for n, p in profile.plans.items()}
        ):
            return
        accounts = [account for account in self._till.ledger.accounts() if account.profile == profile.name]
        for place, account in enumerate(accounts, 1):
            fund(account, self.tariffs)
            if not place % ACCOUNTS_AT_ONCE:
                await asyncio.sleep(0)


def _sound(reading: Reading, *, short_notice: bool) -> Profile:
    errors = errors_of(reading.faults, short_notice=short_notice)
    if reading.profile and not errors:
        return reading.profile
    way_out = ""
    if errors and all(fault.is_notice for fault in errors):
        way_out = " (--short-notice if that is meant)"
    raise Complaint(f"the profile has errors: {told_of(errors)}{way_out}")
