"""A real stack, brought up by the real command and looked at from outside: Asterisk, database, metrics.

Rule 1: `callctl up` is a process of its own, and what we know of it is its one line of JSON.
Rule 2: everything a stack and its phones write lies in one folder, temporary files included.
Rule 3: nobody outlives us: the kernel ends the stack when the tests die.
"""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg
from prometheus_client.parser import text_string_to_metric_families

from callctl.demo.phones import Behaviour, Caller, Phone, start_callee
from callctl.demo.seen import CallSeen
from callctl.demo.sipp import HOST, is_free
from callctl.settings import ServiceSettings, read_settings
from callctl.stack.asterisk_program import find_asterisk
from callctl.stack.child import LIBC, PR_SET_PDEATHSIG, start_child
from callctl.stack.up import wait_ready

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 60.0
END_S_MAX = 30.0
# A far end that is exchanged must find its port free again: below the ports that the kernel gives away, and
# below those that media and the bench use. Nobody there listens by TCP: who does has claimed the number.
FAR_END_PORTS = range(3_000, 9_000)

Json = Any


class FarEnd:
    """The carrier behind a trunk: its port stays, what answers there is exchanged."""

    def __init__(self, folder: Path) -> None:
        self._claim = _claim_far_end()
        self.port: int = self._claim.getsockname()[1]
        self._folder = folder
        self._phones: list[Phone] = []

    async def behaves(self, behaviour: Behaviour) -> None:
        await self.stop()
        self._phones.append(await start_callee(behaviour, folder=self._folder, port=self.port))

    def calls_to(self, number: str) -> list[CallSeen]:
        """All calls that ever came for this number, whatever answered then."""
        return [seen for seen in self.calls() if seen.number == number]

    def calls(self) -> list[CallSeen]:
        return [seen for phone in self._phones for seen in phone.calls()]

    async def over(self, number: str, count: int = 1) -> list[CallSeen]:
        """The calls for this number, as soon as there are `count` and all are over."""
        async with asyncio.timeout(READY_S_MAX):
            while sum(seen.is_over for seen in self.calls_to(number)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # a file tells nobody that it grew
        return self.calls_to(number)

    async def stop(self) -> None:
        if self._phones:
            await self._phones[-1].stop()

    async def close(self) -> None:
        await self.stop()
        self._claim.close()


def _claim_far_end() -> socket.socket:
    """A number whose UDP port is free, ours until the socket is closed: others that look find it claimed."""
    for port in random.sample(FAR_END_PORTS, 100):
        claim = socket.socket()
        try:
            claim.bind((HOST, port))
        except OSError:
            claim.close()
        else:
            if is_free(port):
                return claim
            claim.close()
    raise AssertionError(f"no free port in {FAR_END_PORTS}")


@dataclass(frozen=True, slots=True)
class Stack:
    process: asyncio.subprocess.Process
    note: Mapping[str, Any]
    folder: Path
    tmp: Path  # where its sockets are
    settings: ServiceSettings
    carrier: FarEnd
    spare: FarEnd
    api: aiohttp.ClientSession
    ari: aiohttp.ClientSession
    database: "asyncpg.Connection[asyncpg.Record]"
    cli_command: tuple[str, ...]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def pids(self) -> Mapping[str, int]:
        pids: Mapping[str, int] = self.note["pids"]
        return pids

    @property
    def api_url(self) -> str:
        return f"http://{self.note['api']}"

    @property
    def settings_file(self) -> Path:
        return self.state / "service.json"

    @property
    def caller(self) -> Caller:
        return Caller(int(self.note["sip"].rpartition(":")[2]), self.folder / "phones")

    async def get(self, path: str) -> Json:
        async with self.api.get(path) as answer:
            assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def health(self) -> Json:
        """Whatever its status."""
        async with self.api.get("/health") as answer:
            return await answer.json()

    async def post(self, path: str, body: Json, *, expect: int = 201) -> Json:
        async with self.api.post(path, json=body) as answer:
            assert answer.status == expect, f"{path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def metrics(self) -> dict[str, float]:
        """By name, labels in the way Prometheus writes them: `callctl_connection_up{to="ari"}`."""
        async with self.api.get("/metrics") as answer:
            assert answer.status == 200
            text = await answer.text()
        return {
            sample.name + _labels(sample.labels): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def ask_ari(self, path: str, **query: str) -> Json:
        async with self.ari.get(f"/ari{path}", params=query) as answer:
            assert answer.status == 200, f"{path}: {answer.status} {await answer.text()}"
            return await answer.json()

    async def asterisk_cli(self, command: str) -> str:
        return await _output_of([*self.cli_command, command])

    async def callctl(self, *words: str, expect: int = 0) -> str:
        """The command as a person types it; what it printed."""
        command = [sys.executable, "-m", "callctl", *words]
        return await _output_of(command, expect=expect)

    def witness(self) -> Iterator[dict[str, Any]]:
        """What Asterisk's own event log says, line by line."""
        path = Path(self.settings.witness or "")
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            yield json.loads(line)

    def service_log(self) -> str:
        return (self.state / "service.log").read_text("utf-8", "replace")


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


async def _output_of(command: list[str], *, expect: int = 0) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), READY_S_MAX)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = printed.decode("utf-8", "replace")
    assert process.returncode == expect, f"{command}: code {process.returncode}: {text}"
    return text


