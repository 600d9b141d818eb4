"""A fresh Debian in a folder, with a network and processes of its own.

Rule 1: made once by debootstrap and kept as an archive beside what else is fetched; each run unpacks it anew.
Rule 2: everything runs in namespaces whose first process is our child: with it all processes, mounts and
    ports are gone, however we end.
Rule 3: of this machine it gets how to reach Debian's and Python's packages, nothing else.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from callctl.stack.asterisk_packages import debian_mirror
from callctl.stack.cache import cache_dir

SUITE = "forky"
# debootstrap knows suites by their scripts, and may be older than this one.
SCRIPT = "sid"
GIVEN = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/apt/apt.conf.d",
)
PATIENCE_S = 30
NO_SERVICES = "#!/bin/sh\nexit 101\n"
ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def say(line: str) -> None:
    print(f"callctl: {line}", flush=True)


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env=env,
        cwd=cwd,
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(map(str, command))[:600]}\ncode {done.returncode}: {done.stdout[-4000:]}"
        )
    return done.stdout


def until(is_so: Callable[[], bool], what: str, *, within_s: float = PATIENCE_S) -> None:
    give_up_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise SystemExit(f"not within {within_s} s: {what}")
        time.sleep(0.2)


@dataclass(frozen=True, slots=True)
class Debian:
    place: Path
    first: int  # the process whose namespaces these are

    def sh(self, commands: str, *, network: bool = False) -> str:
        """As root in a shell that ends with the first fault; what was printed."""
        into = ["nsenter", "-t", str(self.first), "--mount", "--pid", *([] if network else ["--net"])]
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        clean = ["env", "-i", "HOME=/root", f"PATH={path}"]
        clean += ["LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", f"SSL_CERT_FILE={GIVEN[3]}"]
        clean += [f"PIP_CERT={GIVEN[3]}", "PIP_DEFAULT_TIMEOUT=180"]
        return run(*into, *clean, "chroot", self.place, "sh", "-eu", "-c", commands)

    def put(self, text: str | bytes, path: str, mode: int = 0o644) -> None:
        file = self.place / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)

    def outside(self, *command: str) -> list[str]:
        """A command line for a program of this machine, in its network."""
        return ["nsenter", f"--net=/proc/{self.first}/ns/net", *command]


def archive(*packages: str) -> Path:
    """Of a root with these packages as they come."""
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{'-'.join(('debian', SUITE, *packages))}.tar"
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        place = Path(folder) / "root"
        if packages:
            place.mkdir()
            run("tar", "-C", place, "-xf", archive())
            say(f"installing {', '.join(packages)} into it")
            with entered(place) as debian:
                debian.put(NO_SERVICES, "/usr/sbin/policy-rc.d", 0o755)
                debian.sh("apt-get update", network=True)
                debian.sh(f"apt-get install -y --no-install-recommends {' '.join(packages)}", network=True)
        else:
            say(f"making a Debian {SUITE} by debootstrap, two minutes")
            run("debootstrap", "--variant=minbase", SUITE, place, asyncio.run(debian_mirror()), SCRIPT)
        part = Path(folder) / "part.tar"
        run("tar", "-C", place, "-cf", part, ".")
        part.rename(kept)
    return kept


@contextlib.contextmanager
def fresh(*packages: str) -> Iterator[Debian]:
    kept = archive(*packages)
    with tempfile.TemporaryDirectory(prefix="callctl-install-", dir=cache_dir()) as folder:
        place = Path(folder) / "root"
        place.mkdir()
        run("tar", "-C", place, "-xf", kept)
        with entered(place) as debian:
            yield debian


@contextlib.contextmanager
def entered(place: Path) -> Iterator[Debian]:
    for given in map(Path, GIVEN):
        target = place / given.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if given.is_dir():
            shutil.copytree(given, target, dirs_exist_ok=True)
        elif given.exists():
            shutil.copy(given, target)
    # Debian's package of authorities makes that file anew, and takes in what lies here.
    own = place / "usr/local/share/ca-certificates"
    own.mkdir(parents=True, exist_ok=True)
    shutil.copy(place / CERTIFICATES, own / "of-this-machine.crt")
    mounts = f"mount --make-rprivate / && mount --rbind /dev {place}/dev && mount -t proc proc {place}/proc"
    inside = f"{mounts} && ip link set lo up && echo ready && exec sleep infinity"
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", inside]
    holder = subprocess.Popen(apart, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        if holder.stdout.readline() != b"ready\n":
            raise SystemExit("namespaces cannot be made here: run this as root")
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        yield Debian(place, int(children[0]))
    finally:
        holder.kill()  # it heeds nothing else while its child lives
        holder.wait()
        _until_free(place)


def _until_free(place: Path) -> None:
    """The kernel takes the processes down a moment later; they may still hold files."""
    until(
        lambda: (
            not any(_root_of(each) == str(place) for each in Path("/proc").iterdir() if each.name.isdigit())
        ),
        f"nothing runs in {place}",
    )


def _root_of(process: Path) -> str:
    try:
        return os.readlink(process / "root")  # noqa: PTH115 a name, whatever it points to
    except OSError:
        return ""
