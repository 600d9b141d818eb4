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
    scheme: str
    balance_kopecks: int
    story: str


def _forwarded(name: str, place: int, balance_kopecks: int, story: str) -> Subscriber:
    return Subscriber(name, f"7495111000{place}", forwarding_to(f"7916111000{place}"), balance_kopecks, story)


_MENU = """
start: menu
nodes:
  menu: {kind: menu, prompt: service/record/notice, keys: {"1": line}, otherwise: line}
  line: {kind: queue, members: ["79161110005", "79161110006"], otherwise: mailbox}
  mailbox: {kind: voicemail}
"""

SUBSCRIBERS = (
    _forwarded("anna", 1, 2000, "forwarded, the caller hangs up"),
    _forwarded("boris", 2, 300, "cut when the money ends, after three units"),
    _forwarded("vera", 3, 50, "refused: the first unit is not covered"),
    _forwarded("gleb", 4, 0, "dials 112 with an empty account"),
    Subscriber("dasha", "74951110005", _MENU, 2000, "a menu: 1 is pressed, then a queue"),
)


async def add_subscribers(api_url: str, token: str = "") -> None:
    """Those of an earlier run keep what they have."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(api_url, headers=headers) as http:
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
                "scheme": subscriber.scheme,
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
