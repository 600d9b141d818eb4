"""One running Asterisk: told what it needs, started, waited for, ended.

Rule 1: what it would fail to bind in silence is tried before it starts, and asked of it afterwards.
Rule 2: it counts as started when it has fully booted, ARI answers to our secret and SIP is bound.
"""

import asyncio
import errno
import shutil
import socket
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from callctl.complaint import Complaint
from callctl.stack.asterisk_conf import AsteriskSettings, check, render
from callctl.stack.asterisk_program import AsteriskProgram
from callctl.stack.child import Child, start_child

__all__ = ["AsteriskChild", "AsteriskSettings", "cli_command", "render", "start_asterisk"]

BOOT_PATIENCE_S = 30.0
POLL_S = 0.02
# One second with ten calls up; killed earlier, it would not write the ends of its calls to the witness.
STOP_PATIENCE_S = 5.0
# Asterisk passes over a single port that is taken; a range where more than a tenth is belongs to another.
RTP_TAKEN_SHARE_MAX = 0.1


@dataclass(frozen=True, slots=True)
class AsteriskChild(Child):
    """`ctl_dir` may lie outside the run directory and goes with the process."""

    ctl_dir: Path

    async def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        # Named: super() does not find its way through a dataclass with slots.
        await Child.stop(self, patience_s)
        shutil.rmtree(self.ctl_dir, ignore_errors=True)


async def start_asterisk(program: AsteriskProgram, settings: AsteriskSettings) -> AsteriskChild:
    """Write its files, start it in the foreground, wait until it can take calls."""
    check(settings)
    _require_nobody_there(settings)
    _require_free_ports(settings)
    render(program, settings)
    if settings.log.exists():  # last words must be of this run
        settings.log.replace(settings.log.with_suffix(".log.1"))
    started = await start_child(
        "asterisk", [*program.command, "-C", settings.conf, "-f"], log=settings.log, cwd=settings.run_dir
    )
    child = AsteriskChild(started.name, started.process, started.log, started.stop_signal, settings.ctl_dir)
    try:
        await _wait_ready(program, settings, child)
    except BaseException:
        await child.stop()
        raise
    return child


def cli_command(program: AsteriskProgram, settings: AsteriskSettings, command: str) -> list[str]:
    """The argument list that types `command` into this Asterisk's command line."""
    return [*program.command, "-C", str(settings.conf), "-rx", command]


async def _wait_ready(program: AsteriskProgram, settings: AsteriskSettings, child: Child) -> None:
    try:
        async with asyncio.timeout(BOOT_PATIENCE_S):
            await _wait_ari(settings, child)
            await _ask(program, settings, "core waitfullybooted")
            transports = await _ask(program, settings, "pjsip show transports")
    except TimeoutError as late:
        raise Complaint(
            f"Asterisk was not ready within {BOOT_PATIENCE_S:g} s: {_last_words(child)}; see {child.log}"
        ) from late
    # A transport that could not bind is dropped with a line in the log; Asterisk runs on without it.
    if "callctl-udp" not in transports:
        host, port = settings.sip
        raise Complaint(
            f"Asterisk does not listen for SIP on {host}:{port}; see {child.log}: {_last_words(child)}"
        )


async def _wait_ari(settings: AsteriskSettings, child: Child) -> None:
    """Until our own user and secret are let in: another's Asterisk on that port would not let us."""
    credentials = b64encode(f"{settings.ari_user}:{settings.ari_secret}".encode()).decode()
    url = f"http://127.0.0.1:{settings.http_port}/ari/asterisk/ping"
    async with aiohttp.ClientSession(headers={"Authorization": f"Basic {credentials}"}) as session:
        while child.is_running:
            try:
                async with session.get(url, timeout=aiohttp.ClientTimeout(total=1)) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # not up yet
            await asyncio.sleep(POLL_S)
    raise Complaint(f"Asterisk ended while it started: {_last_words(child)}; see {child.log}")


def _last_words(child: Child) -> str:
    """Its errors if it named some, else the end of its log."""
    lines = child.log.read_text("utf-8", "replace").splitlines() if child.log.exists() else []
    return " | ".join([line for line in lines if " ERROR[" in line][:2]) or child.last_words()


async def _ask(program: AsteriskProgram, settings: AsteriskSettings, command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *cli_command(program, settings, command),
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


def _require_nobody_there(settings: AsteriskSettings) -> None:
    """Before its files are written anew under its feet."""
    with socket.socket(socket.AF_UNIX) as trial, suppress(OSError):
        trial.connect(str(settings.ctl_dir / "asterisk.ctl"))
        raise Complaint(f"an Asterisk runs in {settings.run_dir} already; end it or choose another directory")


def _require_free_ports(settings: AsteriskSettings) -> None:
    host, port = settings.sip
    _require_free("SIP", host, port, socket.SOCK_DGRAM)
    _require_free("ARI (HTTP)", "127.0.0.1", settings.http_port, socket.SOCK_STREAM)
    _require_free("AMI", "127.0.0.1", settings.ami_port, socket.SOCK_STREAM)
    first, last = settings.rtp
    taken = [port for port in range(first, last + 1) if _trouble(host, port, socket.SOCK_DGRAM) is not None]
    if len(taken) > RTP_TAKEN_SHARE_MAX * (last + 1 - first):
        raise Complaint(
            f"{len(taken)} ports of the RTP range {first}-{last} are in use, the first {taken[0]};"
            " choose another range"
        )


def _require_free(what: str, host: str, port: int, kind: socket.SocketKind) -> None:
    trouble = _trouble(host, port, kind)
    if trouble is None:
        return
    if trouble.errno == errno.EADDRINUSE:
        raise Complaint(f"{what} port {port} on {host} is in use; end what uses it or choose another port")
    raise Complaint(f"cannot listen for {what} on {host}:{port}: {trouble.strerror}; choose another address")


def _trouble(host: str, port: int, kind: socket.SocketKind) -> OSError | None:
    """What Asterisk would meet there; it sets SO_REUSEADDR for TCP too."""
    try:
        found = socket.getaddrinfo(host, port, type=kind)[0]
        with socket.socket(found[0], kind) as trial:
            if kind == socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(found[4])
    except OSError as trouble:
        return trouble
    return None
