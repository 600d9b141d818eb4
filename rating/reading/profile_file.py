"""Reading a profile from its files.

Rule 1: a profile with an error is none; the one before it stays in force.
"""

from collections.abc import Mapping

from rating.profile import Profile
from rating.reading.check import mistakes
from rating.reading.csv_table import Told
from rating.reading.fault import Fault
from rating.reading.profile_source import read_source


def read_profile(name: str, files: Mapping[str, bytes], told: Told | None = None) -> Profile | list[Fault]:
    """`files`: profile.toml and the CSV files by name; `told` hears the progress: file, rows, of how many."""
    source = read_source(name, files, told)
    faults = source if isinstance(source, list) else [*source.warnings, *mistakes(source)]
    if isinstance(source, list) or any(fault.is_error for fault in faults):
        return sorted(faults, key=lambda fault: fault.place)
    return source.profile
