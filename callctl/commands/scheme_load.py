"""`callctl scheme load`, `history`, `show`, `rollback`: the versions of the scheme of a number.

Rule 1: whoever loads sees the faults here, before anything is sent; the service checks again, with what it
    knows of the subscriber.
"""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument, read_text
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.complaint import Complaint, one_line
from dialplan.check import read_scheme

NEWEST = "newest"
VERSION_COLUMNS = {"version": "version", "loaded_at": "loaded", "note": "note", "digest": "digest"}


def add_load(words: Any) -> None:
    load = words.add_parser(
        "load",
        help="check a scheme and put it in force for a number in the running service",
        description="Checks the file, sends it to the service, which checks it with what it knows of the "
        "subscriber, stores it as a version and puts it in force: calls that run keep theirs, the next ones "
        "have the new. A scheme with a fault is refused whole.",
    )
    load.add_argument("e164", metavar="E164", type=id_argument, help="such as 74951234567")
    load.add_argument("file", metavar="FILE", type=Path)
    load.add_argument("--note", metavar="TEXT", default="", help="why, for the history")
    add_service_options(load)
    load.set_defaults(run=_load)

    history = words.add_parser("history", help="the versions of the scheme of a number, newest first")
    history.add_argument("e164", metavar="E164", type=id_argument)
    add_service_options(history)
    history.set_defaults(run=_history)

    show = words.add_parser("show", help="the scheme of a number as it was loaded")
    show.add_argument("e164", metavar="E164", type=id_argument)
    show.add_argument("version", metavar="VERSION", type=version_argument, nargs="?", help="the one in force")
    add_service_options(show)
    show.set_defaults(run=_show)

    rollback = words.add_parser("rollback", help="load an older version again")
    rollback.add_argument("e164", metavar="E164", type=id_argument)
    rollback.add_argument(
        "version", metavar="VERSION", type=version_argument, nargs="?", help="the one before that in force"
    )
    add_service_options(rollback)
    rollback.set_defaults(run=_roll_back)


def version_argument(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text):
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no version: give a number such as 2")


def number_path(e164: str) -> str:
    return f"/numbers/{quote(e164, safe='')}"


def fetch_version(options: Namespace, version: int | str) -> dict[str, Any]:
    """With its text."""
    fetched: dict[str, Any] = ask(options, "GET", f"{number_path(options.e164)}/schemes/{version}")
    return fetched


def fetch_history(options: Namespace) -> list[dict[str, Any]]:
    versions: list[dict[str, Any]] = ask(options, "GET", f"{number_path(options.e164)}/schemes")
    return versions


def _load(options: Namespace) -> None:
    text = read_text(options.file)
    scheme = read_scheme(text)
    if isinstance(scheme, list):
        raise Complaint(*(f"{options.file}: {fault}" for fault in scheme))
    body = {"scheme": text, "note": options.note}
    _print_loaded(options, ask(options, "PUT", f"{number_path(options.e164)}/scheme", body))


def _history(options: Namespace) -> None:
    versions = fetch_history(options)
    if options.json:
        print_json(versions)
    else:
        print_table(f"schemes of {options.e164}; the first is in force", VERSION_COLUMNS, versions)


def _show(options: Namespace) -> None:
    version = fetch_version(options, options.version or NEWEST)
    if options.json:
        print_json(version)
    else:
        print(version["scheme"], end="" if version["scheme"].endswith("\n") else "\n")


def _roll_back(options: Namespace) -> None:
    body = {} if options.version is None else {"version": options.version}
    _print_loaded(options, ask(options, "POST", f"{number_path(options.e164)}/rollback", body))


def _print_loaded(options: Namespace, loaded: dict[str, Any]) -> None:
    if options.json:
        print_json(loaded)
        return
    news = "is in force" if loaded["is_new"] else "was in force already, nothing changed"
    print(f"{loaded['number']}: version {loaded['version']} {news} ({loaded['digest'][:12]})")
    for warning in loaded["warnings"]:
        print(f"  warning: {one_line(warning)}")
