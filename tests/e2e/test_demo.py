"""`callctl demo`: what it promises to show, and that it leaves nothing, wherever it is interrupted."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.e2e.stacks import ROOT

pytestmark = pytest.mark.e2e

SHOWN_S_MAX = 90.0


class Demo:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        # Not in the folder: its path may be too long for a socket.
        self.tmp = Path(mkdtemp())

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "callctl", "demo", *words),
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.tmp), "XDG_RUNTIME_DIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def assert_nothing_left(self) -> None:
        self.tmp.rmdir()  # it is empty
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # ended while we look
                command = (process / "cmdline").read_bytes()
                assert str(self.tmp).encode() not in command, command


async def test_demo_shows_five_calls_with_their_bills_and_leaves_nothing(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    process = await demo.start("--once")
    printed, _ = await asyncio.wait_for(process.communicate(), SHOWN_S_MAX)
    text = printed.decode()
    assert process.returncode == 0, text
    for told in (
        "anna: 2.00 RUB",
        "boris: 3.00 RUB",
        "talked 18.0",
        "the money ended with the last paid unit",
        "refused with SIP 403",
        "the balance did not cover the first unit",
        "an emergency number: free, whatever the balance",
        "dasha: the way through the scheme",
        "pressed 1",
        "callctl balance 74951110002",
    ):
        assert told in text, f"{told!r} is not in:\n{text}"
    demo.assert_nothing_left()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_demo_leaves_nothing(tmp_path: Path, sign: signal.Signals) -> None:
    steps = ("starting PostgreSQL", "starting Asterisk", "starting the service", "SIP 127")
    await asyncio.gather(*(interrupt(tmp_path / str(n), step, sign) for n, step in enumerate(steps)))


async def interrupt(folder: Path, step: str, sign: signal.Signals) -> None:
    demo = Demo(folder)
    process = await demo.start()
    assert process.stdout
    async with asyncio.timeout(SHOWN_S_MAX):
        while step.encode() not in (line := await process.stdout.readline()):
            assert line, f"it ended before {step!r}"
        process.send_signal(sign)
        rest = await process.stdout.read()
        assert await process.wait() == 0, rest.decode()
    assert b"Traceback" not in rest, rest.decode()
    demo.assert_nothing_left()
