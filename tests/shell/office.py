"""`callctl run` as a process of its own, and what its tables hold."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import asyncpg

from callctl.stack.child import Child
from callctl.stack.ports import free_tcp_port
from callctl.stack.up import start_service
from tests.shell.description import Description, described
from tests.shell.relay import Relay

TABLES = (
    *("account", "number", "entry", "leg", "number_limit", "scheme", "call", "message", "sound"),
    *("seat", "device", "pause", "recording"),
)
PATIENCE_S = 60.0
JSON = "application/json"
NOBODY = "127.0.0.1:1"
SCHEME = """\
start: ring
nodes:
  ring: {kind: forward, to: ["79161110002"], patience_s: 30, otherwise: bye}
  bye: {kind: hang_up, cause: no_answer}
"""

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Answer = tuple[int, Any]


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    give_up_at = asyncio.get_running_loop().time() + PATIENCE_S
    while not await true():
        assert asyncio.get_running_loop().time() < give_up_at, f"never: {what}"
        await asyncio.sleep(0.02)


class Office:
    """`database` and `sql` are ways past the relay."""

    def __init__(self, folder: Path, port: int, relay: Relay, database: str, sql: Sql) -> None:
        self.folder = folder
        self.api = f"127.0.0.1:{port}"
        self.relay = relay
        self.database = database
        self.sql = sql
        self.service: Child | None = None
        self.described: Description | None = None  # with which every answer is compared
        self.tls: ssl.SSLContext | None = None
        self.token = ""  # that is shown with every question

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text("utf-8", "replace")

    async def start(self) -> None:
        self.service = await start_service(self.folder / "service.json", self.folder / "service.log")
        await until(self._answers, f"the office answers: {self.log}")

    async def stop(self) -> None:
        assert self.service
        await self.service.stop()
        assert self.service.process.returncode == 0, self.log
        assert "Traceback" not in self.log, self.log

    async def ask(self, method: str, path: str, body: object = None, *, kind: str = JSON) -> Answer:
        """Status and JSON; bytes go as they are. Every refusal is a problem of one line."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        timeout = aiohttp.ClientTimeout(total=20)
        headers = {"Content-Type": kind, **self.shown}
        async with (
            aiohttp.ClientSession(self.url, timeout=timeout) as http,
            http.request(method, path, data=sent, headers=headers, ssl=self.tls or True) as response,
        ):
            answer = await response.json(content_type=None)
            if response.status >= 400 and path != "/health":
                assert response.content_type == "application/problem+json"
                assert answer["status"] == response.status
                assert answer["detail"] and "\n" not in answer["detail"], answer
            if self.described:
                self.described.check(method, path, response.status, response.content_type, answer)
            return response.status, answer

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.api}"

    @property
    def shown(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def open(self, account_id: str, balance_kopecks: int = 0) -> None:
        body = {"account_id": account_id, "profile": "demo", "plan": "six"}
        answer = await self.ask("POST", "/accounts", {**body, "balance_kopecks": balance_kopecks})
        assert answer[0] == 201, answer

    async def tables(self) -> dict[str, list[str]]:
        """Everything that is written down."""
        return {
            name: [str(row) for row in await self.sql.fetch(f"SELECT * FROM {name} ORDER BY 1, 2")]
            for name in TABLES
        }

    async def is_sound(self, *account_ids: str) -> bool:
        """Every balance is the sum of its lines; of these accounts, also as the service has it."""
        sums = await self.sql.fetch(
            "SELECT account_id, balance_kopecks, (SELECT coalesce(sum(amount_kopecks), 0) FROM entry"
            " WHERE pot = '' AND entry.account_id = account.account_id)::bigint AS lines FROM account"
        )
        for account_id, balance, lines in sums:
            assert balance == lines, (account_id, balance, lines)
            if account_id in account_ids:
                _, shown = await self.ask("GET", f"/accounts/{account_id}")
                assert balance == shown["balance_kopecks"], (account_id, balance, shown)
        return True

    async def _answers(self) -> bool:
        assert self.service and self.service.is_running, self.log
        try:
            await self.ask("GET", "/health")
        except aiohttp.ClientError:
            return False
        return True


@asynccontextmanager
async def open_office(
    folder: Path, relay: Relay, name: str, database: str, *, tls: Path | None = None, **more: object
) -> AsyncIterator[Office]:
    """`tls`: the certificate that it shows; `more`: settings."""
    port = free_tcp_port("127.0.0.1")
    settings = {
        "api": f"127.0.0.1:{port}",
        "agi": f"127.0.0.1:{free_tcp_port('127.0.0.1')}",
        "ari": {"url": f"http://{NOBODY}", "user": "callctl", "password": "none"},
        "ami": {"address": NOBODY, "user": "callctl", "password": "none"},
        "database": relay.url(name),
        "sounds": str(folder / "sounds"),
        "recordings": str(folder / "recordings"),
        "trunks": ["carrier"],
        **more,
    }
    (folder / "service.json").write_text(json.dumps(settings))
    (folder / "stack.json").write_text(json.dumps({"api": f"127.0.0.1:{port}"}))
    sql = await asyncpg.connect(database)
    office = Office(folder, port, relay, database, sql)
    office.described = described()
    office.tls = ssl.create_default_context(cafile=tls) if tls else None
    try:
        await office.start()
        yield office
        relay.mend()
        await office.stop()
    finally:
        if office.service and office.service.is_running:
            await office.service.stop()
        await sql.close()
