"""Where programs that we fetched stay between runs, outside every checkout."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """`CALLCTL_CACHE`, else one that the accounts we drop to can reach when we are root."""
    if chosen := os.environ.get("CALLCTL_CACHE"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/cache/callctl")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callctl"
