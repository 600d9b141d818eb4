"""Debian packages with all they need, unpacked into a directory: no root, nothing installed.

Rule 1: of the host only the mirror, the proxy and the keyring are read. Its package state is not
        touched, no maintainer script runs.
Rule 2: cancelled or failed, no process of ours is left; the caller owns the directory and removes it.
"""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from callctl.complaint import Complaint
from callctl.stack.child import start_child

SLOW_S = 2.0
PROGRESS_EVERY_S = 5.0
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
# Nothing that Asterisk reads while it runs.
SUPERFLUOUS = (
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "usr/share/perl*",
    "usr/lib/*/perl*",
)

Report = Callable[[str], None]


async def fetch_packages(packages: Sequence[str], suites: Sequence[str], work: Path, report: Report) -> Path:
    """A tree inside `work`, an empty directory, from the first suite that has all packages."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Complaint(
            "no apt here to fetch Asterisk with; install Asterisk 20 or newer and its Russian core sounds"
        )
    mirror = await debian_mirror()
    archives = _prepare(work)
    arch = (await _answer("dpkg", "--print-architecture")).strip()
    log = work / "apt.log"
    reasons = []
    for suite in suites:
        (work / "sources.list").write_text(_source(mirror, suite, arch))
        log.write_text("")
        if await _download(packages, suite, work, archives, log, report):
            return await _unpack(sorted(archives.glob("*.deb")), work / "root", work / "unpack.log", report)
        reasons.append(f"{suite}: {_complaints(log)}")
    raise Complaint(
        f"cannot fetch {packages[0]} from {mirror}: {'; '.join(reasons)};"
        " check the network, or set CALLCTL_ASTERISK_MIRROR and CALLCTL_ASTERISK_SUITE"
    )


def _prepare(work: Path) -> Path:
    """A package state of our own; what is downloaded comes to lie in the directory returned."""
    archives = work / "cache" / "archives"
    for directory in (work / "lists" / "partial", archives / "partial", work / "root"):
        directory.mkdir(parents=True)
    (work / "status").touch()
    (work / "apt.conf").write_text(_apt_conf(work))
    return archives


async def debian_mirror() -> str:
    """The one that apt here uses, known even before its first `apt-get update`."""
    if chosen := os.environ.get("CALLCTL_ASTERISK_MIRROR"):
        return chosen
    # The security archive has Debian's origin too, but a label of its own.
    known = await _answer("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Origin: Debian")
    if found := re.search(r"^Debian (\S+)$", known, re.MULTILINE):
        return found[1]
    planned = await _answer("apt-get", "update", "--print-uris")
    if found := re.search(r"^'(\S+/debian)/dists/", planned, re.MULTILINE):
        return found[1]
    raise Complaint("apt here knows no Debian mirror; set CALLCTL_ASTERISK_MIRROR to the address of one")


def _apt_conf(work: Path) -> str:
    """Read after the host's own settings, so its proxy stays and its hooks and state do not.

    Error-Mode: without it, `update` calls a mirror that it cannot reach a warning and succeeds.
    Check-Valid-Until: signatures are checked as ever, the age of the lists is not. Company mirrors are
    often frozen at a date, and a tree that is made once and kept would not be the younger for it.
    """
    return f"""
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "{work}";
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Etc::sourcelist "{work}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
"""


def _source(mirror: str, suite: str, arch: str) -> str:
    keyring = next((keyring for keyring in KEYRINGS if keyring.exists()), None)
    signed_by = f" signed-by={keyring}" if keyring else ""
    return f"deb [arch={arch} target=Packages{signed_by}] {mirror} {suite} main\n"


async def _download(
    packages: Sequence[str], suite: str, work: Path, archives: Path, log: Path, report: Report
) -> bool:
    apt = ("apt-get", "-c", str(work / "apt.conf"), "-qq", "-y")
    async with _told(f"reading the package lists of {suite}", report):
        if await _run([*apt, "update"], log) != 0:
            return False
    planned = await _answer(*apt, "--print-uris", "install", *packages)
    total_bytes = sum(int(size) for size in re.findall(r"^'\S+' \S+ (\d+)", planned, re.MULTILINE))

    def progress() -> str:
        return f": {_tree_bytes(archives) // 2**20} of {total_bytes // 2**20} MB"

    async with _told(f"downloading Asterisk from {suite}", report, progress):
        return await _run([*apt, "--download-only", "install", *packages], log) == 0


async def _unpack(debs: list[Path], root: Path, log: Path, report: Report) -> Path:
    packed = list(debs)

    async def worker() -> None:
        while packed:
            deb = packed.pop()
            if await _run(["dpkg-deb", "-x", str(deb), str(root)], log) != 0:
                raise Complaint(f"cannot unpack {deb.name} in {root}: {_complaints(log)}")
            deb.unlink()

    def progress() -> str:
        return f": {len(debs) - len(packed)} of {len(debs)} packages"

    async with _told("unpacking Asterisk", report, progress):
        workers = [asyncio.create_task(worker()) for _ in range(os.cpu_count() or 1)]
        try:
            await asyncio.gather(*workers)
        finally:
            for one in workers:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
    _trim(root)
    return root


def _trim(root: Path) -> None:
    for pattern in SUPERFLUOUS:
        for superfluous in root.glob(pattern):
            shutil.rmtree(superfluous)
    root.chmod(0o755)  # `./` in a package may say otherwise


@asynccontextmanager
async def _told(step: str, report: Report, progress: Callable[[], str] = lambda: "") -> AsyncIterator[None]:
    """Say so when the step is a slow one, and how far it is, until it ends."""

    async def tell() -> None:
        await asyncio.sleep(SLOW_S)
        while True:
            report(step + progress())
            await asyncio.sleep(PROGRESS_EVERY_S)

    teller = asyncio.create_task(tell())
    try:
        yield
    finally:
        teller.cancel()


async def _run(command: Sequence[str], log: Path) -> int:
    """To its end, or to ours: cancelled, it leaves no process behind."""
    child = await start_child(command[0], command, log=log, env={**os.environ, "LC_ALL": "C"})
    try:
        return await child.process.wait()
    finally:
        if child.is_running:
            # The group: apt's download methods go with it, not a moment later.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.process.wait()


async def _answer(*command: str) -> str:
    """What a quick question prints; nothing when it fails."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return printed.decode("utf-8", "replace")


def _tree_bytes(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):  # apt renames what it has finished
            total += path.stat().st_size
    return total


def _complaints(log: Path) -> str:
    """The last words of apt, or of dpkg-deb."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E:") and "Some index files" not in line] or lines
    return " | ".join(errors[-2:]) or "no reason given"
