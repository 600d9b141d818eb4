"""Our own Asterisk, real: what it is told, what it does with the service away, and that it leaves nothing."""

import asyncio
import dataclasses
import os
import re
import signal
import socket
import stat
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from callctl.api.console.door import PATH
from callctl.complaint import Complaint
from callctl.stack.asterisk import AsteriskSettings, start_asterisk
from callctl.stack.asterisk_program import AsteriskProgram, find_asterisk, required_modules
from callctl.stack.asterisk_root import Recipe, private_root
from tests.shell.exchanges import PATIENCE_S, Exchange, is_alive, running, settings_in, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
async def program() -> AsteriskProgram:
    return await find_asterisk(lambda _line: None)


@pytest.fixture(scope="module")
async def exchange(
    program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Exchange]:
    settings = settings_in(tmp_path_factory.mktemp("asterisk") / "run")
    async with running(program, settings):
        yield Exchange(program, settings)


@pytest.fixture
def outside() -> Iterator[Path]:
    """Not below `tmp_path`, which may be too long for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


async def test_two_live_side_by_side_and_end_without_a_trace(
    program: AsteriskProgram, tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(outside))
    far = tmp_path / ("long" * 20) / "run"  # a socket path of Linux ends at 107 bytes
    one = settings_in(tmp_path / "one")
    two = settings_in(far, trunks={"other": ("127.0.0.1", 9)}, emergency_trunk="other")
    async with running(program, one) as first, running(program, two) as second:
        for settings, trunks in ((one, {"trunk", "spare"}), (two, {"other"})):
            here = Exchange(program, settings)
            async with here.ari() as session, session.get("/ari/asterisk/info") as answer:
                assert (await answer.json())["config"]["name"] == "callctl"
            endpoints = set(
                re.findall(r"^ Endpoint:  (\S+)", await here.cli("pjsip show endpoints"), re.MULTILINE)
            )
            assert endpoints - {"<Endpoint/CID....................................."} >= trunks
            assert not ({"trunk", "spare", "other"} - trunks) & endpoints
        assert two.ctl_dir.parent == outside
        pids = (first.pid, second.pid)
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        await until(lambda: not any(is_alive(pid) for pid in pids), "both ended by SIGTERM")
    assert kept(outside) == []
    assert kept(tmp_path) == sorted({"one", "long" * 20})


async def test_every_module_asked_for_runs(exchange: Exchange) -> None:
    shown = await exchange.cli("module show")
    runs = set(re.findall(r"^(\S+\.so) .* Running ", shown, re.MULTILINE))
    assert [name for name in required_modules() if name not in runs] == []


async def test_the_log_of_a_start_has_no_warnings(exchange: Exchange) -> None:
    started = exchange.settings.log.read_text().partition("PBX UUID")[0]
    assert re.findall(r".*\b(?:WARNING|ERROR)\b.*", started) == []


async def test_what_is_written_is_for_our_eyes_only(exchange: Exchange) -> None:
    run = exchange.settings.run_dir
    written = list((run / "etc").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_dir()} == {0o700}
    assert stat.S_IMODE((run / "etc").stat().st_mode) == 0o700
    assert stat.S_IMODE(exchange.settings.ctl_dir.stat().st_mode) == 0o700


async def test_no_placeholder_is_left_unfilled(exchange: Exchange) -> None:
    etc = exchange.settings.run_dir / "etc"
    assert [path for path in etc.glob("*.conf") if re.search(r"@[A-Z_]+@", path.read_text())] == []


async def test_the_second_in_one_directory_is_refused_and_the_first_lives(exchange: Exchange) -> None:
    with pytest.raises(Complaint, match=r"runs in .* already; end it or choose"):
        await start_asterisk(exchange.program, settings_in(exchange.settings.run_dir))
    assert "Asterisk 2" in await exchange.cli("core show version")


@pytest.mark.parametrize("what", ["SIP", r"ARI \(HTTP\)", "AMI"])
async def test_a_port_in_use_is_named(program: AsteriskProgram, tmp_path: Path, what: str) -> None:
    settings = settings_in(tmp_path)
    port = {"SIP": settings.sip[1], "AMI": settings.ami_port}.get(what, settings.http_port)
    kind = socket.SOCK_DGRAM if what == "SIP" else socket.SOCK_STREAM
    with socket.socket(type=kind) as taken:
        taken.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(
            Complaint, match=rf"{what} port {port} on 127\.0\.0\.1 is in use; .* choose another"
        ):
            await start_asterisk(program, settings)


async def test_one_rtp_port_in_use_is_passed_over_and_many_are_not(
    program: AsteriskProgram, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    taken = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(6)]
    try:
        taken[0].bind(("127.0.0.1", settings.rtp[0]))
        async with running(program, settings):
            pass
        for offset, one in enumerate(taken[1:], start=1):
            one.bind(("127.0.0.1", settings.rtp[0] + offset))
        with pytest.raises(Complaint, match=rf"6 ports of the RTP range .* first {settings.rtp[0]}"):
            await start_asterisk(program, settings)
    finally:
        for one in taken:
            one.close()


async def test_one_that_dies_at_the_start_leaves_its_last_words(
    program: AsteriskProgram, tmp_path: Path
) -> None:
    (tmp_path / "var" / "astdb.sqlite3").mkdir(parents=True)
    with pytest.raises(Complaint, match=r"ended while it started: .*database.*; see .*messages\.log"):
        await start_asterisk(program, settings_in(tmp_path))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"emergency_trunk": "nobody"}, "emergency trunk 'nobody' is not among the trunks"),
        ({"trunks": {"trunk": ("127.0.0.1\n[x]", 5060)}}, "trunk trunk: .* is not an address"),
        ({"trunks": {"trunk]": ("127.0.0.1", 5060)}}, "letters, digits"),
        ({"ari_secret": "a;b"}, "letters, digits"),
        ({"language": "tlh"}, "language 'tlh'"),
        ({"language": "fr"}, "no sounds for language fr"),
        ({"rtp": (4000, 3000)}, "RTP range 4000-3000"),
    ],
)
async def test_a_setting_that_would_spoil_the_files_is_refused(
    program: AsteriskProgram, tmp_path: Path, changes: dict[str, object], complaint: str
) -> None:
    with pytest.raises(Complaint, match=complaint):
        await start_asterisk(program, settings_in(tmp_path, **changes))
    assert not (tmp_path / "etc").exists() or list((tmp_path / "etc").iterdir()) == []


async def test_it_does_not_outlive_us(program: AsteriskProgram, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "run")
    pid_file = tmp_path / "pid"
    ours = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys; from pathlib import Path; from callctl.stack.asterisk import *\n"
        "from callctl.stack.asterisk_program import AsteriskProgram\n"
        "from pathlib import PosixPath\n"
        "async def main():\n"
        f"    child = await start_asterisk({program!r}, AsteriskSettings(**{_plain(settings)!r}))\n"
        f"    Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n",
    )
    await until(pid_file.exists, "Asterisk started")
    pid = int(pid_file.read_text())
    assert is_alive(pid)
    ours.kill()
    await ours.wait()
    await until(lambda: not is_alive(pid), "Asterisk ended with its parent")


def _plain(settings: AsteriskSettings) -> dict[str, object]:
    return {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}


async def trunk_hears(settings: AsteriskSettings) -> tuple[asyncio.DatagramTransport, asyncio.Queue[bytes]]:
    """A trunk's far end that answers nothing."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    class FarEnd(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            heard.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(FarEnd, local_addr=settings.trunks["trunk"])
    return transport, heard


