"""Folders of profiles, as people name them: shipped ones by name, others by where they stand."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from callctl.complaint import Complaint
from callctl.places import PROFILES
from callctl.tariffs.folders import read_folder
from rating.profile import Profile
from rating.reading.csv_table import Told
from rating.reading.profile_file import read_profile
from rating.reading.profile_source import NAME
from rating.reading.profile_text import PROFILE_TOML

FAULTS_TOLD_MAX = 20


def shipped() -> list[str]:
    return sorted(place.parent.name for place in PROFILES.glob(f"*/{PROFILE_TOML}"))


def find_profile(folder: Path | None, name: str) -> Path:
    """In `folder`, which is the profile itself or has it inside; or among the shipped ones."""
    if folder is None:
        if name in (known := shipped()):
            return PROFILES / name
        raise Complaint(f"there is no profile {name!r} (profiles: {', '.join(known)}): or give its --dir")
    for place in (folder, folder / name):
        if (place / PROFILE_TOML).is_file():
            return place
    raise Complaint(f"there is no {PROFILE_TOML} in {folder} or {folder / name}: name a profile's folder")


def find_either(text: str) -> Path:
    """A profile's folder, or the name of a shipped one."""
    place = Path(text)
    if (place / PROFILE_TOML).is_file():
        return place
    if text in shipped():
        return PROFILES / text
    raise Complaint(f"{text}: no {PROFILE_TOML} in it, nor a shipped profile: name a profile's folder")


def name_of(place: Path, told: str | None) -> str:
    """As told, or that of the folder."""
    name = told or place.resolve().name
    if not NAME.fullmatch(name):
        raise Complaint(
            f"{name!r} is no name of a profile: give one with --name, small letters, digits, - and _"
        )
    return name


def read_profile_at(place: Path, name: str) -> Profile:
    with progress() as told:
        found = read_profile(name, read_folder(place), told)
    if isinstance(found, Profile):
        return found
    raise Complaint(
        *(f"{place}/{fault}" for fault in found[:FAULTS_TOLD_MAX]),
        f"{place}: {len(found)} errors: `callctl tariff check {place}` lists them",
    )


@contextmanager
def progress() -> Iterator[Told]:
    """Bars for who watches, a file each, gone when all is read."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    tasks: dict[str, TaskID] = {}

    def told(file: str, count: int, total: int) -> None:
        if file not in tasks:
            tasks[file] = bars.add_task(file, total=total)
        bars.update(tasks[file], completed=count, total=total)

    with bars:
        yield told


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A word on stderr for who watches, while nothing can be counted."""
    if not sys.stderr.isatty():
        yield
        return
    with Console(file=sys.stderr).status(what):
        yield
