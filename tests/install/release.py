"""The release as somebody unpacks it: every file that belongs to it, as it is now."""

import subprocess
from pathlib import Path

from tests.install.debian import ROOT, run


def release_into(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    names = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    packed = subprocess.run(
        ["tar", "-C", ROOT, "--null", "-T", "-", "-c"],
        input=names.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(["tar", "-C", target, "-x"], input=packed.stdout, check=True)
