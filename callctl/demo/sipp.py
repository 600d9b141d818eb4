"""One SIPp process: started with a filled scenario, listening when we return, ended with us.

Rule 1: every SIPp runs in a folder of its own inside the one given, so no file is left elsewhere.
Rule 2: it ends when we end (start_child) or when it is stopped, by its process id.
Rule 3: everything is loopback and UDP; nothing needs root.
"""

import asyncio
import contextlib
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from callctl.complaint import Complaint
from callctl.stack.child import Child, start_child

HOST = "127.0.0.1"
SCENARIOS = Path(__file__).parent / "scenarios"
TRIES_MAX = 5
# SIPp ends no line of its error log: all of it can be one.
WORDS_MAX = 400
MANNERS = f"-i {HOST} -mi {HOST} -ci {HOST} -nostdin -aa -timer_resol 1".split()
MANNERS += ["-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors"]
# The watchdogs would end SIPp on a busy machine; a screen every second would only fill the log.
MANNERS += ["-watchdog_interval", "0", "-f", "3600", "-skip_rlimit"]
# One period of 444 Hz as A-law, loud enough to hear: a square wave of 9 and 9 samples at 8000 a second.
TONE_ALAW = (b"\x94" * 9 + b"\x14" * 9) * 445


class SippFailed(Exception):
    """SIPp could not do its work; the text ends with its last words."""


@dataclass(frozen=True, slots=True)
class Sipp:
    child: Child
    port: int
    folder: Path

    @property
    def messages(self) -> Path:
        return self.folder / "messages"

    def last_words(self) -> str:
        """SIPp says most in its error log, and what went wrong before that on its screen."""
        errors = self.folder / "errors"
        words = replace(self.child, log=errors if errors.exists() else self.child.log).last_words()
        return words[-WORDS_MAX:]

    async def stop(self) -> None:
        await self.child.stop(patience_s=2.0)


def fill(scenario: str, blanks: Mapping[str, str]) -> str:
    """A blank that is empty and alone takes its line with it: an empty line would end the headers."""
    lines = []
    for line in scenario.splitlines(keepends=True):
        filled = line
        for name, value in blanks.items():
            filled = filled.replace(f"@{name}@", value)
        if filled == line or filled.strip():
            lines.append(filled)
    return "".join(lines)


async def start_sipp(
    role: str,
    blanks: Mapping[str, str],
    command: Sequence[str] = (),
    *,
    folder: Path,
    port: int | None = None,
    media_ports: range | None = None,
    pairs_csv: str = "",
) -> Sipp:
    """Start SIPp and wait until it listens. A port of our choice may be lost to another: choose anew."""
    program = shutil.which("sipp")
    if program is None:
        raise Complaint("sipp is not installed: apt-get install sip-tester")
    scenario = fill((SCENARIOS / f"{role}.xml").read_text("utf-8"), blanks)
    for _ in range(TRIES_MAX):
        own = Path(tempfile.mkdtemp(prefix=f"{role}-", dir=folder))
        (own / "scenario.xml").write_text(scenario, "utf-8")
        (own / "pairs.csv").write_text(pairs_csv, "utf-8")
        if "tone.alaw" in scenario:
            (own / "tone.alaw").write_bytes(TONE_ALAW)
        sip_port = free_port() if port is None else port
        control_port = free_port()
        ports = ["-p", str(sip_port), "-mp", str(free_media_port(media_ports)), "-cp", str(control_port)]
        child = await start_child(
            f"sipp {role}",
            [program, "-sf", "scenario.xml", *MANNERS, *command, *ports],
            log=own / "screen",
            env=os.environ | {"TZ": "UTC0"},  # seen.py reads the stamps as UTC
            cwd=own,
        )
        sipp = Sipp(child, sip_port, own)
        if await _listens(sipp, control_port):
            return sipp
        if port is not None and not is_free(port):
            raise Complaint(f"port {port} is taken: give sipp another, or end the program that holds it")
    raise SippFailed(f"sipp does not start: {sipp.last_words()}")


async def _listens(sipp: Sipp, control_port: int) -> bool:
    """Whether SIPp came to own its ports. We look into the kernel's table: to bind would take it away."""
    try:
        async with asyncio.timeout(10):
            while sipp.child.is_running:
                if owns_port(sipp.child.pid, control_port):  # its last, after those for media
                    return True
                await asyncio.sleep(0.005)
    except TimeoutError:
        await sipp.stop()
    except asyncio.CancelledError:
        await sipp.stop()
        raise
    # A short call may be over before we look.
    return sipp.messages.exists() and sipp.messages.stat().st_size > 0


def owns_port(pid: int, port: int) -> bool:
    """Whether the program has the UDP port bound."""
    ours = set()
    for entry in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):  # closed while we look
            ours.add(str(entry.readlink()))
    rows = (row.split() for row in Path("/proc/net/udp").read_text("ascii").splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and f"socket:[{row[9]}]" in ours for row in rows)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def free_media_port(within: range | None) -> int:
    """An even port P; SIPp binds P and P + 2, and ends when it lost one of them to another."""
    candidates = list(within or range(20_000, 30_000))
    random.shuffle(candidates)
    for port in candidates:
        if port % 2 == 0 and is_free(port) and is_free(port + 2):
            return port
    raise Complaint(f"no free media port in {candidates and min(candidates)}..: give sipp a wider range")