@pytest.mark.parametrize("context", ["callctl-in", "callctl-seats"])
@pytest.mark.parametrize("number", ["112", "01", "104"])
async def test_an_emergency_call_reaches_the_trunk_with_no_service(
    exchange: Exchange, number: str, context: str
) -> None:
    transport, heard = await trunk_hears(exchange.settings)
    try:
        channel_id = await exchange.call(number, context)
        async with asyncio.timeout(PATIENCE_S):
            assert (await heard.get()).startswith(f"INVITE sip:{number}@127.0.0.1".encode())
        async with exchange.ari() as session:
            limit = {"variable": "TIMEOUT(absolute)"}
            async with session.get(f"/ari/channels/{channel_id}/variable", params=limit) as answer:
                assert (await answer.json())["value"] == "0"
            await session.delete(f"/ari/channels/{channel_id}")
        await exchange.cause_of(channel_id)
    finally:
        transport.close()


async def test_a_service_that_hears_and_does_nothing_loses_the_call_to_the_fallback(
    exchange: Exchange,
) -> None:
    transport, heard = await trunk_hears(exchange.settings)
    try:
        async with exchange.ari() as session, session.ws_connect("/ari/events?app=callctl") as stalled:
            channel_id = await exchange.call("112", "callctl-in")
            assert (await stalled.receive_json())["type"] == "StasisStart"
            assert heard.empty()
            async with asyncio.timeout(PATIENCE_S):
                assert (await heard.get()).startswith(b"INVITE sip:112@")
            await session.delete(f"/ari/channels/{channel_id}")
        await exchange.cause_of(channel_id)
    finally:
        transport.close()


