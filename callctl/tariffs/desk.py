"""The one place where the tariffs in force change: read apart, durable first, then in force in one step.

Rule 1: a profile comes whole or not at all; running connections keep the terms of their answer.
Rule 2: no account is left without its plan.
Rule 3: what is stored and not in force, because the database went away in between, gets there with the next
    load of the same files.
"""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callctl.clock import Clock, moment
from callctl.complaint import Complaint, Missing
from callctl.storage.database import Connection, Pool, when_away
from callctl.storage.past_calls import PastCallRow, read_past_calls
from callctl.storage.profiles import (
    LoadRow,
    add_load,
    count_stranded,
    read_files,
    read_loads,
    read_newest_loads,
)
from callctl.tariffs.apart import Reading, read_apart
from rating.ledger import Ledger
from rating.profile import Profile, Tariffs
from rating.quote import fund
from rating.reading.fault import errors_of

ACCOUNTS_AT_ONCE = 1_000
FAULTS_TOLD_MAX = 3

log = logging.getLogger("callctl")


class InUse(Complaint):
    """Accounts still have a plan that would be gone."""


@dataclass(frozen=True, slots=True)
class Loaded:
    name: str
    load: LoadRow
    is_new: bool
    warnings: int


class TariffDesk:
    def __init__(self, pool: Pool, ledger: Ledger, tariffs: Tariffs, clock: Clock) -> None:
        self._pool = pool
        self._ledger = ledger
        self.tariffs = tariffs
        self._clock = clock
        self._digests: dict[str, str] = {}  # of what was loaded and is in force
        self._turn = asyncio.Lock()

    async def restore(self) -> None:
        """What was loaded in earlier lives comes over what is shipped; before there are accounts."""
        async with when_away(), self._pool.acquire() as connection:
            newest = await read_newest_loads(connection)
        for name, load in newest.items():
            try:
                async with self._fetched(name, load) as zipped:
                    reading = await read_apart(name, zipped)
                profile = _sound(reading, short_notice=True)
            except Complaint as complaint:
                log.error("load %d of profile %s is not in force: %s", load, name, complaint)
                continue
            self.tariffs.replace(profile)
            self._digests[name] = reading.digest

    async def load(self, name: str, zipped: Path, *, short_notice: bool = False) -> Loaded:
        async with self._turn:
            reading = await read_apart(name, zipped)
            return await self._load(name, zipped, reading, short_notice=short_notice)

    async def history(self, name: str) -> list[LoadRow]:
        """Newest first."""
        async with self._reading() as connection:
            loads = await read_loads(connection, name)
        if not loads:
            raise Missing(f"nothing was ever loaded as {name!r}: `callctl tariff load DIR` does it")
        return loads

    async def past_calls(self, begin: datetime, end: datetime, after: str) -> list[PastCallRow]:
        """A page of the connections that were answered in `[begin, end)`."""
        calls = None
        if after.isprintable():  # else no column could hold it
            async with self._reading() as connection:
                calls = await read_past_calls(connection, begin, end, after)
        if calls is None:
            raise Missing(f"there is no answered connection {after!r} to go on from")
        return calls

    async def roll_back(self, name: str, load: int) -> Loaded:
        """Load an older one again."""
        async with self._turn, self._fetched(name, load) as zipped:
            reading = await read_apart(name, zipped)
            return await self._load(name, zipped, reading, short_notice=True)

    async def _load(self, name: str, zipped: Path, reading: Reading, *, short_notice: bool) -> Loaded:
        profile = _sound(reading, short_notice=short_notice)
        files = await asyncio.to_thread(zipped.read_bytes)
        async with self._reading() as connection, connection.transaction():
            count, account_id, plan = await count_stranded(connection, name, profile.plans)
            if count:
                raise InUse(
                    f"{count} accounts have plans that this profile drops, such as {account_id} with {plan}: "
                    "keep the plans, or move the accounts first"
                )
            at = moment(self._clock.now_ms())
            row, is_new = await add_load(connection, name, reading.digest, files, at)
        if self._digests.get(name) != reading.digest:
            await self._put_in_force(profile, reading.digest)
        return Loaded(name, row, is_new, len(reading.faults))

    async def _put_in_force(self, profile: Profile, digest: str) -> None:
        old = self.tariffs.profiles.get(profile.name)
        self.tariffs.replace(profile)
        self._digests[profile.name] = digest
        log.info("profile %s is in force as loaded (%s)", profile.name, digest[:12])
        if old and {n: p.funds for n, p in old.plans.items()} == {
            n: p.funds for n, p in profile.plans.items()
        }:
            return
        accounts = [account for account in self._ledger.accounts() if account.profile == profile.name]
        for place, account in enumerate(accounts, 1):
            fund(account, self.tariffs)
            if not place % ACCOUNTS_AT_ONCE:
                await asyncio.sleep(0)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        async with when_away(), self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def _fetched(self, name: str, load: int) -> AsyncIterator[Path]:
        """The zip of a load, as a file."""
        async with self._reading() as connection:
            files = await read_files(connection, name, load)
        if files is None:
            raise Missing(f"profile {name!r} has no load {load}: `callctl tariff history {name}` lists them")
        with tempfile.TemporaryDirectory(prefix="callctl-") as folder:
            zipped = Path(folder, "profile.zip")
            await asyncio.to_thread(zipped.write_bytes, files)
            yield zipped


def _sound(reading: Reading, *, short_notice: bool) -> Profile:
    errors = errors_of(reading.faults, short_notice=short_notice)
    if reading.profile and not errors:
        return reading.profile
    more = f" and {len(errors) - FAULTS_TOLD_MAX} more" if len(errors) > FAULTS_TOLD_MAX else ""
    told = "; ".join(str(fault) for fault in errors[:FAULTS_TOLD_MAX])
    raise Complaint(f"the profile has errors: {told}{more}")
