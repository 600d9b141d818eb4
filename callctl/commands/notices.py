"""`callctl notices`: what owners of accounts and the operator should be told."""

from argparse import Namespace
from typing import Any

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options
from callctl.commands.deeds import lines_argument, read_pages
from callctl.commands.show import print_json, print_table

COLUMNS = {"at": "when", "account_id": "account", "said": "what", "call_id": "call"}
SAID = {
    "low_balance": "the balance fell below what its owner wants to hear of",
    "money_out": "a call was refused or ended for want of money",
    "number_limit": "a call was refused or ended by the limit of its number",
    "guard": "a guard refused a call: {subject}",
    "logins_failed": "somebody tries secrets of the phone {subject}",
    "secret_old": "the secret of the phone {subject} is due for a change",
}


def add_commands(commands: Any) -> None:
    notices = commands.add_parser(
        "notices",
        help="what should be told of accounts, newest first",
        description="Of one account, or of all; each cause once a day.",
    )
    notices.add_argument("account_id", metavar="ACCOUNT", type=id_argument, nargs="?")
    notices.add_argument("--limit", metavar="LINES", type=lines_argument, default=50, help="50 unless given")
    add_service_options(notices)
    notices.set_defaults(run=_show)


def _show(options: Namespace) -> None:
    asked = {"account_id": options.account_id} if options.account_id else {}
    lines = read_pages(options, "/notices", asked)
    if options.json:
        print_json(lines)
        return
    print_table("", COLUMNS, [{**line, "said": SAID[line["cause"]].format(**line)} for line in lines])
