"""The hot modules compiled by mypyc, unchanged, in a copy of the tree.

Rule 1: nothing is written into the checkout; who has no C compiler is told so, and everything else goes on.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[3]
COPIED = ("rating", "dialplan", "callctl", "tests")
MODULES = (
    *(f"rating/{name}.py" for name in ("money", "calendar", "prefixes", "deck", "bands", "tariff", "funds")),
    *(f"rating/{name}.py" for name in ("limits", "pots", "entries", "charge", "ledger", "profile", "quote")),
    "callctl/calls/money/meter.py",
)
# One call for all: each call of mypycify writes its build over the one before.
SETUP = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="compiled", packages=[], ext_modules=mypycify({modules!r}, opt_level="3"))
"""


def find_compiler() -> str | None:
    wanted = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    return shutil.which(wanted)


def compile_into(folder: Path) -> str | None:
    """A copy of the tree with compiled modules; or why there is none, in one line."""
    if find_compiler() is None:
        return "no C compiler here: install gcc to see the compiled figures"
    for room in COPIED:
        unwanted = shutil.ignore_patterns("__pycache__", "*.csv", "*.so")
        shutil.copytree(ROOT / room, folder / room, ignore=unwanted)
    (folder / "setup.py").write_text(SETUP.format(modules=list(MODULES)), "utf-8")
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if built.returncode:
        return f"mypyc could not compile the rating core: {(built.stderr or built.stdout).strip()[-300:]}"
    return None
