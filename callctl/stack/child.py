"""A program that runs beside us: started with a log of its own, ended when we end.

Rule 1: the kernel ends the child when this process dies, however it dies.
Rule 2: a child is stopped by its process id; nothing is ever looked up by name.
"""

import asyncio
import ctypes
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    process: asyncio.subprocess.Process
    log: Path
    stop_signal: signal.Signals

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.returncode is None

    async def stop(self, patience_s: float = 10.0) -> None:
        """Ask it to end; kill it when it does not."""
        if self.is_running:
            self.process.send_signal(self.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), patience_s)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def last_words(self, lines_max: int = 5) -> str:
        """The end of its log in one line, for a complaint."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return " | ".join(line.strip() for line in text.splitlines()[-lines_max:] if line.strip())


async def start_child(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Child:
    """Start `command` in a session of its own, so that Ctrl-C reaches only us.

    Call it in a thread that lives as long as the process: for the kernel, the thread is the parent.
    """
    us = os.getpid()

    def die_with_parent() -> None:
        LIBC.prctl(PR_SET_PDEATHSIG, stop_signal)
        if os.getppid() != us:  # we died before the kernel was told
            os._exit(1)

    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    return Child(name, process, log, stop_signal)
