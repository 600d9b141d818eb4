"""Members of queues who pause: written down, so that a restart lets nobody ring who is away.

Rule 1: a name of a seat is that seat, whatever number it looks like.
Rule 2: the same again is no news.
"""

from collections.abc import Callable

from callctl.clock import moment
from callctl.complaint import Complaint
from callctl.storage.database import Connection
from callctl.storage.seats import read_seat
from callctl.storage.till import Doubt, Till
from dialplan.numbers import EMERGENCY, normal_number
from dialplan.targets import Outside, Seat, Target

PAUSE = """
INSERT INTO pause (account_id, member, is_seat, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
RESUME = "DELETE FROM pause WHERE account_id = $1 AND member = $2 AND is_seat = $3"

# Whose member it is, who, and whether he pauses.
Paused = Callable[[str, Target, bool], None]


class Pauses:
    def __init__(self, till: Till, paused: Paused) -> None:
        self._till = till
        self._paused = paused

    async def pause(self, account_id: str, member: str) -> Target:
        return await self._set(account_id, member, is_pausing=True)

    async def resume(self, account_id: str, member: str) -> Target:
        return await self._set(account_id, member, is_pausing=False)

    async def _set(self, account_id: str, member: str, *, is_pausing: bool) -> Target:
        self._till.account(account_id)
        async with self._till.turn:
            async with self._till.reading() as connection:
                target = await _target(connection, account_id, member)
            key = (account_id, _written(target), isinstance(target, Seat))
            async with self._till.writing(self._look_up(account_id, target)) as connection:
                if is_pausing:
                    await connection.execute(PAUSE, *key, moment(self._till.clock.now_ms()))
                else:
                    await connection.execute(RESUME, *key)
            self._paused(account_id, target, is_pausing)
        return target

    def _look_up(self, account_id: str, target: Target) -> Doubt:
        async def look_up(connection: Connection) -> None:
            pauses = await read_pauses(connection)
            self._paused(account_id, target, (account_id, target) in pauses)

        return look_up


async def read_pauses(connection: Connection) -> list[tuple[str, Target]]:
    rows = await connection.fetch("SELECT account_id, member, is_seat FROM pause")
    return [
        (account_id, Seat(member) if is_seat else Outside(member)) for account_id, member, is_seat in rows
    ]


async def _target(connection: Connection, account_id: str, member: str) -> Target:
    if await read_seat(connection, account_id, member):
        return Seat(member)
    number = normal_number(member)
    if number is None or number in EMERGENCY:
        raise Complaint(f"{member!r} is no seat of {account_id!r} and no number: give anna or 79161110002")
    return Outside(number)


def _written(target: Target) -> str:
    return target.name if isinstance(target, Seat) else target.number
