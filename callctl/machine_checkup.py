"""Whether the machine is as the service needs it: clock, disk, open files, prompts, the witness's file."""

import ctypes
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from callctl.finding import Finding, bad, ok, warning
from callctl.settings import ServiceSettings

FREE_BYTES_MIN: Final = 1_000_000_000
FREE_SHARE_MIN: Final = 0.05
FILES_MIN: Final = 4_096
UNSYNCHRONISED: Final = 5  # TIME_ERROR of adjtimex(2)
TIMEX_BYTES: Final = 512  # more than any system's


def check_machine(settings: ServiceSettings, prompts: Path) -> Iterator[Finding]:
    yield check_clock()
    yield _files()
    yield _prompts(prompts)
    yield check_disk("the subscribers' sounds", settings.sounds)
    if settings.recordings:
        yield check_disk("recordings", settings.recordings)
    else:
        remedy = "give `recordings` in the settings: where Asterisk records (spool/recording)"
        yield warning("recordings", "no folder is named: none can be fetched or removed", remedy)
    if settings.witness:
        yield check_disk("the witness", Path(settings.witness).parent)
        yield _witness(Path(settings.witness))
    else:
        remedy = "give `witness` in the settings: the file of cel_custom.conf"
        yield warning("the witness's file", "none is named: bills cannot be proven", remedy)


def check_clock() -> Finding:
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    if state < 0:
        return warning("the clock", "the kernel does not say whether it is right", "let chrony keep it")
    if state == UNSYNCHRONISED:
        remedy = "let chrony or systemd-timesyncd keep it; a container follows its host"
        return warning("the clock", "follows no time server, as far as the kernel knows", remedy)
    return ok("the clock", "follows a time server")


def check_disk(what: str, folder: Path) -> Finding:
    about = f"disk of {what}"
    try:
        free = shutil.disk_usage(folder)
        is_open = os.access(folder, os.R_OK | os.X_OK)
    except OSError as error:
        return bad(about, f"{folder}: {error.strerror}", "make the folder, or name another in the settings")
    told = f"{folder}: {free.free / 1e9:.1f} of {free.total / 1e9:.1f} GB free"
    if not is_open:
        return bad(about, f"{folder} cannot be read by this account", "give the service's account the right")
    if free.free < FREE_BYTES_MIN:
        return bad(about, told, "make room: nothing can be recorded nor witnessed on a full disk")
    if free.free < FREE_SHARE_MIN * free.total:
        return warning(about, told, "make room soon")
    return ok(about, told)


def _files() -> Finding:
    """Of whoever asks; a service under systemd has LimitNOFILE of its own."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most == resource.RLIM_INFINITY or most >= FILES_MIN:
        return ok("open files", f"up to {most if most >= 0 else 'any number'} may be open")
    return warning(
        "open files", f"only {most} may be open", f"ulimit -n {FILES_MIN}, LimitNOFILE={FILES_MIN}"
    )


def _prompts(folder: Path) -> Finding:
    missing = [name for name in ("list.json", "ru", "en") if not (folder / name).exists()]
    if missing:
        return bad("prompts", f"{folder} lacks {', '.join(missing)}", "install the whole package again")
    sounds = sum(1 for path in folder.rglob("*") if path.is_file())
    return ok("prompts", f"{folder}: {sounds} files; Asterisk's account must be able to read them")


def _witness(file: Path) -> Finding:
    try:
        with file.open("rb"):
            size = file.stat().st_size
    except FileNotFoundError:
        told = f"{file} is not there: no call has come yet, or it is another file"
        return warning("the witness's file", told, "see cel_custom.conf, and make a call")
    except OSError as error:
        return bad("the witness's file", f"{file}: {error.strerror}", "let the service's account read it")
    return ok("the witness's file", f"{file}: {size / 1e6:.1f} MB")
