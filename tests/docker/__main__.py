"""`./run test-docker`: the images built from a Debian made here, the stack run, a call sent through it."""

import argparse
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from callctl.stack.ports import free_rtp_range, free_tcp_port, free_udp_port
from tests.docker.engine import Engine, engine
from tests.install.debian import ROOT, fresh, run, say, until
from tests.install.release import release_into

BASE = "debian:forky-slim"
IMAGES = {"callctl-postgres": "postgres", "callctl-asterisk": "asterisk", "callctl-prometheus": "prometheus"}
IMAGES |= {"callctl": "callctl"}
HOST = "127.0.0.1"
NUMBER, TARGET = "74951234567", "79161110002"
SERVICES = {"asterisk", "callctl", "postgres", "prometheus"}


def main() -> None:
    asked = argparse.ArgumentParser(prog="./run test-docker", description=__doc__)
    asked.parse_args()
    if os.geteuid() != 0:
        sys.exit("test-docker: root is needed to run an engine")
    with engine() as docker, TemporaryDirectory() as folder:
        release = Path(folder)
        release_into(release)
        import_base(docker)
        for image, name in IMAGES.items():
            say(f"building {image}")
            made = release / f"docker/{name}/Dockerfile"
            docker.docker("build", "--network", "host", "-t", image, "-f", made, release)
        answers = set_up(release / "docker")
        with stack(docker, release / "docker"):
            assert_healthy(docker, release / "docker")
            assert_no_open_door(docker, answers)
            assert_call_is_billed(docker, release / "docker", answers)
            assert_prometheus_sees_it(answers)
    say("the images build, the stack runs, and a call through it is billed")


def import_base(docker: Engine) -> None:
    """Under the name that the Dockerfiles ask for: nothing is pulled."""
    with fresh() as debian, TemporaryDirectory() as folder:
        packed = Path(folder) / "base.tar"
        run("tar", "-C", debian.place, "--exclude=./proc/*", "--exclude=./dev/*", "-cf", packed, ".")
        docker.docker("import", packed, BASE)


def set_up(docker: Path) -> dict[str, str]:
    """What docs/docker.md has one answer, with ports that are free here."""
    rtp = free_rtp_range(HOST, os.getpid())
    chosen = {
        "SIP": f"{HOST}:{free_udp_port(HOST)}",
        "CARRIERS": f'"carrier={HOST}:{free_udp_port(HOST)}"',
        **{name: f"{HOST}:{free_tcp_port(HOST)}" for name in ("API", "AGI", "PROMETHEUS")},
        **{name: str(free_tcp_port(HOST)) for name in ("HTTP_PORT", "AMI_PORT")},
        "RTP_FIRST": str(rtp[0]),
        "RTP_LAST": str(rtp[1]),
    }
    run(docker / "setup")
    answers = docker / "private/answers"
    text = answers.read_text()
    for name, value in chosen.items():
        text, found = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert found == 1, name
    answers.write_text(text)
    run(docker / "setup")
    kept = dict(re.findall(r"^([A-Z_]+)=(.*)$", answers.read_text(), re.MULTILINE))
    secrets = [kept[name] for name in kept if name.endswith("_SECRET")]
    assert len(set(secrets)) == len(secrets) == 5, "each secret is its own"
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in secrets), "each is drawn"
    return kept


@contextmanager
def stack(docker: Engine, folder: Path) -> Iterator[None]:
    say("starting the stack")
    try:
        docker.compose(folder, "up", "-d", "--no-build", "--wait", "--wait-timeout", "180")
        yield
    except BaseException:
        print(docker.compose(folder, "logs", "--tail", "40"))
        raise
    finally:
        docker.compose(folder, "down", "-v", "-t", "30")


def assert_healthy(docker: Engine, folder: Path) -> None:
    told = [json.loads(line) for line in docker.compose(folder, "ps", "--format", "json").splitlines()]
    assert {(one["Service"], one["Health"]) for one in told} == {(name, "healthy") for name in SERVICES}, told


def assert_no_open_door(docker: Engine, answers: dict[str, str]) -> None:
    try:
        urllib.request.urlopen(f"http://{answers['API']}/accounts", timeout=10)
    except urllib.error.HTTPError as refused:
        assert refused.code == 401
    else:
        raise AssertionError("the API serves whoever shows no token")
    shown = docker.docker("inspect", *(f"callctl-{name}-1" for name in SERVICES))
    for name in SERVICES:
        shown += docker.docker("logs", f"callctl-{name}-1") + docker.docker("top", f"callctl-{name}-1")
    told = [name for name in answers if name.endswith("_SECRET") and answers[name] in shown]
    assert not told, f"{told} can be read by whoever may look at containers"


def assert_call_is_billed(docker: Engine, folder: Path, answers: dict[str, str]) -> None:
    def callctl(*words: str) -> str:
        return docker.compose(folder, "exec", "-T", "callctl", "callctl", *words, "--api", answers["API"])

    callctl("account", "add", "acme", "--profile", "demo", "--plan", "six", "--balance", "100")
    callctl("number", "add", NUMBER, "--account", "acme", "--scheme", "docs/schemes/forward.yaml")
    ports = [answers["SIP"].rpartition(":")[2], answers["CARRIERS"].strip('"').rpartition(":")[2]]
    phone = [sys.executable, "-P", "-m", "tests.install.call", *ports, NUMBER, "3500"]
    seen = json.loads(subprocess.run(phone, stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout)
    assert seen == {"answered": True, "ended_by": "here", "rang": [TARGET]}, seen

    def bill() -> list[tuple[int, int]]:
        told = json.loads(callctl("cdr", "--account", "acme", "--json"))
        return [(leg["seconds"], leg["charge_kopecks"]) for leg in told if leg["ended_at"]]

    until(lambda: bill() == [(3, 100)], "a bill of 3 s and 100 kopecks")


def assert_prometheus_sees_it(answers: dict[str, str]) -> None:
    def value() -> list[str]:
        query = f"http://{answers['PROMETHEUS']}/api/v1/query?query=sum(callctl_connection_up)"
        told = json.loads(urllib.request.urlopen(query, timeout=10).read())
        return [one["value"][1] for one in told["data"]["result"]]

    until(lambda: value() == ["3"], "Prometheus sees ARI, AMI and the database up")


main()
