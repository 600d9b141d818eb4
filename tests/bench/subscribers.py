"""Accounts and numbers for callctl's way, added as an operator would: through the HTTP API."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from callctl.complaint import Complaint
from callctl.demo.subscribers import Subscriber
from dialplan.straight import forwarding_to
from tests.bench.ways import target_number

SIX = ("demo", "six")
UNIT_MS, UNIT_KOPECKS = 6_000, 100  # of this plan
AT_ONCE_MAX = 8


@dataclass(frozen=True, slots=True)
class Books:
    """What the service itself counted."""

    charged_kopecks: int
    held_kopecks: int
    second_cuts: int
    faults: int


async def add_subscribers(
    api_url: str, count: int, *, first: int, balance_kopecks: int, plan: tuple[str, str] = SIX
) -> tuple[Subscriber, ...]:
    """Each with a number of its own, forwarded to a target of its own; `plan` with its profile before it."""
    subscribers = tuple(
        Subscriber(f"bench-{i}", f"7495{i:07d}", forwarding_to(target_number(i)), balance_kopecks, "")
        for i in range(first, first + count)
    )
    turn = asyncio.Semaphore(AT_ONCE_MAX)
    async with aiohttp.ClientSession(api_url) as http:
        await asyncio.gather(*(_add(http, subscriber, plan, turn) for subscriber in subscribers))
    return subscribers


async def add_number(api_url: str, account_id: str, number: str, scheme: str, balance_kopecks: int) -> None:
    """An account with one number that goes by this scheme."""
    async with aiohttp.ClientSession(api_url) as http:
        await _add(
            http, Subscriber(account_id, number, scheme, balance_kopecks, ""), SIX, asyncio.Semaphore()
        )


async def _add(
    http: aiohttp.ClientSession, subscriber: Subscriber, plan: tuple[str, str], turn: asyncio.Semaphore
) -> None:
    account_id, number, scheme = subscriber.account_id, subscriber.number, subscriber.scheme
    account = {"account_id": account_id, "profile": plan[0], "plan": plan[1]}
    async with turn:
        await _post(http, "/accounts", {**account, "balance_kopecks": subscriber.balance_kopecks})
        await _post(http, "/numbers", {"e164": number, "account_id": account_id, "scheme": scheme})


async def _post(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> None:
    async with http.post(path, json=body) as answer:
        if answer.status >= 400:
            raise Complaint(f"a subscriber of the bench was not added: {await answer.text()}")


async def read_books(api_url: str) -> Books:
    async with aiohttp.ClientSession(api_url) as http:
        figures = await read_figures(http)
    return Books(
        charged_kopecks=int(figures["callctl_charged_kopecks_total"]),
        held_kopecks=int(figures["callctl_held_kopecks"]),
        second_cuts=int(figures["callctl_second_cuts_total"]),
        faults=int(figures["callctl_faults_total"]),
    )


async def read_figures(http: aiohttp.ClientSession) -> dict[str, float]:
    """All that the service measures of itself, by name and labels."""
    async with http.get("/metrics") as answer:
        rows = (await answer.text()).splitlines()
    figures = (row.rpartition(" ") for row in rows if not row.startswith("#"))
    return {name: float(value) for name, _, value in figures}
