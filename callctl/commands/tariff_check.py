"""`callctl tariff check`: all that is wrong with a profile's folder; needs no service."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callctl.commands.show import print_json
from callctl.commands.tariff_folders import name_of, progress
from callctl.complaint import Complaint, one_line
from callctl.tariffs.folders import read_folder
from rating.reading.check import check_profile
from rating.reading.fault import Fault


def add_check(words: Any) -> None:
    check = words.add_parser(
        "check",
        help="all that is wrong with a profile's folder; needs no service",
        description="Prints what is wrong as FILE:LINE:COLUMN: WHAT. Exit code 2 when there are errors, 0 "
        "when there are only warnings.",
    )
    check.add_argument("dir", metavar="DIR", type=Path, help="the profile's folder")
    check.add_argument("--name", metavar="NAME", help="of the profile (the folder's)")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)


def check_files(name: str, files: Mapping[str, bytes]) -> list[Fault]:
    with progress() as told:
        return check_profile(name, files, told)


def print_faults(faults: Sequence[Fault]) -> None:
    for fault in faults:
        print(one_line(f"{'' if fault.is_error else 'warning: '}{fault}"))


def _check(options: Namespace) -> None:
    faults = check_files(name_of(options.dir, options.name), read_folder(options.dir))
    errors = sum(fault.is_error for fault in faults)
    counts = f"{errors} errors, {len(faults) - errors} warnings"
    if options.json:
        print_json({"ok": not errors, "errors": errors, "faults": [asdict(fault) for fault in faults]})
    else:
        print_faults(faults)
    if errors:
        raise Complaint(f"{options.dir}: {counts}")
    if not options.json:
        print(f"{options.dir}: sound, {counts}")
