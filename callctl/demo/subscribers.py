"""The demonstration's subscribers, their numbers, and the far end that answers for everybody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from callctl.complaint import Complaint
from callctl.demo.phones import Answers, start_callee
from callctl.settings import Address
from dialplan.straight import forwarding_to

DEMO_TRUNK = "carrier"
RINGS_MS = 1_000
EXISTS = 409


@dataclass(frozen=True, slots=True)
class Subscriber:
    account_id: str
    number: str
    forward_to: str
    balance_kopecks: int
    story: str


SUBSCRIBERS = (
    Subscriber("anna", "74951110001", "79161110001", 2000, "forwarded, the caller hangs up"),
    Subscriber("boris", "74951110002", "79161110002", 300, "cut when the money ends, after three units"),
    Subscriber("vera", "74951110003", "79161110003", 50, "refused: the first unit is not covered"),
    Subscriber("gleb", "74951110004", "79161110004", 0, "dials 112 with an empty account"),
)


async def add_subscribers(api_url: str) -> None:
    """Those of an earlier run keep what they have."""
    async with aiohttp.ClientSession(api_url) as http:
        for subscriber in SUBSCRIBERS:
            account = {
                "account_id": subscriber.account_id,
                "profile": "demo",
                "plan": "six",
                "balance_kopecks": subscriber.balance_kopecks,
            }
            number = {
                "e164": subscriber.number,
                "account_id": subscriber.account_id,
                "scheme": forwarding_to(subscriber.forward_to),
            }
            await _post(http, "/accounts", account)
            await _post(http, "/numbers", number)


async def _post(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    async with http.post(path, json=body) as response:
        if response.status >= 400 and response.status != EXISTS:
            raise Complaint(f"a demo subscriber was not added: {await response.text()}")


@asynccontextmanager
async def demo_far_end(folder: Path) -> AsyncIterator[Address]:
    """Every mobile in the land: rings for a second, answers, waits to be hung up on."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with await start_callee(Answers(ring_ms=RINGS_MS), folder=folder) as phone:
        yield Address("127.0.0.1", phone.port)
