"""A Docker engine of our own: Debian's packages unpacked, never installed; all of it lies in one folder.

Rule 1: it has no network of containers and no firewall: what it runs is on the machine's own network.
Rule 2: with it end its containers; nothing of them stays.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callctl.stack.cache import cache_dir
from tests.install.debian import archive, entered, run

ENGINE = ("docker.io", "containerd", "runc")
# This Debian's own is too old to know all that compose.yaml says.
COMPOSE = "docker-compose"
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Engine:
    programs: Path
    socket: Path

    def docker(self, *words: str | Path) -> str:
        return self._ask(self.programs / "usr/bin/docker", *words)

    def compose(self, folder: Path, *words: str) -> str:
        plugin = self.programs / "usr/libexec/docker/cli-plugins/docker-compose"
        return self._ask(plugin, "--project-directory", folder, *words)

    def _ask(self, *command: str | Path) -> str:
        where = {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "0"}
        return run(*command, env={**os.environ, **where})


def programs() -> Path:
    kept = cache_dir() / "docker-engine"
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
        place = Path(folder)
        run("apt-get", "-q", "update")
        run("apt-get", "-q", "download", *ENGINE, cwd=place)
        root = place / "root"
        root.mkdir()
        run("tar", "-C", root, "-xf", archive())
        with entered(root) as debian:
            debian.sh(f"apt-get update && cd /tmp && apt-get download {COMPOSE}", network=True)
        unpacked = place / "unpacked"
        for package in [*place.glob("*.deb"), *root.glob("tmp/*.deb")]:
            run("dpkg-deb", "-x", package, unpacked)
        unpacked.rename(kept)
    return kept


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    found = programs()
    with tempfile.TemporaryDirectory(prefix="callctl-docker-", dir=cache_dir()) as folder:
        place = Path(folder)
        path = os.pathsep.join([str(found / "usr/sbin"), str(found / "usr/bin"), os.environ["PATH"]])
        options = ["--iptables=false", "--ip6tables=false", "--bridge=none"]
        options += ["--default-ulimit", "nofile=4096:4096"]  # more than the machine allows us is an error
        options += ["--data-root", f"{place}/data", "--exec-root", f"{place}/exec"]
        options += ["--pidfile", f"{place}/pid", "-H", f"unix://{place}/socket"]
        with (place / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [found / "usr/sbin/dockerd", *options],
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            give_up_at = time.monotonic() + PATIENCE_S
            while not (place / "socket").exists():
                if daemon.poll() is not None or time.monotonic() > give_up_at:
                    raise SystemExit(f"no Docker can run here: {(place / 'log').read_text()[-2000:]}")
                time.sleep(0.1)
            yield Engine(found, place / "socket")
        finally:
            daemon.terminate()
            daemon.wait(PATIENCE_S)
            # It leaves the machine's own network pinned there.
            run("umount", "--lazy", place / "exec/netns/default")
