"""The subscribers' own sounds: kept in their table, played from files of which it is the truth.

Rule 1: durable first, then the file; what a death left between the two is put right at the start.
Rule 2: a sound that a scheme in force plays is not taken away.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from callctl.calls.directory import Directory
from callctl.clock import moment
from callctl.complaint import Complaint, Missing
from callctl.prompts.apart import check_apart
from callctl.storage.database import Connection
from callctl.storage.sound_files import SoundFiles
from callctl.storage.till import Doubt, Till

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SOUND_COLUMNS = "account_id, name, digest, length_ms, added_at"
PUT = """
INSERT INTO sound (account_id, name, wav, digest, length_ms, added_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, name) DO UPDATE
SET wav = excluded.wav, digest = excluded.digest, length_ms = excluded.length_ms, added_at = excluded.added_at
"""

log = logging.getLogger("callctl")


class Played(Complaint):
    """A scheme in force plays the sound."""


@dataclass(frozen=True, slots=True)
class SoundRow:
    account_id: str
    name: str
    digest: str
    length_ms: int
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    sound: SoundRow
    is_new: bool
    notes: tuple[str, ...]


class Sounds:
    def __init__(self, till: Till, files: SoundFiles) -> None:
        self._till = till
        self._files = files

    async def add(self, account_id: str, name: str, data: bytes) -> Added:
        """In the place of one that has the name."""
        self._till.account(account_id)
        if not NAME.fullmatch(name):
            raise Complaint(f"{name!r} is no name of a sound: small letters, digits, - and _, at most 40")
        sound = await check_apart(data)
        if isinstance(sound, list):
            raise Complaint(f"the sound {name!r} is refused: {'; '.join(sound)}")
        at = moment(self._till.clock.now_ms())
        digest = hashlib.sha256(sound.wav).hexdigest()
        row = SoundRow(account_id, name, digest, round(sound.seconds * 1000), at)
        async with self._till.turn:
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                known = await read_sound(connection, account_id, name)
                await connection.execute(PUT, account_id, name, sound.wav, digest, row.length_ms, at)
            try:
                await asyncio.to_thread(self._files.put, account_id, name, sound.wav)
            except OSError as error:
                raise Complaint(
                    f"the sound {name!r} is stored, but its file cannot be written ({error.strerror}): "
                    "make room and send it again"
                ) from error
        return Added(row, known is None, sound.notes)

    async def all_of(self, account_id: str) -> list[SoundRow]:
        self._till.account(account_id)
        async with self._till.reading() as connection:
            return await read_sounds(connection, account_id)

    async def remove(self, account_id: str, name: str) -> SoundRow:
        self._till.account(account_id)
        async with self._till.turn:
            async with self._till.writing(self._look_up(account_id, name)) as connection:
                known = await read_sound(connection, account_id, name)
                if known is None:
                    raise Missing(
                        f"account {account_id!r} has no sound {name!r}: `callctl sound list` has them"
                    )
                if numbers := ", ".join(numbers_that_play(self._till.directory, account_id, name)):
                    raise Played(
                        f"the sound {name!r} is played by the scheme of {numbers}: change that first"
                    )
                await connection.execute(
                    "DELETE FROM sound WHERE account_id = $1 AND name = $2", account_id, name
                )
            await asyncio.to_thread(self._files.drop, account_id, name)
        return known

    def _look_up(self, account_id: str, name: str) -> Doubt:
        async def look_up(connection: Connection) -> None:
            try:
                await restore_sound(connection, self._files, account_id, name)
            except OSError as error:  # not the database's, for which it would be taken
                log.error("the file of the sound %s of %s cannot be written: %s", name, account_id, error)

        return look_up


async def restore_sounds(connection: Connection, files: SoundFiles) -> None:
    """Files as the table has them."""
    rows = await connection.fetch(f"SELECT {SOUND_COLUMNS} FROM sound")
    sounds = {(row["account_id"], row["name"]): row["digest"] for row in rows}
    for account_id, name in await asyncio.to_thread(files.differing, sounds):
        await restore_sound(connection, files, account_id, name)


async def restore_sound(connection: Connection, files: SoundFiles, account_id: str, name: str) -> None:
    wav = await connection.fetchval(
        "SELECT wav FROM sound WHERE account_id = $1 AND name = $2", account_id, name
    )
    if wav is None:
        await asyncio.to_thread(files.drop, account_id, name)
    else:
        await asyncio.to_thread(files.put, account_id, name, wav)


async def read_sound(connection: Connection, account_id: str, name: str) -> SoundRow | None:
    row = None
    if NAME.fullmatch(name):
        row = await connection.fetchrow(
            f"SELECT {SOUND_COLUMNS} FROM sound WHERE account_id = $1 AND name = $2", account_id, name
        )
    return SoundRow(*row) if row else None


async def read_sounds(connection: Connection, account_id: str) -> list[SoundRow]:
    rows = await connection.fetch(
        f"SELECT {SOUND_COLUMNS} FROM sound WHERE account_id = $1 ORDER BY name", account_id
    )
    return [SoundRow(*row) for row in rows]


async def read_names(connection: Connection, account_id: str) -> list[str]:
    return [sound.name for sound in await read_sounds(connection, account_id)]


def numbers_that_play(directory: Directory, account_id: str, name: str) -> Iterator[str]:
    for number in directory.numbers():
        if number.account_id == account_id:
            nodes = number.scheme.nodes.values()
            if any(sound == name for node in nodes for _, sound in node.sounds()):
                yield number.e164
