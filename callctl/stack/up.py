"""A whole stack in the foreground: PostgreSQL, Asterisk, the service, and demo subscribers.

Rule 1: what was started is stopped, in the opposite order, however we end. What cannot come up is said before
anything is started, where it can be known before.
Rule 2: when the service ends alone, Asterisk goes on: callers keep talking under the second cut, and new
ones get the fallback. It is started again with `callctl run`.
Rule 3: a private PostgreSQL that ends alone is started again.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from callctl.complaint import Complaint
from callctl.demo.subscribers import DEMO_TRUNK, add_subscribers, demo_far_end
from callctl.settings import AccessSettings, Address, AmiSettings, AriSettings, ServiceSettings
from callctl.stack.asterisk import AsteriskSettings, cli_command, start_asterisk
from callctl.stack.asterisk_program import find_asterisk
from callctl.stack.child import Child, start_child
from callctl.stack.plan import LOOPBACK, Plan
from callctl.stack.ports import free_tcp_port
from callctl.stack.postgres_kept import KeptPostgres, start_kept
from callctl.stack.whereabouts import forget_whereabouts, write_whereabouts
from callctl.storage.database import close_pool, open_pool, without_password
from callctl.token_file import read_token

READY_S_MAX = 30.0
POLL_S = 0.05
STATE_MODE = 0o700

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """What is up. `note` is the line of JSON that `callctl up` prints."""

    plan: Plan
    service: Child
    asterisk: Child
    postgres: KeptPostgres | None
    settings_file: Path
    cli: tuple[str, ...]  # Asterisk's own command line; `-x COMMAND` follows
    note: dict[str, Any]

    @property
    def api_url(self) -> str:
        return f"http://{self.plan.api}"


@asynccontextmanager
async def bring_up(plan: Plan, report: Report) -> AsyncIterator[Stack]:
    plan = plan.settled()
    async with AsyncExitStack() as ending:
        _make_state(plan.state, ending)
        if plan.database:
            await close_pool(await open_pool(plan.database))
        token = _token(plan.token_file) if plan.token_file else ""
        plan = await _with_far_end(plan, ending)
        report("looking for Asterisk")
        program = await find_asterisk(report)
        postgres = await _postgres(plan, ending, report)
        database = postgres.url if postgres else str(plan.database)
        settings, on_asterisk = settings_of(plan, database)
        report(f"starting Asterisk {program.version}")
        asterisk = await start_asterisk(program, on_asterisk)
        ending.push_async_callback(asterisk.stop)
        settings_file = plan.state / "service.json"
        _write_private(settings_file, settings.model_dump_json(indent=2))
        report("starting the service")
        service = await start_service(settings_file, plan.state / "service.log")
        ending.push_async_callback(service.stop)
        await wait_ready(service, f"http://{plan.api}")
        if plan.demo:
            await add_subscribers(f"http://{plan.api}", token)
        postgres_pid = postgres.pid if postgres else None
        note = _note(
            plan, database, {"service": service.pid, "asterisk": asterisk.pid, "postgres": postgres_pid}
        )
        write_whereabouts(plan.state, note)
        ending.callback(forget_whereabouts, plan.state, note)
        cli = tuple(cli_command(program, on_asterisk, ""))[:-2]
        yield Stack(plan, service, asterisk, postgres, settings_file, (*cli, "-r"), note)


async def start_service(settings_file: Path, log: Path) -> Child:
    command: list[str | Path] = [sys.executable, "-m", "callctl", "run", "--settings", settings_file]
    path = os.pathsep.join(place for place in sys.path if place)
    return await start_child("the service", command, log=log, env={**os.environ, "PYTHONPATH": path})


async def wait_ready(service: Child, api_url: str) -> None:
    """Until calls can be taken."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
        try:
            async with asyncio.timeout(READY_S_MAX):
                while not await _is_healthy(http, api_url):
                    if not service.is_running:
                        raise Complaint(f"the service ended while it started: {service.last_words()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise Complaint(
                f"the service was not ready within {READY_S_MAX:g} s: see {service.log}"
            ) from None


async def watch(stack: Stack, report: Report) -> None:
    """Until Asterisk ends, which ends the stack; a service that ends alone is told; PostgreSQL is kept up."""
    asterisk = asyncio.create_task(stack.asterisk.process.wait(), name="asterisk")
    service = asyncio.create_task(stack.service.process.wait(), name="service")
    kept = asyncio.create_task(stack.postgres.keep(), name="PostgreSQL") if stack.postgres else None
    try:
        watched = {task for task in (asterisk, service, kept) if task}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if kept and kept.done():
            kept.result()
        if service.done():
            report(
                f"the service ended (code {service.result()}): calls go on under the second cut, "
                f"new ones get the fallback. Start it again: callctl run --settings {stack.settings_file}"
            )
            await asterisk
        raise Complaint(f"Asterisk ended (code {asterisk.result()}): {stack.asterisk.last_words()}")
    finally:
        asterisk.cancel()
        service.cancel()
        if kept:
            kept.cancel()
            await asyncio.wait({kept})  # it may be starting one, which it stops


