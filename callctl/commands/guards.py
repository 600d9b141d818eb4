"""`callctl account guards`: what an account may do at most in a short time."""

from argparse import ArgumentTypeError, Namespace
from typing import Any

from callctl.commands.arguments import id_argument, roubles_argument
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table, roubles
from callctl.complaint import Complaint

WORDS = {
    "calls-at-once": ("calls_at_once", "calls that run"),
    "calls-a-minute": ("calls_a_minute", "calls begun in the last minute"),
    "money-an-hour": ("money_an_hour_kopecks", "RUB of the last hour, with what running calls hold"),
    "night-price": ("night_price_kopecks", "RUB a minute at night"),
    "night-begin": ("night_begin", "when the night begins"),
    "night-until": ("night_until", "when it ends"),
    "zone": ("zone", "whose night it is, from Greenwich"),
    "new-calls-a-day": ("new_calls_a_day", "calls a day to new destinations"),
    "new-money-a-day": ("new_money_a_day_kopecks", "RUB a day for new destinations"),
    "new-after-days": ("new_after_days", "days without a talk that make a destination new"),
    "new-price": ("new_price_kopecks", "RUB a minute; cheaper destinations are never new"),
}
COLUMNS = {"guard": "guard", "most": "most", "now": "now", "whose": "whose", "means": "what it counts"}
TEXTS = ("night_begin", "night_until", "zone")


def add_guards(words: Any) -> None:
    guards = words.add_parser(
        "guards",
        help="what it may do at most in a short time, should a phone's secret be stolen",
        description="Guards refuse calls that cost money and go outside; emergency calls never.",
    )
    guards.add_argument("account_id", metavar="ID", type=id_argument)
    guards.add_argument(
        "--set",
        metavar="GUARD=VALUE",
        action="append",
        default=[],
        type=_change,
        help=f"one of {', '.join(WORDS)}; `off` is off, `profile` as the operator's profile has it",
    )
    add_service_options(guards)
    guards.set_defaults(run=_guards)


def _change(text: str) -> tuple[str, object]:
    """Of the body."""
    word, is_told, value = text.partition("=")
    if not is_told or word not in WORDS:
        raise ArgumentTypeError(f"{text!r} is none: write calls-at-once=20 (guards: {', '.join(WORDS)})")
    field, _ = WORDS[word]
    if value == "profile":
        return field, None
    if value == "off" or field in TEXTS:
        return field, value
    if field.endswith("_kopecks"):
        return field, roubles_argument(value)
    if not value.isascii() or not value.isdecimal():
        raise ArgumentTypeError(f"{value!r} is no number: write {word}=20")
    return field, int(value)


def _guards(options: Namespace) -> None:
    changes = dict(options.set)
    if len(changes) != len(options.set):
        raise Complaint("a guard was given twice: give each once")
    path = f"{account_path(options)}/guards"
    told = ask(options, "PATCH", path, changes) if changes else ask(options, "GET", path)
    if options.json:
        print_json(told)
        return
    rows = [_row(told, word, field, means) for word, (field, means) in WORDS.items()]
    print_table(f"guards of {options.account_id}", COLUMNS, rows)


def _row(told: dict[str, Any], word: str, field: str, means: str) -> dict[str, Any]:
    most, now = told["guards"][field], told["now"].get(field)
    return {
        "guard": word,
        "most": "off" if most is None else _cell(field, most),
        "now": "" if now is None else _cell(field, now),
        "whose": "the profile's" if told["own"][field] is None else "its own",
        "means": means,
    }


def _cell(field: str, value: Any) -> str:
    return roubles(value) if field.endswith("_kopecks") else str(value)
