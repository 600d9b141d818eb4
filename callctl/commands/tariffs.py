"""`callctl tariff …`: check, list, quote, diff, load, history, rollback."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.commands.tariff_check import add_check
from callctl.commands.tariff_diff import add_diff
from callctl.commands.tariff_folders import find_either, name_of, read_profile_at, shipped
from callctl.commands.tariff_load import add_load
from callctl.commands.tariff_quote import add_quote
from callctl.tariffs.summary import summarize
from callctl.times import date_time

LIST_COLUMNS = {
    "profile": "profile",
    "plan": "plan",
    "title": "title",
    "version": "version",
    "since": "from",
    "published": "published",
    "prices": "prices",
    "outgoing": "outgoing",
    "incoming": "incoming",
}


def add_commands(commands: Any) -> None:
    tariff = commands.add_parser("tariff", help="tariffs: check, list, quote, diff, load, history, rollback")
    words = tariff.add_subparsers(required=True, metavar="WORD")
    add_check(words)
    listed = words.add_parser("list", help="profiles and plans with their versions; shipped ones by default")
    listed.add_argument("--dir", metavar="DIR", type=Path, help="of a profile's folder")
    listed.add_argument("--in-force", action="store_true", help="ask the service what is in force there")
    add_service_options(listed)
    listed.set_defaults(run=_list)
    add_quote(words)
    add_diff(words)
    add_load(words)


def _list(options: Namespace) -> None:
    if options.in_force:
        profiles = ask(options, "GET", "/profiles")
    else:
        places = [options.dir] if options.dir else map(find_either, shipped())
        profiles = [summarize(read_profile_at(place, name_of(place, None))) for place in places]
    if options.json:
        print_json(profiles)
    else:
        print_table("tariffs", LIST_COLUMNS, [row for profile in profiles for row in _rows(profile)])


def _rows(profile: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "profile": profile["profile"],
            "plan": plan["plan"],
            "title": plan["title"],
            "version": version["version"],
            "since": date_time(version["from"]),
            "published": version["published"],
            "prices": "invented" if profile["invented"] else "published",
            "outgoing": _deck(version["outgoing"]),
            "incoming": _deck(version["incoming"]),
        }
        for plan in profile["plans"]
        for version in plan["versions"]
    ]


def _deck(deck: dict[str, Any] | None) -> str:
    return f"{deck['deck']} ({deck['prefixes']} prefixes)" if deck else ""
