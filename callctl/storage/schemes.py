"""Numbers and their routing schemes: checked whole, durable first, then in force in one step.

Rule 1: a scheme with an error is refused with all that is wrong with it, and the one in force stays.
Rule 2: calls that run keep the version they began with.
Rule 3: what is stored and not in force, because the database went away in between, gets there with the doubt
    that is looked up next.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from callctl.calls.directory import Directory, Number
from callctl.clock import moment, rfc3339
from callctl.complaint import Complaint, Exists, Missing, Stale, Wrong
from callctl.storage.database import Connection
from callctl.storage.seats import read_seat_names
from callctl.storage.sounds import read_names
from callctl.storage.till import Doubt, Till
from callctl.storage.versions import VersionRow, add_version, digest_of, lock_number, read_text, read_versions
from dialplan.check import Source, check_scheme, read_source
from dialplan.known import Known, Sale
from dialplan.numbers import EMERGENCY, normal_number
from dialplan.reading import Fault
from dialplan.scheme import Scheme
from rating.ledger import Account
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Side

ADD_NUMBER = "INSERT INTO number (e164, account_id, added_at) VALUES ($1, $2, $3)"
SALES = {Refusal.NOT_SOLD: Sale.NOT_SOLD, Refusal.BARRED: Sale.BARRED}


@dataclass(frozen=True, slots=True)
class Loaded:
    version: VersionRow
    is_new: bool
    warnings: tuple[str, ...] = ()


class Schemes:
    def __init__(self, till: Till) -> None:
        self._till = till

    @property
    def _directory(self) -> Directory:
        return self._till.directory

    async def add_number(self, e164: str, account_id: str, text: str) -> Loaded:
        """With the first version of its scheme."""
        number = normal_number(e164)
        if number is None or number in EMERGENCY:
            why = f"{e164!r} is not a telephone number: give it as 74951234567"
            raise Wrong("e164", why, told=why)
        account = self._till.account(account_id)
        source = await _read(text)
        async with self._till.turn:
            at = moment(self._till.clock.now_ms())
            async with self._till.writing(self._look_up(number, text, source.scheme)) as connection:
                warnings = await self._check(connection, account, number, source)
                try:
                    await connection.execute(ADD_NUMBER, number, account_id, at)
                except asyncpg.UniqueViolationError:
                    raise Exists(f"number {number} belongs to an account already") from None
                version, _ = await add_version(connection, account_id, number, text, at, "")
            self._put_in_force(version, source.scheme)
        return Loaded(version, True, warnings)

    async def load(self, e164: str, text: str, note: str = "", upon: int | None = None) -> Loaded:
        """The same text again is no news. `upon`: only if that is the newest version."""
        number = _number(e164)
        async with self._till.turn:
            await self._check_newest(number, upon)
            return await self._load(number, text, note)

    async def roll_back(self, e164: str, version: int | None, upon: int | None = None) -> Loaded:
        """Load an older one again; None: the one before the newest."""
        number = _number(e164)
        async with self._till.turn:
            await self._check_newest(number, upon)
            older, text = await self.read(number, -1 if version is None else version)
            return await self._load(number, text, f"back to version {older.version}")

    async def history(self, e164: str) -> list[VersionRow]:
        """Newest first."""
        number = _number(e164)
        async with self._till.reading() as connection:
            versions = await read_versions(connection, number)
        if not versions:
            raise _nobodys(e164)
        return versions

    async def read(self, e164: str, version: int = 0) -> tuple[VersionRow, str]:
        """0 and below count back from the newest."""
        versions = await self.history(e164)
        if version > 0:
            found = [row for row in versions if row.version == version]
        else:
            found = versions[-version:][:1]
        if not found:
            raise Missing(f"number {e164} has no such version: `callctl scheme history {e164}` lists them")
        async with self._till.reading() as connection:
            return found[0], await read_text(connection, found[0])

    async def _check_newest(self, number: str, upon: int | None) -> None:
        """Whoever has the turn is the only one who loads."""
        if upon is None:
            return
        newest, *_ = await self.history(number)
        if newest.version != upon:
            raise Stale(
                f"the scheme of {number} is at version {newest.version} since {rfc3339(newest.loaded_at)}, "
                f"not at {upon} any more: look at it, then load upon that"
            )

    async def _load(self, number: str, text: str, note: str) -> Loaded:
        source = await _read(text)
        at = moment(self._till.clock.now_ms())
        async with self._till.writing(self._look_up(number, text, source.scheme)) as connection:
            account_id = await lock_number(connection, number)
            if account_id is None:
                raise _nobodys(number)
            warnings = await self._check(connection, self._till.account(account_id), number, source)
            version, is_new = await add_version(connection, account_id, number, text, at, note)
        self._put_in_force(version, source.scheme)
        return Loaded(version, is_new, warnings)

    def _put_in_force(self, version: VersionRow, scheme: Scheme) -> None:
        self._directory.add(Number(version.number, version.account_id, scheme, version.version))

    def _look_up(self, number: str, text: str, scheme: Scheme) -> Doubt:
        async def look_up(connection: Connection) -> None:
            versions = await read_versions(connection, number)
            if versions and versions[0].digest == digest_of(text):
                self._put_in_force(versions[0], scheme)

        return look_up

    async def _check(
        self, connection: Connection, account: Account, number: str, source: Source
    ) -> tuple[str, ...]:
        """The warnings."""
        sounds = await read_names(connection, account.account_id)
        seats = await read_seat_names(connection, account.account_id)
        own = [known.e164 for known in self._directory.numbers() if known.account_id == account.account_id]
        sale = _sale(self._till, account, number)
        known = Known(
            number=number,
            numbers=frozenset(own),
            seats=frozenset(seats),
            sounds=frozenset(sounds),
            sale=sale,
        )
        faults = await asyncio.to_thread(check_scheme, source, known)
        if any(not fault.is_warning for fault in faults):
            raise _refused(faults)
        return tuple(map(str, faults))


async def _read(text: str) -> Source:
    """A long text takes as long to read as a call takes to be cut late."""
    source = await asyncio.to_thread(read_source, text)
    if not isinstance(source, Source):
        raise _refused(source)
    return source


def _refused(faults: list[Fault]) -> Complaint:
    errors = [str(fault) for fault in faults if not fault.is_warning]
    return Wrong("scheme", *errors, told=f"the scheme has faults: {'; '.join(errors)}")


def _sale(till: Till, account: Account, line: str) -> Callable[[str], Sale]:
    """As the account's plan is today."""
    at_ms = till.clock.now_ms()

    def sale(number: str) -> Sale:
        quote = Quote(till.directory.tariffs, account, Side.OUTGOING, "", number, line)
        found = quote.offered(at_ms)
        return SALES.get(found, Sale.UNPRICED) if isinstance(found, Refusal) else Sale.SOLD

    return sale


def _number(e164: str) -> str:
    number = normal_number(e164)
    if number is None:
        raise _nobodys(e164)
    return number


def _nobodys(e164: str) -> Missing:
    return Missing(f"number {e164!r} is nobody's here: add it with `callctl number add`")
