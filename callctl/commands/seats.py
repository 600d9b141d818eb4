"""`callctl seat …`: a subscriber's seats and their phones in the running service."""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument, read_text
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.complaint import Complaint, one_line

SWITCH = {"on": True, "off": False}
SEAT_COLUMNS = {
    "name": "seat",
    "state": "state",
    "shows": "shows",
    "undisturbed": "do not disturb",
    "one_call": "busy on busy",
    "networks": "from",
    "phones": "devices",
    "added_at": "added",
}


def add_commands(commands: Any) -> None:
    seat = commands.add_parser("seat", help="a subscriber's seats: add, list, set, remove, secret")
    words = seat.add_subparsers(required=True, metavar="WORD")

    add = words.add_parser(
        "add",
        help="a new seat with its devices",
        description="Prints the SIP user and the secret of each device. A secret is shown only then: "
        "`callctl seat secret` makes another.",
    )
    _add_name(add)
    add.add_argument("--devices", metavar="N", type=_count, default=1, help="how many (1)")
    add.add_argument("--shows", metavar="NUMBER", type=id_argument, help="shown to those whom it calls")
    _add_allow(add)
    add_service_options(add)
    add.set_defaults(run=_add)

    listed = words.add_parser("list", help="the seats of an account")
    listed.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    add_service_options(listed)
    listed.set_defaults(run=_list)

    terms = words.add_parser("set", help="who may ring it when, and what it shows")
    _add_name(terms)
    terms.add_argument("--do-not-disturb", choices=SWITCH, help="on: whoever rings it finds it busy")
    terms.add_argument("--busy-on-busy", choices=SWITCH, help="off: it rings while it talks")
    terms.add_argument("--shows", metavar="NUMBER", help="shown to those whom it calls; `none`")
    _add_allow(terms).add_argument(
        "--allow-all", action="store_true", help="its phones may come from everywhere again"
    )
    add_service_options(terms)
    terms.set_defaults(run=_set)

    remove = words.add_parser("remove", help="take one away that no scheme in force rings")
    _add_name(remove)
    add_service_options(remove)
    remove.set_defaults(run=_remove)

    secret = words.add_parser("secret", help="a new secret for a device; the one before is worth nothing")
    _add_name(secret)
    secret.add_argument("device", metavar="DEVICE", type=id_argument)
    secret.add_argument(
        "--from", dest="file", metavar="FILE", type=Path, help="a chosen one, the first line of this file"
    )
    add_service_options(secret)
    secret.set_defaults(run=_secret)


def _add_name(parser: Any) -> None:
    parser.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    parser.add_argument("name", metavar="NAME", type=id_argument, help="as schemes and colleagues call it")


def _add_allow(parser: Any) -> Any:
    allowed = parser.add_mutually_exclusive_group()
    allowed.add_argument(
        "--allow",
        metavar="NETWORK",
        action="append",
        type=id_argument,
        help="such as 192.0.2.0/24: its phones log in and call from there only; give all, one --allow each",
    )
    return allowed


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < len(text) < 4:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no count: give one such as 2")


def _add(options: Namespace) -> None:
    body = {"name": options.name, "devices": options.devices}
    if options.shows:
        body["shows"] = options.shows
    if options.allow:
        body["allow"] = options.allow
    added = ask(options, "POST", f"{account_path(options)}/seats", body)
    if options.json:
        print_json(added)
        return
    shown = f", shows {added['shows']}" if added["shows"] else ", shows no number"
    print(f"seat {added['name']} of {added['account_id']} is there{shown}; write the secrets down now")
    for device, secret in added["secrets"].items():
        print(f"  {device} {secret}")
    for warning in added["warnings"]:
        print(f"  warning: {one_line(warning)}")


def _list(options: Namespace) -> None:
    seats = ask(options, "GET", f"{account_path(options)}/seats")
    if options.json:
        print_json(seats)
        return
    rows = [
        {
            **seat,
            "phones": ", ".join(seat["devices"]),
            "undisturbed": _switch(seat["do_not_disturb"]),
            "one_call": _switch(seat["busy_on_busy"]),
            "networks": ", ".join(seat["allow"]) or "everywhere",
        }
        for seat in seats
    ]
    print_table(f"seats of {options.account_id}", SEAT_COLUMNS, rows)


def _set(options: Namespace) -> None:
    body: dict[str, Any] = {}
    for field in ("do_not_disturb", "busy_on_busy"):
        if word := getattr(options, field):
            body[field] = SWITCH[word]
    if options.shows is not None:
        body["shows"] = "" if options.shows == "none" else options.shows
    if options.allow or options.allow_all:
        body["allow"] = options.allow or []
    if not body:
        raise Complaint("nothing to set: give --do-not-disturb, --busy-on-busy, --shows or --allow")
    seat = ask(options, "PATCH", _path(options), body)
    if options.json:
        print_json(seat)
        return
    disturb, busy = _switch(seat["do_not_disturb"]), _switch(seat["busy_on_busy"])
    shows = seat["shows"] or "no number"
    print(
        f"seat {seat['name']} of {seat['account_id']}: "
        f"do not disturb {disturb}, busy on busy {busy}, shows {shows}, "
        f"from {', '.join(seat['allow']) or 'everywhere'}"
    )


def _remove(options: Namespace) -> None:
    removed = ask(options, "DELETE", _path(options))
    if options.json:
        print_json(removed)
    else:
        print(f"seat {removed['name']} of {removed['account_id']} is gone")


def _secret(options: Namespace) -> None:
    lines = read_text(options.file).splitlines() if options.file else []
    chosen = {"secret": lines[0] if lines else ""} if options.file else {}
    made = ask(options, "POST", f"{_path(options)}/devices/{quote(options.device, safe='')}/secret", chosen)
    if options.json:
        print_json(made)
    elif options.file:
        print(f"{made['device']} has the secret of {options.file}")
    else:
        print(f"{made['device']} {made['secret']}")


def _switch(is_on: bool) -> str:
    return "on" if is_on else "off"


def _path(options: Namespace) -> str:
    return f"{account_path(options)}/seats/{quote(options.name, safe='')}"