@asynccontextmanager
async def stack_up(folder: Path, config: str = "") -> AsyncIterator[Stack]:
    """`config` is TOML for `callctl up --config`. All is stopped at the end."""
    for name in ("state", "phones"):
        (folder / name).mkdir(parents=True)
    async with AsyncExitStack() as ending:
        # Not in the folder: its path may be too long for a socket.
        tmp = Path(ending.enter_context(TemporaryDirectory()))
        carrier, spare = FarEnd(folder / "phones"), FarEnd(folder / "phones")
        for far_end in (carrier, spare):
            ending.push_async_callback(far_end.close)
        process = await _start_up(folder, tmp, config, carrier, spare)
        ending.push_async_callback(_stop, process)
        note = await _note_of(process, folder)
        settings = read_settings(ServiceSettings, folder / "state" / "service.json")
        api = await ending.enter_async_context(http_to(f"http://{note['api']}"))
        ari = await ending.enter_async_context(
            http_to(settings.ari.url, settings.ari.user, settings.ari.password)
        )
        database = await asyncpg.connect(note["database"])
        ending.push_async_callback(partial(_close, database))
        program = await find_asterisk(lambda _line: None)
        conf = folder / "state" / "asterisk" / "etc" / "asterisk.conf"
        yield Stack(
            process=process,
            note=note,
            folder=folder,
            tmp=tmp,
            settings=settings,
            carrier=carrier,
            spare=spare,
            api=api,
            ari=ari,
            database=database,
            cli_command=(*program.command, "-C", str(conf), "-rx"),
        )


async def stop_service(stack: Stack, sign: signal.Signals = signal.SIGTERM) -> None:
    """The service alone; `up` reports it and stays, and so do Asterisk and the database."""
    os.kill(stack.pids["service"], sign)
    async with asyncio.timeout(END_S_MAX):
        while "the service ended" not in (stack.folder / "up.log").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serve_again(stack: Stack, settings_file: Path) -> AsyncIterator[None]:
    """The service started the way that the report of `up` names, and ready for calls."""
    command: list[str | Path] = [sys.executable, "-m", "callctl", "run", "--settings", settings_file]
    service = await start_child("the service", command, log=stack.state / "service.log", cwd=ROOT)
    try:
        await wait_ready(service, stack.api_url)
        yield
    finally:
        await service.stop()


async def _start_up(
    folder: Path, tmp: Path, config: str, carrier: FarEnd, spare: FarEnd
) -> asyncio.subprocess.Process:
    config_file = folder / "up.toml"
    config_file.write_text("durable = false\n" + config, "utf-8")
    command = f"up --no-demo --config {config_file} --state {folder / 'state'}".split()
    command += ["--sip", "127.0.0.1:0", "--api", "127.0.0.1:0"]
    command += ["--trunk", f"carrier=127.0.0.1:{carrier.port}", "--trunk", f"spare=127.0.0.1:{spare.port}"]
    with (folder / "up.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "callctl",
            *command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(tmp)},  # inherited: it marks whom the stack starts
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )


async def _note_of(process: asyncio.subprocess.Process, folder: Path) -> dict[str, Any]:
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), READY_S_MAX)
    assert line, f"`callctl up` ended: {(folder / 'up.log').read_text()}"
    note: dict[str, Any] = json.loads(line)
    return note


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        await asyncio.wait_for(process.wait(), END_S_MAX)


async def _close(database: "asyncpg.Connection[asyncpg.Record]") -> None:
    database.terminate()


def http_to(base: str, user: str = "", password: str = "") -> aiohttp.ClientSession:
    token = b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}"} if user else {}
    return aiohttp.ClientSession(base, headers=headers, timeout=aiohttp.ClientTimeout(total=10))
