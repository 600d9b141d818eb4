"""The seats of the subscribers and their phones: durable first, then told to those who ring them.

Rule 1: a phone's secret is given out once, when it is made; what is kept cannot be turned back into it.
Rule 2: a seat that a scheme in force rings is not taken away.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any

import asyncpg

from callctl.calls.directory import Directory
from callctl.calls.passwords import faults_of
from callctl.calls.phones import Phone, SeatChanged, new_names, phone_with, stem_of
from callctl.calls.seats import SeatTold
from callctl.clock import moment
from callctl.complaint import Complaint, Exists, Missing
from callctl.storage.database import Connection
from callctl.storage.till import Doubt, Till
from dialplan.numbers import EMERGENCY, normal_number
from dialplan.targets import Seat, is_word

REALM = "callctl"
DEVICES_MAX = 10
NETWORKS_MAX = 50
SECRET_BYTES = 18  # 24 signs

SEATS = """
SELECT seat.account_id, name, shows, is_undisturbed, is_busy_on_busy, allowed, added_at,
       array_agg(device ORDER BY length(device), device) AS devices,
       array_agg(realm ORDER BY length(device), device) AS realms,
       array_agg(digest ORDER BY length(device), device) AS digests
FROM seat JOIN device ON device.account_id = seat.account_id AND device.seat = name
"""
BY_SEAT = "GROUP BY seat.account_id, name ORDER BY seat.account_id, name"
ADD = """
INSERT INTO seat (account_id, name, shows, is_undisturbed, is_busy_on_busy, allowed, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ADD_DEVICE = """
INSERT INTO device (device, account_id, seat, realm, digest, secret_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
TAKEN = "SELECT device FROM device WHERE starts_with(device, $1)"
SET = """
UPDATE seat SET shows = $3, is_undisturbed = $4, is_busy_on_busy = $5, allowed = $6
WHERE account_id = $1 AND name = $2
"""
REMOVE = (
    "DELETE FROM device WHERE account_id = $1 AND seat = $2",
    "DELETE FROM pause WHERE account_id = $1 AND member = $2 AND is_seat",
    "DELETE FROM seat WHERE account_id = $1 AND name = $2",
)
SET_DIGEST = "UPDATE device SET realm = $2, digest = $3, secret_at = $4 WHERE device = $1"


class Rung(Complaint):
    """A scheme in force rings the seat."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    told: SeatTold
    phones: tuple[Phone, ...]
    added_at: datetime

    @property
    def change(self) -> SeatChanged:
        return SeatChanged(self.told.account_id, self.told.name, self.told, self.phones)


@dataclass(frozen=True, slots=True)
class Added:
    seat: SeatRow
    secrets: dict[str, str]  # by phone
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """None: as it was."""

    is_undisturbed: bool | None = None
    is_busy_on_busy: bool | None = None
    shows: str | None = None
    allowed: Sequence[str] | None = None


class SeatBook:
    def __init__(self, till: Till, changed: Callable[[SeatChanged], None]) -> None:
        self._till = till
        self._changed = changed

    async def add(
        self,
        account_id: str,
        name: str,
        devices: int = 1,
        shows: str | None = None,
        allowed: Sequence[str] = (),
    ) -> Added:
        """Without a number to show it is the account's, when that has one only."""
        self._till.account(account_id)
        if not is_word(name):
            raise Complaint(f"{name!r} is no name of a seat: 1 to 32 of a-z, 0-9, - and _")
        if not 0 < devices <= DEVICES_MAX:
            raise Complaint(f"a seat has 1 to {DEVICES_MAX} devices")
        number = self._only_number(account_id) if shows is None else self._shown(account_id, shows)
        networks = networks_of(allowed)
        async with self._till.turn:
            at = moment(self._till.clock.now_ms())
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                stem = stem_of(account_id, name)
                names = new_names(
                    stem, devices, [row["device"] for row in await connection.fetch(TAKEN, stem)]
                )
                told = SeatTold(account_id, name, tuple(names), shows=number, allowed=networks)
                made = {device: secrets.token_urlsafe(SECRET_BYTES) for device in names}
                phones = tuple(phone_with(device, REALM, secret) for device, secret in made.items())
                try:
                    await connection.execute(ADD, *_columns(told), at)
                except asyncpg.UniqueViolationError:
                    raise Exists(f"account {account_id!r} has a seat {name!r} already") from None
                rows = [(one.device, account_id, name, one.realm, one.digest, at) for one in phones]
                await connection.executemany(ADD_DEVICE, rows)
            seat = SeatRow(told, phones, at)
            self._changed(seat.change)
        return Added(seat, made, tuple(_warnings(name)))

    async def all_of(self, account_id: str) -> list[SeatRow]:
        self._till.account(account_id)
        async with self._till.reading() as connection:
            return await read_seats(connection, account_id)

    async def set_terms(self, account_id: str, name: str, terms: SeatTerms) -> SeatRow:
        self._till.account(account_id)
        number = None if terms.shows is None else self._shown(account_id, terms.shows)
        given = {"is_undisturbed": terms.is_undisturbed, "is_busy_on_busy": terms.is_busy_on_busy}
        networks = None if terms.allowed is None else networks_of(terms.allowed)
        asked: dict[str, Any] = {**given, "shows": number, "allowed": networks}
        new = {field: value for field, value in asked.items() if value is not None}
        async with self._till.turn:
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                seat = await _known(connection, account_id, name)
                seat = replace(seat, told=replace(seat.told, **new))
                await connection.execute(SET, *_columns(seat.told))
            self._changed(seat.change)
        return seat

    async def remove(self, account_id: str, name: str) -> SeatRow:
        self._till.account(account_id)
        async with self._till.turn:
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                seat = await _known(connection, account_id, name)
                if numbers := ", ".join(numbers_that_ring(self._till.directory, account_id, name)):
                    raise Rung(f"the seat {name!r} is rung by the scheme of {numbers}: change that first")
                for statement in REMOVE:
                    await connection.execute(statement, account_id, name)
            self._changed(SeatChanged(account_id, name, None))
        return seat

    async def new_secret(self, account_id: str, name: str, device: str, chosen: str | None = None) -> str:
        """The one before is worth nothing from now on; one that somebody chose has rules."""
        self._till.account(account_id)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        if chosen is not None:
            self._check(chosen, account_id, name, device)
            secret = chosen
        phone = phone_with(device, REALM, secret)
        async with self._till.turn:
            at = moment(self._till.clock.now_ms())
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                seat = await _known(connection, account_id, name)
                if device not in seat.told.devices:
                    devices = ", ".join(seat.told.devices)
                    raise Missing(f"the seat {name!r} has no device {device!r} (devices: {devices})")
                if phone in seat.phones:
                    raise Complaint("it has this secret already: choose another")
                await connection.execute(SET_DIGEST, device, REALM, phone.digest, at)
            phones = tuple(phone if one.device == device else one for one in seat.phones)
            self._changed(replace(seat, phones=phones).change)
        return secret

    def _check(self, secret: str, account_id: str, name: str, device: str) -> None:
        own = [number.e164 for number in self._till.directory.numbers() if number.account_id == account_id]
        if faults := list(faults_of(secret, (account_id, name, device, *own))):
            raise Complaint(f"this secret is too weak: {'; '.join(faults)}")

    def _shown(self, account_id: str, shows: str) -> str:
        return self._till.line(self._till.account(account_id), shows) if shows else ""

    def _only_number(self, account_id: str) -> str:
        own = [number.e164 for number in self._till.directory.numbers() if number.account_id == account_id]
        if len(own) > 1:
            raise Complaint(f"account {account_id!r} has several numbers: say which one the seat shows")
        return own[0] if own else ""

    def _look_up(self, account_id: str, name: str) -> Doubt:
        async def look_up(connection: Connection) -> None:
            seat = await read_seat(connection, account_id, name)
            self._changed(seat.change if seat else SeatChanged(account_id, name, None))

        return look_up


def networks_of(texts: Sequence[str]) -> tuple[str, ...]:
    """As Asterisk takes them; a lone address is a network of one."""
    if len(texts) > NETWORKS_MAX:
        raise Complaint(f"a seat has at most {NETWORKS_MAX} networks")
    networks = []
    for text in texts:
        try:
            networks.append(str(ip_network(text)))
        except ValueError as error:
            raise Complaint(f"{text!r} is no network: write 192.0.2.0/24 or 192.0.2.7 ({error})") from None
    return tuple(dict.fromkeys(networks))


async def read_all_seats(connection: Connection) -> list[SeatRow]:
    return [_seat(row) for row in await connection.fetch(f"{SEATS} {BY_SEAT}")]


async def read_seats(connection: Connection, account_id: str) -> list[SeatRow]:
    rows = await connection.fetch(f"{SEATS} WHERE seat.account_id = $1 {BY_SEAT}", account_id)
    return [_seat(row) for row in rows]


async def read_seat(connection: Connection, account_id: str, name: str) -> SeatRow | None:
    if not is_word(name):
        return None
    row = await connection.fetchrow(
        f"{SEATS} WHERE seat.account_id = $1 AND name = $2 {BY_SEAT}", account_id, name
    )
    return _seat(row) if row else None


async def read_seat_names(connection: Connection, account_id: str) -> list[str]:
    rows = await connection.fetch("SELECT name FROM seat WHERE account_id = $1", account_id)
    return [row["name"] for row in rows]


def numbers_that_ring(directory: Directory, account_id: str, name: str) -> Iterator[str]:
    for number in directory.numbers():
        if number.account_id == account_id:
            nodes = number.scheme.nodes.values()
            if any(target == Seat(name) for node in nodes for _, target in node.targets()):
                yield number.e164


async def _known(connection: Connection, account_id: str, name: str) -> SeatRow:
    seat = await read_seat(connection, account_id, name)
    if seat is None:
        raise Missing(f"account {account_id!r} has no seat {name!r}: `callctl seat list` has them")
    return seat


def _warnings(name: str) -> Iterator[str]:
    if name in EMERGENCY:
        yield f"whoever dials {name} at a seat gets the emergency service; this seat is rung by schemes only"
    elif normal_number(name):
        yield f"whoever dials {name} at a seat gets this seat, not the number"


def _columns(told: SeatTold) -> tuple[object, ...]:
    seat = told.account_id, told.name, told.shows, told.is_undisturbed, told.is_busy_on_busy
    return (*seat, list(told.allowed))


def _seat(row: asyncpg.Record) -> SeatRow:
    devices = tuple(row["devices"])
    told = SeatTold(
        row["account_id"],
        row["name"],
        devices,
        is_busy_on_busy=row["is_busy_on_busy"],
        is_undisturbed=row["is_undisturbed"],
        shows=row["shows"],
        allowed=tuple(row["allowed"]),
    )
    phones = map(Phone, devices, row["realms"], row["digests"])
    return SeatRow(told, tuple(phones), row["added_at"])
