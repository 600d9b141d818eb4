"""`callctl up`: what it cannot do is said in a line before anything is started; told to end at any moment of
its start, it leaves nothing behind.
"""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.command_line import Said, is_complaint, run_main

QUICK_S = 3.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on, for TCP and UDP."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        yield port


FREE = "--sip 127.0.0.1:0 --api 127.0.0.1:0 --no-demo --trunk c=127.0.0.1:5999"

REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "SIP in use": (
        "--api 127.0.0.1:0 --sip 127.0.0.1:{taken}",
        ("port {taken} of 127.0.0.1 is in use: choose another with --sip 127.0.0.1:PORT",),
    ),
    "API in use": (
        "--sip 127.0.0.1:0 --api 127.0.0.1:{taken}",
        ("port {taken} of 127.0.0.1 is in use: choose another with --api 127.0.0.1:PORT",),
    ),
    "database not there": (
        FREE + " --database postgresql://u:s3cret@127.0.0.1:1/x",
        ("the database postgresql://u:***@127.0.0.1:1/x cannot be used", "is it running"),
    ),
    "database of another kind": (FREE + " --database mysql://x", ("the database mysql://x cannot be used",)),
    "trunk without a name": (FREE + " --trunk 127.0.0.1:1", ("--trunk 127.0.0.1:1: give it as NAME=HOST",)),
    "trunk without an address": (FREE + " --trunk d=", ("trunks.d: give it as HOST:PORT",)),
    "trunk twice": (FREE + " --trunk c=127.0.0.1:1", ("'c' is named twice",)),
    "trunk elsewhere": (FREE + " --trunk d=10.0.0.1:1", ("trunks.d: only a loopback address",)),
    "no trunk": ("--sip 127.0.0.1:0 --api 127.0.0.1:0 --no-demo", ("no trunk: say where", "--trunk NAME=")),
    "API for everybody": (FREE + " --api 0.0.0.0:8080", ("api: only a loopback address",)),
    "rtp": (FREE + " --rtp 1-2", ("rtp: give it as FROM-TO",)),
    "emergency": (FREE + " --emergency-trunk x", ("emergency trunk 'x' is not among the trunks (c)",)),
    "no such config": (FREE + " --config /no/where", ("/no/where: No such file",)),
    "config a directory": (FREE + " --config /", ("/: Is a directory",)),
}


@pytest.mark.parametrize(("line", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_come_up_is_said_in_a_line_and_leaves_nothing(
    line: str, words: tuple[str, ...], state: Path, taken: int, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = line.format(taken=taken).split()
    code = run_main("up", "--state", str(state), *asked)
    out, err = capfd.readouterr()
    assert is_complaint(Said(code, out, err), 2, *(word.format(taken=taken) for word in words))
    assert "s3cret" not in err
    assert not state.exists()


CONFIGS: dict[str, tuple[str, str]] = {
    "unknown key": ('colour = "red"', "colour: Extra inputs are not permitted"),
    "wrong type": ("sip = 5060", "sip: give it as HOST:PORT"),
    "wrong type below": ("[calls]\nwarning_s = []", "calls.warning_s: Input should be a valid number"),
    "broken": ("sip =", "Invalid value (at"),
    "two faults": ("sip = 1\napi = 2", "sip: give it as HOST:PORT; api: give it as HOST:PORT"),
}


@pytest.mark.parametrize(("text", "words"), CONFIGS.values(), ids=CONFIGS)
def test_a_bad_config_is_said_in_a_line(
    text: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "up.toml"
    config.write_text(text)
    code = run_main("up", "--config", str(config), "--state", str(tmp_path / "state"))
    out, err = capfd.readouterr()
    assert is_complaint(Said(code, out, err), 2, f"{config}: ", words)
    assert [path.name for path in tmp_path.iterdir()] == ["up.toml"]


@pytest.mark.parametrize("place", ["/dev/null/state", "/proc/state", "{file}"])
def test_a_state_directory_that_cannot_be_is_said_in_a_line(
    place: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("kept")
    state = place.format(file=tmp_path / "file")
    code = run_main("up", "--state", state, *FREE.split())
    out, err = capfd.readouterr()
    assert is_complaint(Said(code, out, err), 2, state, "choose another with --state DIR")
    assert (tmp_path / "file").read_text() == "kept"


# --- told to end -----------------------------------------------------------------------------------------


async def up(state: Path, errors: Path) -> asyncio.subprocess.Process:
    with errors.open("wb") as err:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "callctl", "up", "--state", str(state), *FREE.split()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
        )


def said(errors: Path) -> str:
    return errors.read_text()


def files(state: Path) -> set[str]:
    """But for PostgreSQL's own, which come and go."""
    return {str(path) for path in state.rglob("*") if "postgres" not in path.relative_to(state).parts}


async def says(errors: Path, word: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while word not in said(errors):
            assert process.returncode is None, said(errors)
            await asyncio.sleep(0.002)


def ours(state: Path) -> list[str]:
    """Processes that name the state directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                is_dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if str(state) in command and not is_dead:
                found.append(f"{entry.name}: {command}")
    return found


def left(state: Path) -> list[str]:
    """What must not outlive a run: secrets, sockets, notes, halves."""
    bad = re.compile(r"service\.json|stack\.json|asterisk/etc|\.ctl$|half|\.pid$|s\.PGSQL")
    return [str(path) for path in state.rglob("*") if bad.search(str(path.relative_to(state)))]


MOMENTS = {
    "looking for Asterisk": signal.SIGINT,
    "making a database": signal.SIGTERM,
    "starting Asterisk": signal.SIGINT,
    "starting the service": signal.SIGTERM,
    "": signal.SIGHUP,
}


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("moment", "sign"), MOMENTS.items(), ids=[moment or "when it is up" for moment in MOMENTS]
)
async def test_told_to_end_at_any_moment_it_leaves_nothing(
    tmp_path: Path, state: Path, moment: str, sign: signal.Signals
) -> None:
    errors = tmp_path / "errors"
    process = await up(state, errors)
    assert process.stdout
    if moment:
        await says(errors, moment, process)
    else:
        assert (await asyncio.wait_for(process.stdout.readline(), 60)).startswith(b'{"sip": ')
    process.send_signal(sign)
    await asyncio.sleep(0)
    process.send_signal(sign)  # an impatient second one does not cut the unwinding short
    async with asyncio.timeout(30):
        out = await process.stdout.read()
        assert await process.wait() == 0, errors.read_text()
    assert out == b""
    assert all(line.startswith("callctl: ") for line in errors.read_text().splitlines()), errors.read_text()
    assert ours(state) == []
    assert left(state) == []


@pytest.mark.e2e
async def test_a_second_stack_in_the_same_state_directory_leaves_the_first_alone(
    tmp_path: Path, state: Path
) -> None:
    errors = tmp_path / "errors"
    first = await up(state, errors)
    assert first.stdout
    try:
        assert await asyncio.wait_for(first.stdout.readline(), 60), said(errors)
        # Asterisk's own database has a journal beside it for a moment.
        before = {file for file in files(state) if not file.endswith("-journal")}
        second = await up(state, tmp_path / "second")
        assert second.stdout
        assert (await asyncio.wait_for(second.stdout.read(), QUICK_S), await second.wait()) == (b"", 2)
        told = said(tmp_path / "second")
        assert told.count("\n") == 1 and "another stack runs in" in told
        assert before <= files(state)
    finally:
        first.terminate()
        await first.wait()
