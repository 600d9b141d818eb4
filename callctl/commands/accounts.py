"""`callctl account …` (what moves money: `postings`) and `callctl number …`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands import postings
from callctl.commands.account_view import print_account
from callctl.commands.arguments import (
    id_argument,
    limit_argument,
    own_argument,
    read_text,
    roubles_argument,
)
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.guards import add_guards
from callctl.commands.show import print_json, print_table
from callctl.commands.statement import LINE_COLUMNS, add_statement, told_entry
from callctl.complaint import Complaint, one_line
from dialplan.straight import forwarding_to
from rating.money import Money
from rating.standing import Standing

STOPS = ("everything", "paid")
STANDINGS = tuple(standing.value for standing in Standing)


def add_commands(commands: Any) -> None:
    account = commands.add_parser(
        "account", help="accounts: add, set, show, entries, statement, limit, guards, pay and other money"
    )
    words = account.add_subparsers(required=True, metavar="WORD")
    _add_opening(words)
    _add_setting(words)

    show = words.add_parser("show", help="balance, held, available; terms, gift minutes, limits")
    show.add_argument("account_id", metavar="ID", type=id_argument)
    add_service_options(show)
    show.set_defaults(run=_show)

    entries = words.add_parser("entries", help="the lines of the ledger")
    entries.add_argument("account_id", metavar="ID", type=id_argument)
    add_service_options(entries)
    entries.set_defaults(run=_entries)

    add_statement(words)
    _add_limit(words)
    add_guards(words)
    postings.add_words(words)

    number = commands.add_parser("number", help="numbers: add")
    words = number.add_subparsers(required=True, metavar="WORD")
    add = words.add_parser("add", help="give a number to an account, with its routing scheme")
    add.add_argument("e164", metavar="E164", type=id_argument, help="such as 74951234567")
    add.add_argument("--account", required=True, metavar="ID", type=id_argument, help="whose it is")
    way = add.add_mutually_exclusive_group(required=True)
    way.add_argument("--scheme", metavar="FILE", type=Path, help="where its calls go")
    way.add_argument("--forward-to", metavar="NUMBER", help="all its calls go to this one")
    add_service_options(add)
    add.set_defaults(run=_add_number)


def _add_opening(words: Any) -> None:
    add = words.add_parser("add", help="open an account")
    add.add_argument("account_id", metavar="ID", type=id_argument)
    add.add_argument(
        "--profile", required=True, type=id_argument, help="the operator's profile, such as demo"
    )
    add.add_argument("--plan", required=True, type=id_argument, help="a plan of that profile, such as six")
    add.add_argument(
        "--balance", metavar="RUB", type=roubles_argument, default=Money(0), help="to begin with"
    )
    _add_terms(add)
    add_service_options(add)
    add.set_defaults(run=_add)


def _add_setting(words: Any) -> None:
    change = words.add_parser("set", help="its state, and terms of its own; `plan` gives the plan's back")
    change.add_argument("account_id", metavar="ID", type=id_argument)
    barred = _add_terms(change)
    barred.add_argument("--bar-nothing", action="store_true", help="no direction is barred any more")
    change.add_argument("--standing", choices=STANDINGS, help="what the account is served")
    add_service_options(change)
    change.set_defaults(run=_set)


def _add_terms(parser: ArgumentParser) -> Any:
    parser.add_argument("--credit", metavar="RUB|plan", type=own_argument, help="how far below 0 it may go")
    parser.add_argument("--threshold", metavar="RUB|plan", type=own_argument, help="the lowest balance")
    parser.add_argument(
        "--low", metavar="RUB|plan", type=own_argument, help="below this its owner is told (plan: 100.00)"
    )
    parser.add_argument("--stops", choices=(*STOPS, "plan"), help="what stops there")
    barred = parser.add_mutually_exclusive_group()
    barred.add_argument(
        "--bar",
        metavar="DIRECTION",
        action="append",
        type=id_argument,
        help="a destination of the plan, or first digits; give all that are barred, one --bar each",
    )
    return barred


def _add_limit(words: Any) -> None:
    limit = words.add_parser("limit", help="what the connections of a number may cost in a month")
    limit.add_argument("account_id", metavar="ID", type=id_argument)
    limit.add_argument("--number", required=True, metavar="N", type=id_argument, help="of the account")
    limit.add_argument("most", metavar="RUB|none", type=limit_argument)
    limit.add_argument(
        "--kind",
        choices=("limit", "stop"),
        default="limit",
        help="paid calls end there, or all (default: limit)",
    )
    add_service_options(limit)
    limit.set_defaults(run=_limit)


def _terms(options: Namespace) -> dict[str, object]:
    """What was given; `plan` is null."""
    given = {
        "credit_kopecks": options.credit,
        "threshold_kopecks": options.threshold,
        "stops": options.stops,
        "low_kopecks": options.low,
    }
    terms: dict[str, object] = {
        name: None if value == "plan" else value for name, value in given.items() if value is not None
    }
    return {**terms, "barred": options.bar} if options.bar else terms


def _add(options: Namespace) -> None:
    body = {
        "account_id": options.account_id,
        "profile": options.profile,
        "plan": options.plan,
        "balance_kopecks": options.balance,
        **_terms(options),
    }
    print_account(options, ask(options, "POST", "/accounts", body))


def _set(options: Namespace) -> None:
    terms = {**_terms(options), **({"barred": []} if options.bar_nothing else {})}
    if options.standing:
        terms["standing"] = options.standing
    if not terms:
        raise Complaint(
            "nothing to set: give --standing, --credit, --threshold, --stops, --low or some --bar"
        )
    print_account(options, ask(options, "PATCH", account_path(options), terms))


def _show(options: Namespace) -> None:
    print_account(options, ask(options, "GET", account_path(options)))


def _entries(options: Namespace) -> None:
    entries = ask(options, "GET", f"{account_path(options)}/entries")
    if options.json:
        print_json(entries)
    else:
        print_table(f"ledger of {options.account_id}, RUB", LINE_COLUMNS, list(map(told_entry, entries)))


def _limit(options: Namespace) -> None:
    path = f"{account_path(options)}/limits/{quote(options.number, safe='')}"
    if options.most == "none":
        print_account(options, ask(options, "DELETE", path))
    else:
        body = {"most_kopecks": options.most, "kind": options.kind}
        print_account(options, ask(options, "PUT", path, body))


def _add_number(options: Namespace) -> None:
    scheme = read_text(options.scheme) if options.scheme else forwarding_to(options.forward_to)
    body = {"e164": options.e164, "account_id": options.account, "scheme": scheme}
    answer = ask(options, "POST", "/numbers", body)
    if options.json:
        print_json(answer)
    else:
        print(f"number {answer['e164']} belongs to {answer['account_id']}")
        for warning in answer["warnings"]:
            print(f"  warning: {one_line(warning)}")
