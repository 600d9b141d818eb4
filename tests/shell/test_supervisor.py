"""What systemd hears of a service, by a socket as it would listen on."""

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from callctl.complaint import Complaint
from callctl.supervisor import Supervisor
from callctl.token_file import read_token


@pytest.fixture(params=["path", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> "tuple[socket.socket, str]":
    name = f"@callctl-{tmp_path.name}" if request.param == "abstract" else str(tmp_path / "s")
    listens = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listens.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
    listens.setblocking(False)
    request.addfinalizer(listens.close)
    return listens, name


async def test_systemd_hears_that_we_serve_and_then_again_and_again_that_we_live(
    ear: tuple[socket.socket, str],
) -> None:
    listens, name = ear
    said = asyncio.create_task(Supervisor({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000"}).run())
    loop = asyncio.get_running_loop()
    heard = [await asyncio.wait_for(loop.sock_recv(listens, 100), 10) for _ in range(4)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    said.cancel()
    await asyncio.gather(said, return_exceptions=True)


async def test_without_a_watchdog_it_hears_only_that_we_serve(ear: tuple[socket.socket, str]) -> None:
    listens, name = ear
    await Supervisor({"NOTIFY_SOCKET": name}).run()
    assert listens.recv(100) == b"READY=1"
    with pytest.raises(BlockingIOError):
        listens.recv(100)


async def test_started_by_anybody_else_nothing_is_said() -> None:
    await Supervisor({}).run()


async def test_a_supervisor_that_does_not_read_stops_nobody(ear: tuple[socket.socket, str]) -> None:
    _, name = ear
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as crowd:
        crowd.setblocking(False)
        crowd.connect(name.replace("@", "\0", 1) if name.startswith("@") else name)
        with contextlib.suppress(BlockingIOError):
            while True:
                crowd.send(b"noise")
    await asyncio.wait_for(Supervisor({"NOTIFY_SOCKET": name}).run(), 10)


def test_a_token_that_systemd_lends_may_name_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("t" * 32)
    file.chmod(0o440)
    with pytest.raises(Complaint, match="others than its owner can read"):
        read_token(file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_token(file) == "t" * 32
