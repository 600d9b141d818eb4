"""The three ways from a caller to the far end, each with an Asterisk of its own, up and idle until its turn.

Rule 1: one build, one configuration: only the dialplan of the first two is replaced, in their run's own
        directory, and asterisk-conf/ knows nothing of it.
Rule 2: all place their outgoing legs at the same port, where the far end of the running step listens.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from callctl.complaint import Complaint
from callctl.settings import Address
from callctl.stack.asterisk import AsteriskSettings, cli_command, start_asterisk
from callctl.stack.asterisk_program import AsteriskProgram, find_asterisk
from callctl.stack.child import Child, start_child
from callctl.stack.plan import LOOPBACK, Plan
from callctl.stack.ports import free_tcp_port, free_udp_port, is_free_udp
from callctl.stack.up import Stack, bring_up
from tests.bench import bare

# Below the range that the kernel and other stacks take ports from; four ports for each call at once.
RTP = (10_000, 19_999)
FAR_END_PORTS = range(9_000, 10_000, 2)
APP_PATIENCE_S = 10.0

PLAIN = """
[callctl-in]
exten => _X!,1,Dial(PJSIP/${EXTEN}@carrier)
 same => n,Hangup(${HANGUPCAUSE})
"""
BARE = f"""
[callctl-in]
exten => _X!,1,Stasis({bare.APP},in,${{EXTEN}})
 same => n,Hangup()
"""

Report = Callable[[str], None]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    sip_port: int
    far_end_port: int
    pids: Mapping[str, int]
    cli: tuple[str, ...]
    """Asterisk's own command line; the command follows."""
    numbers: tuple[str, ...]
    """What a caller may dial."""
    api_url: str | None = None

    def pairs(self, count: int, first: int) -> list[Pair]:
        """Each call with a caller of its own, by which both ends know it."""
        return [(self.numbers[i % len(self.numbers)], caller_number(first + i)) for i in range(count)]


def caller_number(index: int) -> str:
    return f"7903{index:07d}"


def target_number(index: int) -> str:
    return f"7916{index:07d}"


def free_far_end_port() -> int:
    for port in FAR_END_PORTS:
        if is_free_udp(LOOPBACK, port):
            return port
    raise Complaint(f"no free UDP port from {FAR_END_PORTS.start} to {FAR_END_PORTS.stop}")


@asynccontextmanager
async def plain_way(folder: Path, far_end_port: int, targets: int, report: Report) -> AsyncIterator[Way]:
    program = await find_asterisk(report)
    async with _asterisk(program, folder, far_end_port, PLAIN) as (asterisk, settings):
        cli = tuple(cli_command(program, settings, ""))[:-1]
        yield _way("plain Dial", settings, far_end_port, {"asterisk": asterisk.pid}, cli, targets)


@asynccontextmanager
async def bare_way(folder: Path, far_end_port: int, targets: int, report: Report) -> AsyncIterator[Way]:
    program = await find_asterisk(report)
    async with _asterisk(program, folder, far_end_port, BARE) as (asterisk, settings):
        cli = tuple(cli_command(program, settings, ""))[:-1]
        app = await _start_bare(settings, folder / "bare.log")
        try:
            pids = {"asterisk": asterisk.pid, "application": app.pid}
            yield _way("bare ARI", settings, far_end_port, pids, cli, targets)
        finally:
            await app.stop()


@asynccontextmanager
async def callctl_way(folder: Path, far_end_port: int, report: Report) -> AsyncIterator[tuple[Way, Stack]]:
    """The product as it is, durable. Its accounts and numbers are added by whoever loads it."""
    plan = Plan(
        state=folder,
        sip=Address(LOOPBACK, 0),
        api=Address(LOOPBACK, 0),
        rtp=RTP,
        trunks={bare.TRUNK: Address(LOOPBACK, far_end_port)},
        demo=False,
    )
    async with bring_up(plan, report) as stack:
        pids = stack.note["pids"]
        yield (
            Way(
                "callctl",
                stack.plan.sip.port,
                far_end_port,
                {
                    "asterisk": pids["asterisk"],
                    "application": pids["service"],
                    "postgresql": pids["postgres"],
                },
                (*stack.cli, "-x"),
                (),
                stack.api_url,
            ),
            stack,
        )


def _way(
    name: str,
    settings: AsteriskSettings,
    far_end_port: int,
    pids: Mapping[str, int],
    cli: tuple[str, ...],
    targets: int,
) -> Way:
    numbers = tuple(target_number(index) for index in range(targets))
    return Way(name, settings.sip[1], far_end_port, pids, cli, numbers)


@asynccontextmanager
async def _asterisk(
    program: AsteriskProgram, folder: Path, far_end_port: int, dialplan: str
) -> AsyncIterator[tuple[Child, AsteriskSettings]]:
    """As the product starts it, but for the dialplan."""
    nobody = Address(LOOPBACK, free_tcp_port(LOOPBACK))
    settings = AsteriskSettings(
        run_dir=folder / "asterisk",
        sip=(LOOPBACK, free_udp_port(LOOPBACK)),
        rtp=RTP,
        trunks={bare.TRUNK: (LOOPBACK, far_end_port)},
        emergency_trunk=bare.TRUNK,
        http_port=free_tcp_port(LOOPBACK),
        ami_port=free_tcp_port(LOOPBACK),
        agi=nobody,
        api=nobody,
        ari_user="bench",
        ari_secret=secrets.token_urlsafe(24),
        ami_user="bench",
        ami_secret=secrets.token_urlsafe(24),
    )
    child = await start_asterisk(program, settings)
    try:
        await asyncio.to_thread((settings.run_dir / "etc/extensions.conf").write_text, dialplan, "utf-8")
        await ask((*cli_command(program, settings, ""),)[:-1], "dialplan reload")
        yield child, settings
    finally:
        await child.stop()


async def _start_bare(settings: AsteriskSettings, log: Path) -> Child:
    env = {
        bare.URL: f"http://{LOOPBACK}:{settings.http_port}",
        bare.USER: settings.ari_user,
        bare.SECRET: settings.ari_secret,
        "PYTHONPATH": os.pathsep.join(place for place in sys.path if place),
    }
    command = [sys.executable, "-P", "-m", "tests.bench.bare"]
    app = await start_child("the bare application", command, log=log, env={**os.environ, **env})
    try:
        async with asyncio.timeout(APP_PATIENCE_S):
            while "ready" not in await asyncio.to_thread(log.read_text, "utf-8"):
                if not app.is_running:
                    raise Complaint(f"the bare application ended: {app.last_words()}")
                await asyncio.sleep(0.02)
    except BaseException:
        await app.stop()
        raise
    return app


async def ask(cli: tuple[str, ...], command: str) -> str:
    """One command of Asterisk's own command line."""
    process = await asyncio.create_subprocess_exec(
        *cli,
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed.decode("utf-8", "replace")


async def is_empty(way: Way) -> bool:
    """No channel is left in Asterisk, and no call or unwritten record in the service."""
    if "0 active channels" not in await ask(way.cli, "core show channels count"):
        return False
    if way.api_url is None:
        return True
    try:
        async with aiohttp.ClientSession(way.api_url) as http, http.get("/health") as answer:
            health = await answer.json()
    except (aiohttp.ClientError, OSError):
        return False
    return not (health["calls"] or health["records_waiting"])
