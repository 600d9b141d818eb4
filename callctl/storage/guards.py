"""An account's own guards, kept: what is not its own is as the profile has it.

Rule 1: who was not guarded is looked up in the records first, so that a guard knows from its first moment on
    what it would have counted.
"""

import json
from collections.abc import Mapping

from callctl.complaint import Complaint
from callctl.storage.database import Connection
from callctl.storage.rows import read_account
from callctl.storage.till import Till
from callctl.storage.watches import learn
from rating.ledger import Account
from rating.quote import fund
from rating.reading.guard_words import ALWAYS_NIGHT

SET = "UPDATE account SET guards = $2 WHERE account_id = $1"


class GuardBook:
    def __init__(self, till: Till) -> None:
        self._till = till

    async def set_own(
        self, account_id: str, own: Mapping[str, int | None], not_own: frozenset[str]
    ) -> Account:
        """By the fields of Guards; `not_own` are again as the profile has them."""
        account = self._till.account(account_id)

        async def look_up(connection: Connection) -> None:
            if known := await read_account(connection, account_id):
                self._put_in_force(account, known.own_guards)

        async with self._till.turn:
            kept = {name: value for name, value in account.own_guards.items() if name not in not_own}
            new = {**kept, **own}
            guards = self._till.directory.tariffs.guards(account.profile).over(new)
            if guards.night_begin == guards.night_until:
                raise Complaint(ALWAYS_NIGHT)
            async with self._till.writing(look_up) as connection:
                await connection.execute(SET, account_id, json.dumps(new))
            self._put_in_force(account, new)
            async with self._till.reading() as connection:
                await learn(connection, [account], self._till.clock.now_ms())
        return account

    def _put_in_force(self, account: Account, own: Mapping[str, int | None]) -> None:
        account.own_guards = own
        fund(account, self._till.directory.tariffs)
