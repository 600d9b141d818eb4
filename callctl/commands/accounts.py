"""`callctl account …` and `callctl number …`."""

from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument, payment_argument, read_text, roubles_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table
from rating.money import Money, show_roubles

ACCOUNT_COLUMNS = {
    "account_id": "account",
    "profile": "profile",
    "plan": "plan",
    "balance_kopecks": "balance",
    "held_kopecks": "held",
    "available_kopecks": "available",
}
ENTRY_COLUMNS = {
    "at": "at",
    "kind": "kind",
    "reference": "reference",
    "amount_kopecks": "amount",
    "balance_kopecks": "balance",
}


def add_commands(commands: Any) -> None:
    account = commands.add_parser("account", help="accounts: add, pay, show, entries")
    words = account.add_subparsers(required=True, metavar="WORD")

    add = words.add_parser("add", help="open an account")
    add.add_argument("account_id", metavar="ID", type=id_argument)
    add.add_argument(
        "--profile", required=True, type=id_argument, help="the operator's profile, such as demo"
    )
    add.add_argument("--plan", required=True, type=id_argument, help="a plan of that profile, such as six")
    add.add_argument(
        "--balance", metavar="RUB", type=roubles_argument, default=Money(0), help="to begin with"
    )
    add_service_options(add)
    add.set_defaults(run=_add)

    pay = words.add_parser("pay", help="take a payment; the same reference again changes nothing")
    pay.add_argument("account_id", metavar="ID", type=id_argument)
    pay.add_argument("amount", metavar="RUB", type=payment_argument)
    pay.add_argument(
        "--ref", required=True, type=id_argument, help="the payment's own id, unique for the account"
    )
    add_service_options(pay)
    pay.set_defaults(run=_pay)

    show = words.add_parser("show", help="balance, held, available")
    show.add_argument("account_id", metavar="ID", type=id_argument)
    add_service_options(show)
    show.set_defaults(run=_show)

    entries = words.add_parser("entries", help="the lines of the ledger")
    entries.add_argument("account_id", metavar="ID", type=id_argument)
    add_service_options(entries)
    entries.set_defaults(run=_entries)

    number = commands.add_parser("number", help="numbers: add")
    words = number.add_subparsers(required=True, metavar="WORD")
    add = words.add_parser("add", help="give a number to an account, with its routing scheme")
    add.add_argument("e164", metavar="E164", type=id_argument, help="such as 74951234567")
    add.add_argument("--account", required=True, metavar="ID", type=id_argument, help="whose it is")
    add.add_argument("--scheme", required=True, metavar="FILE", type=Path, help="where its calls go")
    add_service_options(add)
    add.set_defaults(run=_add_number)


def _add(options: Namespace) -> None:
    body = {
        "account_id": options.account_id,
        "profile": options.profile,
        "plan": options.plan,
        "balance_kopecks": options.balance,
    }
    _print_account(options, ask(options, "POST", "/accounts", body))


def _pay(options: Namespace) -> None:
    body = {"amount_kopecks": options.amount, "reference": options.ref}
    answer = ask(options, "POST", f"/accounts/{quote(options.account_id, safe='')}/payments", body)
    if not options.json:
        word = "taken" if answer["is_new"] else "was there already, nothing changed"
        print(f"payment {options.ref}: {show_roubles(options.amount)} RUB {word}")
    _print_account(options, answer)


def _show(options: Namespace) -> None:
    _print_account(options, ask(options, "GET", f"/accounts/{quote(options.account_id, safe='')}"))


def _entries(options: Namespace) -> None:
    entries = ask(options, "GET", f"/accounts/{quote(options.account_id, safe='')}/entries")
    if options.json:
        print_json(entries)
    else:
        print_table(f"ledger of {options.account_id}, RUB", ENTRY_COLUMNS, entries)


def _add_number(options: Namespace) -> None:
    body = {"e164": options.e164, "account_id": options.account, "scheme": read_text(options.scheme)}
    answer = ask(options, "POST", "/numbers", body)
    if options.json:
        print_json(answer)
    else:
        print(f"number {answer['e164']} belongs to {answer['account_id']}")


def _print_account(options: Namespace, account: dict[str, Any]) -> None:
    if options.json:
        print_json(account)
    else:
        print_table("RUB", ACCOUNT_COLUMNS, [account])
