"""The directory that a PostgreSQL of ours lives in: whose it is, who else is kept out, where its socket lies.

Rule 1: it is private. Access to the socket is the whole access control, there are no passwords.
Rule 2: one process has one directory: a lock on the directory says so, and dies with the process.
Rule 3: PostgreSQL refuses to be root, so under root the directory belongs to an account; root goes on
    reading and removing it as before. Nothing outside the directory changes its owner or mode.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from callctl.complaint import Complaint

SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAX = 107
PLAIN_PATH = re.compile(r"[\w./+-]+", re.ASCII)  # asyncpg and PostgreSQL both read commas and quotes as more
ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """A directory that we hold until `leave`."""

    place: Path
    socket_dir: Path
    account: Account | None
    lock_fd: int

    @property
    def cluster(self) -> Path:
        return self.place / "cluster"

    @property
    def half_made(self) -> Path:
        return self.place / "cluster.half-made"

    @property
    def pid_file(self) -> Path:
        return self.cluster / "postmaster.pid"

    @property
    def initdb_log(self) -> Path:
        return self.place / "initdb.log"

    @property
    def server_log(self) -> Path:
        return self.place / "postgres.log"

    def leave(self) -> None:
        if self.socket_dir != self.place:
            with contextlib.suppress(OSError):
                self.socket_dir.rmdir()
        os.close(self.lock_fd)


CONTENTS = {"cluster", "cluster.half-made", "initdb.log", "postgres.log", SOCKET, f"{SOCKET}.lock"}


def enter(place: Path) -> Home:
    """Make `place` when it is missing; refuse it when another process or another thing is in it."""
    place = place.absolute()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = sorted({entry.name for entry in place.iterdir()} - CONTENTS)
        if others:
            raise Complaint(f"{place} holds other things ({others[0]}): name an empty directory")
        lock_fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Complaint(f"cannot keep a database in {place}: {error.strerror}; name another place") from error
    try:
        _lock(place, lock_fd)
        account = _account(place / "cluster")
        place.chmod(0o700)
        if account:
            os.chown(place, account.uid, account.gid)
        return Home(place, _socket_dir(place, account), account, lock_fd)
    except OSError as error:
        os.close(lock_fd)
        raise Complaint(f"cannot make {place} private: {error.strerror}; name another place") from error
    except BaseException:
        os.close(lock_fd)
        raise


def _lock(place: Path, lock_fd: int) -> None:
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Complaint(
            f"another callctl runs the database in {place}: stop it, or name another place"
        ) from error


def _account(cluster: Path) -> Account | None:
    """None: our own. A cluster keeps the account it was made with, whatever accounts appear later."""
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        owner = cluster.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise Complaint("PostgreSQL does not run as root: add an account `postgres`, or start as another user")


def _socket_dir(place: Path, account: Account | None) -> Path:
    """The directory itself, else a short place that is the same at every start."""
    wanted = str(place / SOCKET)
    if len(os.fsencode(wanted)) <= SOCKET_PATH_BYTES_MAX and PLAIN_PATH.fullmatch(wanted):
        return place
    short = Path("/tmp") / f"callctl-{hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}"
    uid = account.uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        if account:
            os.chown(short, account.uid, account.gid)
    # Everybody may make things in /tmp: somebody may have been there before us.
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise Complaint(f"{short} belongs to somebody else: remove it, or name a shorter place than {place}")
    return short