async def test_a_call_that_the_service_took_over_stays_with_it(exchange: Exchange) -> None:
    async with exchange.ari() as session, session.ws_connect("/ari/events?app=callctl,caller") as service:
        channel_id = await exchange.call("74951234567", "callctl-in", app="caller")
        arrived: dict[str, object] = {}
        while (arrived.get("type"), arrived.get("application")) != ("StasisStart", "callctl"):
            arrived = await service.receive_json(timeout=PATIENCE_S)
        assert arrived["args"] == ["in", "74951234567", ""]
        path = f"/ari/channels/{channel_id}"
        # Up, and then the paid time ends: the second cut, not the fallback.
        async with session.post(f"{path}/answer") as answer:
            assert answer.status == 204
        cut = {"variable": "TIMEOUT(absolute)", "value": "0.7"}
        async with session.post(f"{path}/variable", params=cut) as answer:
            assert answer.status == 204
        assert await exchange.cause_of(channel_id) == 102


@pytest.mark.parametrize("number", ["*8north-2", "anna_1", "201", "+74951234567"])
async def test_what_a_seat_dials_comes_whole_to_the_service(exchange: Exchange, number: str) -> None:
    async with exchange.ari() as session, session.ws_connect("/ari/events?app=callctl") as service:
        channel_id = await exchange.call(number, "callctl-seats")
        arrived: dict[str, Any] = {}
        while arrived.get("type") != "StasisStart" or arrived["channel"]["id"] != channel_id:
            arrived = await service.receive_json(timeout=PATIENCE_S)
        assert arrived["args"] == ["seat", number, ""], "a channel that is not of SIP has no phone"
        await session.delete(f"/ari/channels/{channel_id}")


CALLS = [("74951234567", "callctl-in"), ("anna", "callctl-seats"), ("*8", "callctl-seats")]


@pytest.mark.parametrize(("number", "context"), CALLS)
async def test_other_calls_hear_why_and_end_as_out_of_service(
    exchange: Exchange, number: str, context: str
) -> None:
    channel_id = await exchange.call(number, context)
    heard = ""
    while "Playback" not in heard:
        assert exchange.hangup_cause(channel_id) is None, "hung up without a word"
        heard = await exchange.cli("core show channels concise")
    assert "all-circuits-busy-now" in heard
    assert await exchange.cause_of(channel_id) == 42


async def _agi(exchange: Exchange, said: str | None) -> int | None:
    """The cause that a call meets whose FastAGI server sets CALLCTL_STATUS to `said`; None: it stalls."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        if said is None:
            await reader.read()  # until Asterisk gives up
        elif said:
            writer.write(f'SET VARIABLE CALLCTL_STATUS "{said}"\n'.encode())
            await reader.readline()
        writer.close()

    async with await asyncio.start_server(serve, *exchange.settings.agi):
        return await exchange.cause_of(await exchange.call("74951234567", "callctl-agi"))


@pytest.mark.parametrize(("said", "cause"), [("ok", 16), ("refused", 17), ("", 17), (None, 17)])
async def test_the_agi_door_opens_on_ok_only(exchange: Exchange, said: str | None, cause: int) -> None:
    assert await _agi(exchange, said) == cause


async def test_the_agi_door_is_shut_with_the_service_away(exchange: Exchange) -> None:
    assert await exchange.cause_of(await exchange.call("74951234567", "callctl-agi")) == 17


async def test_what_is_typed_in_asterisks_own_command_line_comes_to_the_service(exchange: Exchange) -> None:
    asked: list[object] = []

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Basic {b64encode(b'asterisk:').decode()}"
        asked.append((await request.post())["command"])
        return web.Response(text="number=74951234567&calls=2%20running%0Afirst%0Asecond")

    api = web.Application()
    api.add_routes([web.post(PATH, answer)])
    runner = web.AppRunner(api)
    await runner.setup()
    try:
        await web.TCPSite(runner, *exchange.settings.api).start()
        printed = await exchange.cli("callctl balance 74951234567")
        assert re.search(r"number +74951234567 *\n +calls +2 running\nfirst\nsecond", printed)
        assert "first" in await exchange.cli("callctl")
        assert asked == ["balance 74951234567", ""]
    finally:
        await runner.cleanup()
    assert re.search(
        r"error +the callctl service at \S+ does not answer", await exchange.cli("callctl calls")
    )


# --- fetching Asterisk ---------------------------------------------------------------------------


class SilentMirror:
    """Takes connections and says nothing, so a build stands still where it is."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        while await reader.read(4096):
            pass
        self.closed += 1
        writer.close()


