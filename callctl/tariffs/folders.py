"""Operators' profiles from their folders.

Rule 1: a folder with an error stops the service before it serves: nobody is charged by half a price list.
"""

from pathlib import Path
from typing import Final

from callctl.complaint import Complaint, one_line
from callctl.places import PROFILES
from rating.profile import Tariffs
from rating.reading.profile_file import read_profile
from rating.reading.profile_text import PROFILE_TOML

FILE_BYTES_MAX: Final = 200_000_000


def load_profiles() -> Tariffs:
    """All that stand in the project; a complaint has every error of every folder."""
    profiles, complaints = {}, []
    for folder in sorted(path for path in PROFILES.iterdir() if path.is_dir() and path.name[0] not in "._"):
        profile = read_profile(folder.name, read_folder(folder))
        if isinstance(profile, list):
            complaints += [f"{folder.name}/{fault}" for fault in profile if fault.is_error]
        else:
            profiles[folder.name] = profile
    if complaints:
        raise Complaint(*complaints)
    return Tariffs(profiles)


def read_folder(path: Path) -> dict[str, bytes]:
    """The .toml and .csv files of the folder itself."""
    shown = one_line(path)
    if not path.is_dir():
        raise Complaint(f"{shown}: no such folder: name one with a {PROFILE_TOML} in it")
    try:
        files = {
            one.name: _content(one)
            for one in sorted(path.iterdir())
            if one.suffix in (".toml", ".csv") and not one.is_dir()
        }
    except OSError as error:
        raise Complaint(f"{one_line(error.filename or path)}: cannot be read: {error.strerror}") from error
    if PROFILE_TOML not in files:
        raise Complaint(f"{shown}: there is no {PROFILE_TOML} in it")
    return files


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise Complaint(f"{one_line(path)}: this is no file: take it away")
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise Complaint(f"{one_line(path)}: {size} bytes: the largest file may have {FILE_BYTES_MAX}")
    return path.read_bytes()
