"""`callctl tariff load`, `history`, `rollback`: what the running service has in force.

Rule 1: whoever loads sees the errors here, before anything is sent; the service checks again.
"""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.commands.tariff_check import check_files, print_faults
from callctl.commands.tariff_folders import name_of, waiting
from callctl.complaint import Complaint
from callctl.tariffs.folders import read_folder
from callctl.tariffs.zipped import pack
from rating.reading.fault import errors_of

LOAD_S_MAX = 360
LOAD_COLUMNS = {"load": "load", "loaded_at": "loaded", "size": "bytes, zipped", "digest": "digest"}


def add_load(words: Any) -> None:
    load = words.add_parser(
        "load",
        help="check a profile and put it in force in the running service",
        description="Checks the folder, sends it to the service, which checks again, stores it and puts it "
        "in force in one step: calls that run keep their terms, the next ones have the new. A profile that "
        "drops a plan which accounts have is refused.",
    )
    load.add_argument("dir", metavar="DIR", type=Path, help="the profile's folder")
    load.add_argument("--name", metavar="NAME", help="of the profile (the folder's)")
    load.add_argument(
        "--short-notice",
        action="store_true",
        help="also what is worse within ten full days of its publication, or changes a version in force",
    )
    add_service_options(load)
    load.set_defaults(run=_load)

    history = words.add_parser("history", help="what was loaded as a profile, newest first")
    history.add_argument("name", metavar="NAME", type=id_argument)
    add_service_options(history)
    history.set_defaults(run=_history)

    rollback = words.add_parser("rollback", help="load an older one again")
    rollback.add_argument("name", metavar="NAME", type=id_argument)
    rollback.add_argument("load", metavar="ID", type=load_argument, help="a load of `callctl tariff history`")
    add_service_options(rollback)
    rollback.set_defaults(run=_roll_back)


def load_argument(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < len(text) < 19 and int(text):
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no id of a load: give a number such as 7")


def _load(options: Namespace) -> None:
    name = name_of(options.dir, options.name)
    files = read_folder(options.dir)
    faults = check_files(name, files)
    errors = errors_of(faults, short_notice=options.short_notice)
    if errors:
        print_faults(errors)
        raise Complaint(f"{options.dir}: {len(errors)} errors: nothing was sent")
    query = "?short_notice=yes" if options.short_notice else ""
    body = pack(files)
    with waiting(f"the service takes {len(body) / 1e6:.1f} MB"):
        loaded = ask(
            options, "PUT", f"/profiles/{name}{query}", body, kind="application/zip", patience_s=LOAD_S_MAX
        )
    _print_loaded(options, loaded)


def _history(options: Namespace) -> None:
    loads = ask(options, "GET", f"/profiles/{name_of(Path(options.name), options.name)}/loads")
    if options.json:
        print_json(loads)
    else:
        print_table(f"loads of {options.name}; the first is in force", LOAD_COLUMNS, loads)


def _roll_back(options: Namespace) -> None:
    name = name_of(Path(options.name), options.name)
    body = {"load": options.load}
    _print_loaded(options, ask(options, "POST", f"/profiles/{name}/rollback", body, patience_s=LOAD_S_MAX))


def _print_loaded(options: Namespace, loaded: dict[str, Any]) -> None:
    if options.json:
        print_json(loaded)
        return
    news = "is in force" if loaded["is_new"] else "was in force already, nothing changed"
    warnings = f", {loaded['warnings']} warnings" if loaded["warnings"] else ""
    print(f"{loaded['name']}: load {loaded['load']} {news} ({loaded['digest'][:12]}{warnings})")