async def _is_healthy(http: aiohttp.ClientSession, api_url: str) -> bool:
    try:
        async with http.get(f"{api_url}/health") as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _make_state(state: Path, ending: AsyncExitStack) -> None:
    """Ours alone while we run; the kernel frees the lock however we end. Made for nothing, it goes again."""
    if not state.exists():
        ending.callback(_remove_if_empty, state)
    try:
        state.mkdir(mode=STATE_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise Complaint(
            f"{state} cannot be made ({error.strerror}): choose another with --state DIR"
        ) from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise Complaint(f"{state} cannot be written to: choose another with --state DIR")
    lock = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    ending.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Complaint(
            f"another stack runs in {state}: end it, or choose another with --state DIR"
        ) from None
    # Asterisk's files hold this run's ports and secrets; the database and the logs stay.
    ending.callback(shutil.rmtree, state / "asterisk" / "etc", ignore_errors=True)
    ending.callback((state / "service.json").unlink, missing_ok=True)


def _remove_if_empty(state: Path) -> None:
    with contextlib.suppress(OSError):
        state.rmdir()


async def _with_far_end(plan: Plan, ending: AsyncExitStack) -> Plan:
    """Without a trunk, the demonstration has a far end of its own that answers everything."""
    if plan.trunks:
        return plan
    if not plan.demo:
        raise Complaint("no trunk: say where outgoing legs go with --trunk NAME=127.0.0.1:PORT")
    address = await ending.enter_async_context(demo_far_end(plan.state / "far-end"))
    return plan.model_copy(update={"trunks": {DEMO_TRUNK: address}})


async def _postgres(plan: Plan, ending: AsyncExitStack, report: Report) -> KeptPostgres | None:
    """None: somebody else's is used."""
    if plan.database:
        return None
    report("starting PostgreSQL")
    postgres = KeptPostgres(plan, report, await start_kept(plan, report))
    ending.push_async_callback(postgres.stop)
    return postgres


def settings_of(plan: Plan, database: str) -> tuple[ServiceSettings, AsteriskSettings]:
    assert plan.rtp
    http_port, ami_port, agi_port = (free_tcp_port(LOOPBACK) for _ in range(3))
    agi = Address(LOOPBACK, agi_port)
    emergency_trunk = plan.emergency_trunk or next(iter(plan.trunks))
    user, password = "callctl", secrets.token_urlsafe(24)
    on_asterisk = AsteriskSettings(
        run_dir=plan.state / "asterisk",
        sip=plan.sip,
        rtp=plan.rtp,
        trunks=plan.trunks,
        emergency_trunk=emergency_trunk,
        http_port=http_port,
        ami_port=ami_port,
        agi=agi,
        api=plan.api,
        silence_s=plan.silence_s,
        ari_user=user,
        ari_secret=password,
        ami_user=user,
        ami_secret=password,
        api_secret=(asterisk_token := secrets.token_urlsafe(32)),
    )
    settings = ServiceSettings(
        api=plan.api,
        access=AccessSettings(
            token_file=plan.token_file, asterisk_token=asterisk_token, asterisk_may=plan.asterisk_may
        ),
        agi=agi,
        ari=AriSettings(url=f"http://{LOOPBACK}:{http_port}", user=user, password=password),
        ami=AmiSettings(address=Address(LOOPBACK, ami_port), user=user, password=password),
        database=database,
        sounds=plan.state / "sounds",
        recordings=on_asterisk.recordings,
        witness=str(on_asterisk.witness),
        trunks=list(plan.trunks),
        emergency_trunk=emergency_trunk,
        calls=plan.calls,
        log=plan.log,
    )
    return settings, on_asterisk


def _token(file: Path) -> str:
    """The one that is there, or a new one."""
    if not file.exists():
        try:
            _write_private(file, secrets.token_urlsafe(32) + "\n")
        except OSError as error:
            raise Complaint(f"{file} cannot be written ({error.strerror}): choose another file") from error
    return read_token(file)


def _write_private(path: Path, text: str) -> None:
    """It holds secrets."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _note(plan: Plan, database: str, pids: dict[str, int | None]) -> dict[str, Any]:
    assert plan.rtp
    return {
        "sip": str(plan.sip),
        "api": str(plan.api),
        "rtp": f"{plan.rtp[0]}-{plan.rtp[1]}",
        "trunks": {name: str(address) for name, address in plan.trunks.items()},
        "database": without_password(database),
        "state": str(plan.state),
        **({"token_file": str(plan.token_file)} if plan.token_file else {}),
        "pids": {"up": os.getpid(), **pids},
    }