@pytest.fixture
async def mirror(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SilentMirror]:
    mirror = SilentMirror()
    server = await asyncio.start_server(mirror, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("CALLCTL_ASTERISK_MIRROR", f"http://127.0.0.1:{port}/debian")
    async with server:
        yield mirror


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLCTL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


async def never_proven(_tree: Path) -> None:
    raise AssertionError("a mirror that says nothing gave us a tree")


def build(lines: list[str], recipe: Recipe | None = None) -> asyncio.Task[Path]:
    return asyncio.create_task(private_root(recipe or Recipe(), lines.append, never_proven))


async def cancelled(task: asyncio.Task[Path]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


async def test_an_interrupted_build_leaves_nothing(cache: Path, mirror: SilentMirror) -> None:
    lines: list[str] = []
    task = build(lines)
    await until(lambda: mirror.opened, "apt asks the mirror")
    await until(lambda: lines, "a slow step is told")
    await cancelled(task)
    assert lines[0] == "reading the package lists of forky"
    assert kept(cache) == ["asterisk.lock"]
    await until(lambda: mirror.closed == mirror.opened, "apt's download ended")


async def test_a_second_build_waits_for_the_first_and_takes_its_place(
    cache: Path, mirror: SilentMirror
) -> None:
    first_lines: list[str] = []
    second_lines: list[str] = []
    first = build(first_lines)
    await until(lambda: mirror.opened, "the first asks the mirror")
    works = [name for name in kept(cache) if ".part-" in name]
    second = build(second_lines)
    await until(lambda: second_lines, "the second says something")
    assert second_lines == ["another run is fetching Asterisk; waiting for it to finish"]
    assert [name for name in kept(cache) if ".part-" in name] == works
    asked = mirror.opened
    await cancelled(first)
    await until(lambda: mirror.opened > asked, "the second asks the mirror")
    await cancelled(second)
    assert kept(cache) == ["asterisk.lock"]


async def test_what_a_killed_build_left_is_swept_and_too_little_room_is_named(
    cache: Path, mirror: SilentMirror
) -> None:
    ours = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio; from callctl.stack.asterisk_root import *\n"
        "asyncio.run(private_root(Recipe(), print, print))\n",
    )
    await until(lambda: mirror.opened, "apt asks the mirror")
    ours.kill()
    await ours.wait()
    assert any(".part-" in name for name in kept(cache))
    await until(lambda: mirror.closed == mirror.opened, "apt ended with us")
    with pytest.raises(Complaint) as refused:
        await build([], Recipe(needed_mb=10**9))
    assert re.search(rf"{cache}: 1000000000 MB needed, \d+ MB free; .*CALLCTL_CACHE", str(refused.value))
    assert kept(cache) == ["asterisk.lock"]


async def test_a_mirror_out_of_reach_is_told_in_apts_words(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        where = f"http://127.0.0.1:{closed.getsockname()[1]}/debian"
        monkeypatch.setenv("CALLCTL_ASTERISK_MIRROR", where)
        with pytest.raises(Complaint, match=rf"cannot fetch .* from {where}: .*onnect.*; check the network"):
            await build([])
    assert kept(cache) == ["asterisk.lock"]


async def test_a_cache_that_cannot_be_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CALLCTL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(Complaint, match="Not a directory; set CALLCTL_CACHE"):
        await build([])


async def test_an_asterisk_of_the_machine_that_is_too_old_is_passed_over(
    program: AsteriskProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "sbin" / "asterisk"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho Asterisk 16.28.0~dfsg-0\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    lines: list[str] = []
    found = await find_asterisk(lines.append)
    assert lines == [f"not using {old}: Asterisk 16.28.0~dfsg-0 is older than 20"]
    assert str(old) not in found.command
