"""`callctl scheme diff`: what a scheme changes, in words: between files, or versions of a number."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from callctl.commands.arguments import id_argument, read_text
from callctl.commands.client import add_service_options
from callctl.commands.scheme_load import NEWEST, fetch_history, fetch_version
from callctl.commands.show import print_json
from callctl.complaint import Complaint, one_line
from dialplan.check import read_scheme
from dialplan.diff import differences
from dialplan.numbers import normal_number
from dialplan.scheme import Scheme

Side = tuple[str, str]  # what it is called, and its text


def add_diff(words: Any) -> None:
    diff = words.add_parser(
        "diff",
        help="what a scheme changes against another one, or against what is in force",
        description="FILE FILE: from one to the other. E164: from the version before to that in force. "
        "E164 FILE: from that in force to the file. E164 VERSION: from the version to that in force. "
        "E164 VERSION VERSION: from one to the other.",
    )
    diff.add_argument("e164", metavar="E164|FILE", type=id_argument)
    diff.add_argument("places", metavar="FILE|VERSION", nargs="*")
    add_service_options(diff)
    diff.set_defaults(run=_diff)


def _diff(options: Namespace) -> None:
    old, new = _sides(options)
    told = differences(_scheme(*old), _scheme(*new))
    if options.json:
        print_json({"old": old[0], "new": new[0], "differences": told})
        return
    print(one_line(f"from {old[0]} to {new[0]}: {'' if told else 'nothing is other'}").rstrip())
    for line in told:
        print(f"  {one_line(line)}")


def _sides(options: Namespace) -> tuple[Side, Side]:
    places: list[str] = options.places
    is_number = normal_number(options.e164) is not None and not Path(options.e164).exists()
    match is_number, places:
        case False, [second]:
            return _file(options.e164), _file(second)
        case True, []:
            versions = fetch_history(options)
            if len(versions) < 2:
                raise Complaint(f"{options.e164} has only one version: give a FILE to compare it with")
            return _version(options, versions[1]["version"]), _version(options, NEWEST)
        case True, [one]:
            if _is_version(one):
                return _version(options, one), _version(options, NEWEST)
            return _version(options, NEWEST), _file(one)
        case True, [one, other] if _is_version(one) and _is_version(other):
            return _version(options, one), _version(options, other)
    raise Complaint("give FILE FILE, E164, E164 FILE, E164 VERSION or E164 VERSION VERSION")


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10 and not Path(text).exists()


def _file(text: str) -> Side:
    return text, read_text(Path(text))


def _version(options: Namespace, version: int | str) -> Side:
    fetched = fetch_version(options, version)
    return f"version {fetched['version']}", fetched["scheme"]


def _scheme(name: str, text: str) -> Scheme:
    scheme = read_scheme(text)
    if isinstance(scheme, list):
        raise Complaint(*(f"{name}: {fault}" for fault in scheme))
    return scheme
