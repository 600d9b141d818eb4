"""`callctl token …`: who may ask the service for what."""

from argparse import Namespace
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table

RIGHTS = ("read", "operate", "money", "admin")
COLUMNS = {"name": "name", "rights": "may", "made_at": "since"}


def add_commands(commands: Any) -> None:
    token = commands.add_parser("token", help="who may ask the service for what: create, list, revoke")
    words = token.add_subparsers(required=True, metavar="WORD")

    create = words.add_parser(
        "create",
        help="make a token, and show it once",
        description="Nobody can read it again. From the first token on everybody must show one, on loopback "
        "too; the first has the right admin.",
    )
    create.add_argument("--name", required=True, type=id_argument, help="who uses it: the audit says so")
    create.add_argument(
        "--right",
        action="append",
        required=True,
        choices=RIGHTS,
        help="operate: numbers, schemes, seats, queues; money: accounts, payments; admin: everything; "
        "every token may read",
    )
    add_service_options(create)
    create.set_defaults(run=_create)

    listed = words.add_parser("list", help="the tokens that count")
    add_service_options(listed)
    listed.set_defaults(run=_list)

    revoke = words.add_parser("revoke", help="a token counts no more, from this moment on")
    revoke.add_argument("name", metavar="NAME", type=id_argument)
    add_service_options(revoke)
    revoke.set_defaults(run=_revoke)


def _create(options: Namespace) -> None:
    body = {"name": options.name, "rights": sorted(set(options.right))}
    made = ask(options, "POST", "/tokens", body)
    if options.json:
        print_json(made)
        return
    print(made["token"])


def _list(options: Namespace) -> None:
    tokens = ask(options, "GET", "/tokens")
    if options.json:
        print_json(tokens)
        return
    rows = [{**token, "rights": ", ".join(token["rights"])} for token in tokens]
    print_table("", COLUMNS, rows)


def _revoke(options: Namespace) -> None:
    revoked = ask(options, "DELETE", f"/tokens/{quote(options.name, safe='')}")
    if options.json:
        print_json(revoked)
        return
    print(f"{revoked['name']} counts no more")
