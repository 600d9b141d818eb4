"""What an operator asks meanwhile: payments, balances, bills, lists, by the API and by commands.

Rule 1: everything that is asked is answered; a fault of the service ends the soak.
Rule 2: no list that is read grows: messages and recordings are removed when there are some, and connections
    are listed of an account that is quiet. A list is told whole, and a longer answer takes more memory.
"""

import asyncio
import itertools
import json
from datetime import UTC, datetime, timedelta
from random import Random

import aiohttp

from tests.e2e.soak.traffic import Traffic
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import Subscriber

LOW_KOPECKS, PAYMENT_KOPECKS = 600, 900
PAID_EVERY_S, READ_EVERY_S, TYPED_EVERY_S, COMPARED_EVERY_S = 5.0, 1.0, 15.0, 60.0
# The newest may go on yet.
LIST_KEEPS = 6
COMPARING = aiohttp.ClientTimeout(total=COMPARED_EVERY_S)


class Office:
    def __init__(self, mixed: Traffic, luck: Random) -> None:
        self._mixed = mixed
        self._stack: Stack = mixed.stack
        self._luck = luck
        self.payments = self.read = self.typed = self.put_off = 0
        self.differences: list[str] = []

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for work in (self._pay, self._read, self._type, self._compare):
                tasks.create_task(work(), name=work.__name__)

    async def _pay(self) -> None:
        """Whoever has nearly nothing gets a little: calls are cut, then go on."""
        for serial in itertools.count():
            for account_id in self._mixed.crowd.given:
                path = f"/accounts/{account_id}"
                if (await self._stack.get(path))["balance_kopecks"] < LOW_KOPECKS:
                    payment = {"amount_kopecks": PAYMENT_KOPECKS, "reference": f"soak-{serial}"}
                    await self._stack.post(f"{path}/payments", payment)
                    self._mixed.crowd.given[account_id] += PAYMENT_KOPECKS
                    self.payments += 1
            await asyncio.sleep(PAID_EVERY_S)

    async def _read(self) -> None:
        mixed = self._mixed
        number, office = mixed.office.number, mixed.office.account_id
        paths = ["/health", "/calls", "/queues", f"/accounts/{office}", f"/numbers/{number}/calls"]
        paths += [f"/accounts/{mixed.quiet.account_id}/legs"]
        lists = {
            f"/accounts/{office}/recordings": "/recordings",
            f"/messages?account_id={mixed.mailbox.account_id}": "/messages",
        }
        while True:
            path = self._luck.choice([*paths, *lists])
            told = await self._stack.get(path)
            self.read += 1
            if path in lists:
                for one in sorted(told, key=_moment)[:-LIST_KEEPS]:
                    await self._remove(f"{lists[path]}/{one['call_id']}")
            await asyncio.sleep(READ_EVERY_S)

    async def _remove(self, path: str) -> None:
        async with self._stack.api.delete(path) as answer:
            assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"

    async def _type(self) -> None:
        api = ("--api", self._stack.note["api"])
        who: Subscriber = self._mixed.office
        commands = [
            ("calls",),
            ("account", "show", who.account_id),
            ("cdr", "--account", self._mixed.quiet.account_id),
            ("queue", "list", who.account_id),
            ("seat", "list", who.account_id),
        ]
        while True:
            await asyncio.sleep(TYPED_EVERY_S)
            await self._stack.callctl(*self._luck.choice(commands), *api)
            self.typed += 1

    async def _compare(self) -> None:
        """The minute before last; on a machine that is very busy the service may put it off."""
        while True:
            await asyncio.sleep(COMPARED_EVERY_S)
            end = datetime.now(UTC) - timedelta(seconds=COMPARED_EVERY_S)
            period = {
                "begin": (end - timedelta(seconds=COMPARED_EVERY_S)).isoformat(),
                "end": end.isoformat(),
            }
            async with self._stack.api.post("/reconcile", json=period, timeout=COMPARING) as answer:
                told = [json.loads(line) for line in (await answer.text()).splitlines()]
            if "total" not in told[-1]:
                self.put_off += 1
            self.differences += [str(line) for line in told if "kind" in line]


def _moment(kept: Json) -> str:
    """Of a recording or a message."""
    began: str = kept.get("began_at") or kept["taken_at"]
    return began
