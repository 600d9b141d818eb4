#!/usr/bin/env python3
"""Stands in for systemctl in a root without systemd: starts what a unit's ExecStart says, as it says.

Rule 1: user, groups, mask, environment, credentials and state directories are the unit's, drop-ins included.
Rule 2: a unit of Type=notify counts as started with its own word READY=1.
"""

import grp
import os
import pwd
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PLACES = [Path("/etc/systemd/system"), Path("/usr/lib/systemd/system")]
PIDS = Path("/run/stand-in")
PATIENCE_S = 90


def unit(name: str) -> dict[str, list[str]]:
    file = next(place / f"{name}.service" for place in PLACES if (place / f"{name}.service").exists())
    said: dict[str, list[str]] = {}
    for part in [file, *sorted(Path(f"/etc/systemd/system/{name}.service.d").glob("*.conf"))]:
        for line in part.read_text().splitlines():
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                said.setdefault(key, []).append(value)
    return said


def one(said: dict[str, list[str]], key: str, otherwise: str) -> str:
    return said.get(key, [otherwise])[-1]


def lend(name: str, said: dict[str, list[str]], uid: int) -> Path:
    place = Path(f"/run/credentials/{name}.service")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for lent in said.get("LoadCredential", []):
        called, _, source = lent.partition(":")
        copy = place / called
        copy.unlink(missing_ok=True)
        copy.write_bytes(Path(source).read_bytes())
        copy.chmod(0o440)
        os.chown(copy, uid, 0)
    os.chown(place, uid, 0)
    return place


def start(name: str) -> None:
    said = unit(name)
    user = pwd.getpwnam(one(said, "User", "root"))
    extra = [grp.getgrnam(group).gr_gid for group in one(said, "SupplementaryGroups", "").split()]
    for word in one(said, "StateDirectory", "").split():
        state = Path("/var/lib") / word
        state.mkdir(mode=0o755, parents=True, exist_ok=True)
        os.chown(state, user.pw_uid, user.pw_gid)
    PIDS.mkdir(exist_ok=True)
    environment = {"PATH": "/usr/sbin:/usr/bin", "NOTIFY_SOCKET": f"/run/{name}.notify", "LANG": "C.UTF-8"}
    environment |= dict(word.split("=", 1) for line in said.get("Environment", []) for word in line.split())
    if "LoadCredential" in said:
        environment["CREDENTIALS_DIRECTORY"] = str(lend(name, said, user.pw_uid))
    listens = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    Path(environment["NOTIFY_SOCKET"]).unlink(missing_ok=True)
    listens.bind(environment["NOTIFY_SOCKET"])
    Path(environment["NOTIFY_SOCKET"]).chmod(0o777)
    listens.settimeout(1)
    command = one(said, "ExecStart", "")
    for key, value in environment.items():
        command = command.replace(f"${{{key}}}", value)
    with Path(f"/var/log/stand-in-{name}.log").open("ab") as log:
        process = subprocess.Popen(
            shlex.split(command),
            env=environment,
            cwd=one(said, "WorkingDirectory", "/"),
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=extra,
            umask=int(one(said, "UMask", "0022"), 8),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (PIDS / name).write_text(str(process.pid))
    give_up_at = time.monotonic() + PATIENCE_S
    while one(said, "Type", "simple") == "notify":
        if process.poll() is not None or time.monotonic() > give_up_at:
            sys.exit(f"{name} did not say READY=1; {Path(log.name).read_text(errors='replace')[-3000:]}")
        try:
            if b"READY=1" in listens.recv(4096):
                return
        except TimeoutError:
            continue


def stop(name: str) -> None:
    file = PIDS / name
    if not file.exists():
        return
    pid = int(file.read_text())
    file.unlink()
    os.kill(pid, signal.SIGTERM)
    give_up_at = time.monotonic() + PATIENCE_S
    while lives(pid):
        if time.monotonic() > give_up_at:
            sys.exit(f"{name} did not end")
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def main(words: list[str]) -> None:
    verb, *names = [word for word in words if not word.startswith("-")]
    for name in names:
        if verb in ("stop", "restart"):
            stop(name)
        if verb in ("start", "restart") or (verb == "enable" and "--now" in words):
            start(name)


main(sys.argv[1:])
