"""Where a running stack can be found: a note in its state directory, and one of the last `callctl up`.

Rule 1: a note is written whole or not at all, and taken away by the stack that wrote it.
"""

import json
import os
from pathlib import Path
from typing import Any

NOTE = "stack.json"


def default_state_dir() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/callctl")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "callctl"


def _last_note() -> Path:
    if os.geteuid() == 0:
        return Path("/run/callctl") / NOTE
    return Path(os.environ.get("XDG_RUNTIME_DIR") or default_state_dir()) / f"callctl-last-{NOTE}"


def read_whereabouts(state_dir: Path | None) -> dict[str, Any] | None:
    """Of the stack in `state_dir`, else of the last one that came up and still runs."""
    path = state_dir / NOTE if state_dir else _last_note()
    try:
        note: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return note


def write_whereabouts(state_dir: Path, note: dict[str, Any]) -> None:
    for path in (state_dir / NOTE, _last_note()):
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.{os.getpid()}")
        half.write_text(json.dumps(note, indent=2) + "\n", "utf-8")
        half.replace(path)


def forget_whereabouts(state_dir: Path, note: dict[str, Any]) -> None:
    for path in (state_dir / NOTE, _last_note()):
        try:
            if json.loads(path.read_text("utf-8")) == note:
                path.unlink()
        except (OSError, ValueError):
            continue
