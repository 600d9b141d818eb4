"""Which way calls took, as their records say."""

from datetime import datetime

from callctl.complaint import Missing
from callctl.storage.calls import CallRow, read_call, read_calls
from callctl.storage.rows import LegRow, read_legs_of_call
from callctl.storage.till import Till
from dialplan.numbers import normal_number


class Ways:
    def __init__(self, till: Till) -> None:
        self._till = till

    async def call(self, call_id: str) -> CallRow:
        call = None
        if call_id.isprintable():  # else no column could hold it
            async with self._till.reading() as connection:
                call = await read_call(connection, call_id)
        if call is None:
            raise Missing(
                f"the way of a call {call_id!r} is not known: `callctl scheme calls E164` lists what is"
            )
        return call

    async def calls(self, e164: str) -> list[CallRow]:
        number = self._till.directory.number(normal_number(e164) or "")
        if number is None:
            raise Missing(f"number {e164!r} is nobody's here: give one such as 74951234567")
        async with self._till.reading() as connection:
            return await read_calls(connection, number.account_id, number.e164)

    async def legs(self, call: CallRow, end: datetime) -> list[LegRow]:
        async with self._till.reading() as connection:
            return await read_legs_of_call(connection, call.account_id, call.call_id, call.arrived_at, end)
