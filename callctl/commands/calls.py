"""`callctl cdr`, `explain`."""

import os
from argparse import Namespace
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.explain.bill import LANGUAGES, explain_leg, language_of

LEG_COLUMNS = {
    "leg_id": "leg",
    "from": "from",
    "to": "to",
    "answered_at": "answered",
    "seconds": "s",
    "units": "units",
    "charge_kopecks": "charge",
    "ended_by": "ended by",
    "cause": "cause",
}


def add_commands(commands: Any) -> None:
    cdr = commands.add_parser("cdr", help="the connections of an account")
    cdr.add_argument("--account", required=True, metavar="ID", type=id_argument, help="whose they are")
    add_service_options(cdr)
    cdr.set_defaults(run=_cdr)

    explain = commands.add_parser("explain", help="why a connection cost what it cost")
    explain.add_argument("leg", metavar="LEG", type=id_argument, help="a leg id of `callctl cdr`")
    explain.add_argument(
        "--lang",
        choices=sorted(LANGUAGES),
        default=language_of(os.environ),
        help="language (default: Russian when LC_ALL or LANG says so, else English)",
    )
    add_service_options(explain)
    explain.set_defaults(run=_explain)


def _cdr(options: Namespace) -> None:
    legs = ask(options, "GET", f"/accounts/{quote(options.account, safe='')}/legs")
    if options.json:
        print_json(legs)
    else:
        print_table(f"connections of {options.account}, RUB", LEG_COLUMNS, legs)


def _explain(options: Namespace) -> None:
    leg = ask(options, "GET", f"/legs/{quote(options.leg, safe='')}")
    told = explain_leg(leg, options.lang)
    if options.json:
        print_json({**leg, "explanation": told})
    else:
        print("\n".join(told))
