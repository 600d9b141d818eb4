"""What moves money: `callctl account pay`, `correct`, `refund`, `chargeback`, `guarantee`, `late`, …"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from callctl.commands.account_view import print_account
from callctl.commands.arguments import (
    change_argument,
    id_argument,
    moment_argument,
    month_argument,
    payment_argument,
    phone_argument,
    seconds_argument,
)
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table
from rating.money import show_roubles

DISCOUNT_COLUMNS = {
    "reference": "reference",
    "amount_kopecks": "discount",
    "note": "note",
    "is_posted": "posted before",
}


def add_words(words: Any) -> None:
    """To the words of `callctl account`."""
    pay = _word(words, "pay", _pay, "take a payment; the same reference again changes nothing")
    pay.add_argument("amount", metavar="RUB", type=payment_argument)
    _add_reference(pay, "the payment's own id, unique for the account")

    correct = _word(words, "correct", _correct, "put something right by a line of its own")
    correct.add_argument("amount", metavar="+RUB|-RUB", type=change_argument, help="given or taken")
    _add_reference(correct, "the correction's own id, unique for the account")
    correct.add_argument("--why", required=True, metavar="TEXT", help="stands in the line")
    correct.add_argument("--about", metavar="REFERENCE", type=id_argument, help="the line that was wrong")

    refund = _word(words, "refund", _refund, "give money back that is not spent or promised")
    refund.add_argument("amount", metavar="RUB", type=payment_argument)
    _add_reference(refund, "the refund's own id, unique for the account")

    back = _word(words, "chargeback", _charge_back, "the bank took a payment back: all of it, once")
    back.add_argument("--payment", required=True, metavar="REF", type=id_argument, help="which payment")
    back.add_argument("--ref", type=id_argument, help="the bank's own id of it (default: chargeback/REF)")

    guarantee = _word(words, "guarantee", _guarantee, "pay for a number's month beforehand")
    guarantee.add_argument("amount", metavar="RUB", type=payment_argument, help="of the balance")
    guarantee.add_argument(
        "--number", required=True, metavar="N", type=id_argument, help="whose calls it pays"
    )
    guarantee.add_argument("--month", required=True, type=month_argument, help="such as 2026-11")

    _add_late(words)

    discount = _word(words, "discount", _discount, "what a month's connections earn back")
    discount.add_argument("--month", required=True, type=month_argument, help="such as 2026-10")
    discount.add_argument("--post", action="store_true", help="into the ledger what is not there yet")


def _add_late(words: Any) -> None:
    late = _word(words, "late", _late, "charge a connection whose record came days afterwards")
    _add_reference(late, "the partner's own id of it, once for all accounts")
    late.add_argument("--to", required=True, metavar="NUMBER", type=phone_argument, help="who was called")
    late.add_argument("--from", dest="caller", metavar="NUMBER", type=phone_argument, help="who called")
    late.add_argument(
        "--answered",
        required=True,
        metavar="TIME",
        type=moment_argument,
        help="such as 2026-11-05T14:30:00+03:00",
    )
    late.add_argument(
        "--seconds", required=True, metavar="S", type=seconds_argument, help="how long it lasted"
    )
    late.add_argument("--number", metavar="LINE", type=id_argument, help="the account's number that called")
    late.add_argument("--approve", action="store_true", help="also when it is more than 30 days old")


def _word(words: Any, name: str, run: Callable[[Namespace], None], told: str) -> ArgumentParser:
    parser: ArgumentParser = words.add_parser(name, help=told)
    parser.add_argument("account_id", metavar="ID", type=id_argument)
    add_service_options(parser)
    parser.set_defaults(run=run)
    return parser


def _add_reference(parser: ArgumentParser, told: str) -> None:
    parser.add_argument("--ref", required=True, type=id_argument, help=told)


def _pay(options: Namespace) -> None:
    body = {"amount_kopecks": options.amount, "reference": options.ref}
    _post(options, "payments", body, f"payment {options.ref}: {show_roubles(options.amount)} RUB", "taken")


def _correct(options: Namespace) -> None:
    body = {
        "amount_kopecks": options.amount,
        "reference": options.ref,
        "why": options.why,
        "about": options.about or "",
    }
    _post(
        options,
        "corrections",
        body,
        f"correction {options.ref}: {show_roubles(options.amount)} RUB",
        "posted",
    )


def _refund(options: Namespace) -> None:
    body = {"amount_kopecks": options.amount, "reference": options.ref}
    _post(options, "refunds", body, f"refund {options.ref}: {show_roubles(options.amount)} RUB", "given back")


def _charge_back(options: Namespace) -> None:
    body = {"payment": options.payment, **({"reference": options.ref} if options.ref else {})}
    _post(options, "chargebacks", body, f"payment {options.payment}:", "taken back by the bank")


def _guarantee(options: Namespace) -> None:
    body = {"number": options.number, "month": options.month, "amount_kopecks": options.amount}
    told = f"number {options.number}, {options.month}: {show_roubles(options.amount)} RUB"
    _post(options, "guarantees", body, told, "paid beforehand")


def _late(options: Namespace) -> None:
    body = {
        "reference": options.ref,
        "to": options.to,
        "from": options.caller or "",
        "line": options.number or "",
        "answered_at": options.answered,
        "seconds": options.seconds,
        "approved": options.approve,
    }
    _post(
        options,
        "late-records",
        body,
        f"late record {options.ref}:",
        f"billed (callctl explain late-{options.ref})",
    )


def _discount(options: Namespace) -> None:
    path = f"{account_path(options)}/discounts/{quote(options.month, safe='')}"
    lines = ask(options, "POST", path, {}) if options.post else ask(options, "GET", path)
    if options.json:
        print_json(lines)
    else:
        told = "posted" if options.post else "not posted by this (--post does it)"
        print_table(
            f"discounts of {options.account_id}, {options.month}, RUB: {told}", DISCOUNT_COLUMNS, lines
        )


def _post(options: Namespace, what: str, body: dict[str, Any], told: str, done: str) -> None:
    account = ask(options, "POST", f"{account_path(options)}/{what}", body)
    if not options.json:
        print(f"{told} {done if account['is_new'] else 'was there already, nothing changed'}")
    print_account(options, account)
