"""Where a running stack can be found: a note in its state directory, and one of the last `callctl up`.

Rule 1: a note is written whole or not at all, and taken away by the stack that wrote it.
Rule 2: the note of the last `up` is a convenience: where it cannot be written, the stack runs all the same.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from callctl.settings import read_address

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
        note = json.loads(path.read_text("utf-8"))
        read_address(note["api"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return dict(note)


def write_whereabouts(state_dir: Path, note: dict[str, Any]) -> None:
    _write(state_dir / NOTE, note)
    with contextlib.suppress(OSError):
        _write(_last_note(), note)


def _write(path: Path, note: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        half.write_text(json.dumps(note, indent=2) + "\n", "utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def forget_whereabouts(state_dir: Path, note: dict[str, Any]) -> None:
    for path in (state_dir / NOTE, _last_note()):
        try:
            if json.loads(path.read_text("utf-8")) == note:
                path.unlink()
        except (OSError, ValueError):
            continue
