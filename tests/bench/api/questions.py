"""Ten thousand questions of mixed kinds, and how long each answer took.

Rule 1: a question knows its answer's status; any other is a fault, and is told.
Rule 2: when a rate is wanted, an answer is timed from the moment at which its question was due.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

from callctl.demo.subscribers import Subscriber
from dialplan.straight import forwarding_to

AT_ONCE = 8
SIP_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Question:
    kind: str
    method: str
    path: str
    status: int
    body: Any = None


@dataclass(slots=True)
class Answers:
    """Milliseconds by kind of question; `wrong`: with another status than it should."""

    took_ms: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lasted_s: float = 0.0

    @property
    def all_ms(self) -> list[float]:
        return [ms for kind in self.took_ms.values() for ms in kind]

    @property
    def per_second(self) -> float:
        return len(self.all_ms) / self.lasted_s if self.lasted_s else 0.0


def questions(those: Sequence[Subscriber], seed: int) -> Iterator[Question]:
    """Drawn for ever: mostly looked, sometimes paid, changed, refused. `those` are changed."""
    luck, serial = random.Random(seed), count(1)
    while True:
        who = luck.choice(those)
        account, number = f"/accounts/{who.account_id}", f"/numbers/{who.number}"
        payment = {"amount_kopecks": 100, "reference": f"api-{seed}-{next(serial)}"}
        scheme = {"scheme": forwarding_to(f"7926{luck.randrange(10**7):07}"), "note": "bench"}
        kinds = {
            Question("calls", "GET", "/calls", 200): 15,
            Question("an account", "GET", account, 200): 20,
            Question("all accounts", "GET", "/accounts?limit=100", 200): 5,
            Question("bills", "GET", f"{account}/legs", 200): 10,
            Question("a statement's lines", "GET", f"{account}/entries", 200): 5,
            Question("queues", "GET", "/queues", 200): 5,
            Question("health", "GET", "/health", 200): 5,
            Question("metrics", "GET", "/metrics", 200): 2,
            Question("a scheme drawn", "GET", f"{number}/drawing", 200): 2,
            Question("a scheme's versions", "GET", f"{number}/schemes", 200): 3,
            Question("the live page", "GET", "/live", 200): 3,
            Question("the description", "GET", "/openapi.json", 200): 2,
            Question("nobody", "GET", "/accounts/nobody", 404): 5,
        }
        changing = [
            (Question("a payment", "POST", f"{account}/payments", 201, payment), 10),
            (Question("a scheme loaded", "PUT", f"{number}/scheme", 201, scheme), 3),
            (Question("a wrong payment", "POST", f"{account}/payments", 400, {"amount_kopecks": -1}), 5),
        ]
        drawn = [*kinds.items(), *changing]
        yield luck.choices([one for one, _ in drawn], [weight for _, weight in drawn])[0]


async def ask_all(
    api_url: str,
    asked: Iterator[Question],
    *,
    at_least: int,
    per_second: float | None = None,
    is_over: Callable[[], bool] = lambda: True,
) -> Answers:
    """As many, and then on until it is over; as fast as AT_ONCE get answers, or at a rate."""
    answers, turns, began = Answers(), count(), time.monotonic()

    async def ask(http: aiohttp.ClientSession) -> None:
        while (turn := next(turns)) < at_least or not is_over():
            due = began + turn / per_second if per_second else time.monotonic()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            question = next(asked)
            async with http.request(question.method, question.path, json=question.body) as answer:
                told = await answer.read()
                took_ms = (time.monotonic() - due) * 1000
            answers.took_ms.setdefault(question.kind, []).append(took_ms)
            if answer.status != question.status:
                answers.wrong.append(f"{question.method} {question.path}: {answer.status} {told[:200]!r}")

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(api_url, timeout=timeout) as http, asyncio.TaskGroup() as all_of_them:
        for _ in range(AT_ONCE):
            all_of_them.create_task(ask(http))
    answers.lasted_s = time.monotonic() - began
    return answers


@asynccontextmanager
async def listeners(
    api_url: str, *, slow: int = 0, dead: int = 0, reading: int = 0
) -> AsyncIterator[list[bytearray]]:
    """Those who take a hundred bytes ten times a second, those who never read, and those who do; what
    each of the last got."""
    host, _, port = api_url.removeprefix("http://").partition(":")
    question = f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    got = [bytearray() for _ in range(reading)]
    writers, tasks = [], []
    for place in range(slow + dead + reading):
        # What it does not take stays in the kernel's buffers, and then in ours.
        reader, writer = await asyncio.open_connection(host, int(port), limit=2_000)
        writer.write(question)
        writers.append(writer)
        if place < slow:
            tasks.append(asyncio.create_task(_sip(reader)))
        elif place >= slow + dead:
            tasks.append(asyncio.create_task(_read(reader, got[place - slow - dead])))
    try:
        yield got
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for writer in writers:
            writer.close()


async def _sip(reader: asyncio.StreamReader) -> None:
    while await reader.read(100):  # noqa: ASYNC110 it takes its time
        await asyncio.sleep(SIP_EVERY_S)


async def _read(reader: asyncio.StreamReader, got: bytearray) -> None:
    while told := await reader.read(65_536):
        got += told
