"""A stack in parts, to be broken one by one: PostgreSQL, Asterisk, the service are killed and started alone.

Rule 1: the parts are those that `callctl up` starts, with the settings that it would give them.
Rule 2: what is started is ended, whatever became of it; who was killed is waited for.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg

from callctl.demo.phones import Answers
from callctl.settings import Address, CallSettings, ServiceSettings
from callctl.stack.asterisk import AsteriskChild, AsteriskSettings, cli_command, start_asterisk
from callctl.stack.asterisk_program import AsteriskProgram, find_asterisk
from callctl.stack.child import Child, start_child
from callctl.stack.plan import LOOPBACK, Plan
from callctl.stack.ports import free_tcp_port
from callctl.stack.postgres import Postgres, start_postgres
from callctl.stack.up import settings_of, wait_ready
from tests.e2e.stacks import END_S_MAX, ROOT, FarEnd, Stack, http_to

ANYWHERE = Address(LOOPBACK, 0)


class Parts:
    """`stack` is for the words that tests are told in; it is another after PostgreSQL was started anew."""

    def __init__(
        self,
        stack: Stack,
        program: AsteriskProgram,
        on_asterisk: AsteriskSettings,
        postgres: Postgres,
        asterisk: AsteriskChild,
        service: Child,
        data_dir: Path,
    ) -> None:
        self.stack = stack
        self.program = program
        self.on_asterisk = on_asterisk
        self.postgres = postgres
        self.asterisk = asterisk
        self.service = service
        self.data_dir = data_dir

    async def kill_service(self) -> None:
        await _kill(self.service)

    async def start_service(self, *words: str) -> None:
        self.service = await start_run(self.stack.settings_file, self.stack.state / "service.log", *words)
        await wait_ready(self.service, self.stack.api_url)

    async def end_service(self) -> None:
        """In order: it has written all that it knew."""
        self.service.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.service.process.wait(), END_S_MAX) == 0

    async def is_healthy(self) -> bool:
        try:
            async with self.stack.api.get("/health") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def kill_asterisk(self) -> None:
        await _kill(self.asterisk)

    async def start_asterisk(self) -> None:
        self.asterisk = await start_asterisk(self.program, self.on_asterisk)

    async def kill_postgres(self) -> None:
        """With all that it has started."""
        backends = self.backends()
        await _kill(self.postgres.child)
        for pid in backends:
            with suppress(ProcessLookupError):  # it went with its master
                os.kill(pid, signal.SIGKILL)
        self.postgres.home.leave()

    async def start_postgres(self) -> None:
        self.postgres = await start_postgres(self.data_dir, lambda _line: None)
        self.stack.database.terminate()
        self.stack = replace(self.stack, database=await asyncpg.connect(self.postgres.url))

    def backends(self) -> list[int]:
        """PostgreSQL's processes but the first."""
        return _children(self.postgres.pid)

    async def end(self) -> None:
        self.stack.database.terminate()
        for child in (self.service, self.asterisk):
            await child.stop()
        if self.postgres.child.is_running:
            await self.postgres.stop()


async def start_run(
    settings_file: Path,
    log: Path,
    *words: str,
    program: str = "callctl",
    env: Mapping[str, str] | None = None,
) -> Child:
    command: list[str | Path] = [sys.executable, "-m", program, "run", "--settings", settings_file, *words]
    return await start_child("the service", command, log=log, cwd=ROOT, env={**os.environ, **(env or {})})


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _kill(child: Child) -> None:
    if child.is_running:
        child.process.kill()
    await asyncio.wait_for(child.process.wait(), END_S_MAX)


@asynccontextmanager
async def parts_up(
    folder: Path, calls: CallSettings, *, data_dir: Path | None = None, **changes: Any
) -> AsyncIterator[Parts]:
    """`changes` are settings of the service; `data_dir`: where PostgreSQL keeps its own."""
    state = folder / "state"
    for place in (state, folder / "phones"):
        place.mkdir(parents=True, exist_ok=True)  # a test may have mounted something there
    async with AsyncExitStack() as ending, AsyncExitStack() as begun:
        tmp = Path(ending.enter_context(TemporaryDirectory()))
        carrier, spare = FarEnd(folder / "phones"), FarEnd(folder / "phones")
        for far_end in (carrier, spare):
            ending.push_async_callback(far_end.close)
            await far_end.behaves(Answers(ring_ms=200))
        trunks = {"carrier": Address(LOOPBACK, carrier.port), "spare": Address(LOOPBACK, spare.port)}
        plan = Plan(state=state, sip=ANYWHERE, api=ANYWHERE, trunks=trunks, demo=False, calls=calls).settled()
        data_dir = data_dir or state / "postgres"
        program = await find_asterisk(lambda _line: None)
        postgres = await start_postgres(data_dir, lambda _line: None)
        begun.push_async_callback(postgres.stop)
        settings, on_asterisk = settings_of(plan, postgres.url)
        settings = settings.model_copy(update=changes)
        settings_file = state / "service.json"
        settings_file.write_text(settings.model_dump_json())
        asterisk = await start_asterisk(program, on_asterisk)
        begun.push_async_callback(asterisk.stop)
        service = await start_run(settings_file, state / "service.log")
        begun.push_async_callback(service.stop)
        await wait_ready(service, f"http://{plan.api}")
        stack = Stack(
            process=service.process,
            note={"sip": str(plan.sip), "api": str(plan.api), "pids": {}},
            folder=folder,
            tmp=tmp,
            settings=settings,
            carrier=carrier,
            spare=spare,
            api=await ending.enter_async_context(http_to(f"http://{plan.api}")),
            ari=await ending.enter_async_context(
                http_to(settings.ari.url, settings.ari.user, settings.ari.password)
            ),
            database=await asyncpg.connect(postgres.url),
            cli_command=tuple(cli_command(program, on_asterisk, ""))[:-1],
        )
        parts = Parts(stack, program, on_asterisk, postgres, asterisk, service, data_dir)
        ending.push_async_callback(parts.end)
        begun.pop_all()  # they may be killed and started again from here on: the parts know which there are
        yield parts


def another_service(parts: Parts, **changes: Any) -> Path:
    """Settings of a second one on the same Asterisk, and on the same database unless another is named."""
    api, agi = (Address(LOOPBACK, free_tcp_port(LOOPBACK)) for _ in range(2))
    settings: ServiceSettings = parts.stack.settings.model_copy(update={"api": api, "agi": agi, **changes})
    file = parts.stack.state / "another.json"
    file.write_text(settings.model_dump_json())
    return file
