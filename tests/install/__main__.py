"""`./run test-install`: docs/install.md, block by block, on a fresh Debian; then a call, and an upgrade."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.install.debian import ROOT, Debian, fresh, run, say, until
from tests.install.page import blocks_of
from tests.install.release import release_into

NUMBER, TARGET, CARRIER_PORT, SIP_PORT = "74951234567", "79161110002", 5070, 5060
OWN = ("asterisk", "postgresql", "python3")  # the last for the stand-in of systemctl
DOCUMENTED = "192.0.2.20:5060"


def main() -> None:
    asked = argparse.ArgumentParser(prog="./run test-install", description=__doc__)
    asked.parse_args()
    if os.geteuid() != 0:
        sys.exit("test-install: root is needed to make a Debian in a folder")
    run("systemd-analyze", "--version")
    with fresh(*OWN) as debian:
        begin(debian)
        follow(debian, "install.md")
        first = place_call(debian, talk_ms=3_500)
        assert first == {"answered": True, "ended_by": "here", "rang": [TARGET]}, first
        until(lambda: bill(debian, 1) == (3, 100), f"a bill of 3 s and 100 kopecks: {bills(debian)}")
        say("a call went through, and its bill is right")
        verify_unit(debian)
        follow(debian, "backup.md", "Each night: a dump")
        upgrade_beside_a_call(debian)
        restore(debian)
    say("docs/install.md, docs/upgrade.md and docs/backup.md hold")


def begin(debian: Debian) -> None:
    """What the page takes for given: Asterisk and PostgreSQL run, the release is there, systemd too."""
    release_into(debian.place / "opt/callctl")
    debian.put(Path(__file__).with_name("systemctl.py").read_bytes(), "/usr/local/sbin/systemctl", 0o755)
    debian.sh("install -d -o asterisk -g asterisk /run/asterisk")  # as systemd-tmpfiles does
    debian.sh("pg_ctlcluster $(pg_lsclusters -h | awk '{print $1, $2}') start")
    debian.sh("systemctl start asterisk")


def follow(debian: Debian, page: str, section: str = "") -> None:
    for block in blocks_of(page):
        if "callctl cdr" in block.commands or section not in ("", block.section):
            continue  # the first is asked after the call, see `bills`
        say(f"{page}: {block.section}")
        debian.sh(
            block.commands.replace(DOCUMENTED, f"127.0.0.1:{CARRIER_PORT}"), network=block.needs_network
        )


def calling(debian: Debian, talk_ms: int) -> "subprocess.Popen[str]":
    words = [
        sys.executable,
        "-P",
        "-m",
        "tests.install.call",
        *map(str, (SIP_PORT, CARRIER_PORT, NUMBER, talk_ms)),
    ]
    return subprocess.Popen(debian.outside(*words), stdout=subprocess.PIPE, text=True, cwd=ROOT)


def place_call(debian: Debian, talk_ms: int) -> object:
    with calling(debian, talk_ms) as phone:
        assert phone.stdout
        return json.loads(phone.stdout.read())


def ask(debian: Debian, words: str) -> object:
    token = "CALLCTL_TOKEN_FILE=/etc/callctl/token"
    return json.loads(debian.sh(f"{token} callctl {words} --api 127.0.0.1:8080 --json"))


def bills(debian: Debian) -> list[dict[str, object]]:
    told = ask(debian, "cdr --account acme")
    assert isinstance(told, list)
    return [leg for leg in told if leg["ended_at"]]


def bill(debian: Debian, count: int) -> tuple[object, object] | None:
    """Of the newest connection, when there are so many."""
    told = sorted(bills(debian), key=lambda leg: str(leg["answered_at"]))
    return (told[-1]["seconds"], told[-1]["charge_kopecks"]) if len(told) == count else None


def verify_unit(debian: Debian) -> None:
    """By this machine's systemd, with the root's files."""
    said = run("systemd-analyze", f"--root={debian.place}", "--man=no", "verify", "callctl.service")
    assert "callctl.service" not in said, said
    exposure = run(
        "systemd-analyze", "--offline=true", f"--root={debian.place}", "security", "callctl.service"
    )
    say(exposure.strip().splitlines()[-1])


def upgrade_beside_a_call(debian: Debian) -> None:
    """What docs/upgrade.md has one do, while somebody talks."""
    with calling(debian, talk_ms=20_000) as phone:
        until(lambda: len(running(debian)) == 1, "a call runs")
        follow(debian, "upgrade.md")
        assert len(running(debian)) == 1, "the call was taken up"
        assert phone.stdout
        told = json.loads(phone.stdout.read())
    assert told == {"answered": True, "ended_by": "here", "rang": [TARGET]}, told
    until(lambda: bill(debian, 2) == (20, 400), f"a bill of 20 s: {bills(debian)}")
    say("the service was upgraded beside a call, which was billed to its end")


def restore(debian: Debian) -> None:
    """The dump is older than the second call, which comes back from Asterisk's own record."""

    def told() -> list[tuple[object, ...]]:
        return sorted((leg["leg_id"], leg["seconds"], leg["charge_kopecks"]) for leg in bills(debian))

    before = told()
    follow(debian, "backup.md", "Put it back")
    assert told() == before[:1], told()
    follow(debian, "backup.md", "The hours in between")
    assert told() == before, f"{told()}, and before {before}"
    say("the second call was billed again as it was")


def running(debian: Debian) -> list[object]:
    told = ask(debian, "calls")
    assert isinstance(told, list)
    return [call for call in told if call["state"] == "talking"]


main()
