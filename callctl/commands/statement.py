"""`callctl account statement`: a period of an account, from its first balance to its last."""

from argparse import ArgumentTypeError, Namespace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from callctl.commands.arguments import id_argument
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table, roubles
from callctl.times import date_time
from rating.calendar import MOSCOW

TOTAL_COLUMNS = {"kind": "kind", "count": "lines", "amount_kopecks": "sum"}
LINE_COLUMNS = {
    "at": "at",
    "kind": "kind",
    "reference": "reference",
    "pot": "pot",
    "amount": "amount",
    "left": "left",
    "refers_to": "about",
    "note": "note",
}


def add_statement(words: Any) -> None:
    statement = words.add_parser(
        "statement",
        help="what its money did in a month, or between two days",
        description="Days and months are Moscow's. Without a period: this month so far.",
    )
    statement.add_argument("account_id", metavar="ID", type=id_argument)
    statement.add_argument("--month", metavar="YYYY-MM", type=month_argument, help="a whole month")
    statement.add_argument("--from", dest="begin", metavar="DAY", type=day_argument, help="the first day")
    statement.add_argument("--to", dest="end", metavar="DAY", type=day_argument, help="the last day")
    add_service_options(statement)
    statement.set_defaults(run=_statement)


def day_argument(text: str) -> date:
    try:
        if len(text) == len("2026-11-05"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"{text!r} is no day: give it as 2026-11-05")


def month_argument(text: str) -> tuple[date, date]:
    try:
        first = day_argument(f"{text}-01")
    except ArgumentTypeError:
        raise ArgumentTypeError(f"{text!r} is no month: give it as 2026-11") from None
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _statement(options: Namespace) -> None:
    begin, end = _period(options)
    query = urlencode({"from": begin.isoformat(), "to": end.isoformat()})
    told = ask(options, "GET", f"{account_path(options)}/statement?{query}")
    if options.json:
        print_json(told)
        return
    print(f"account {told['account_id']}, {date_time(told['from'])} to {date_time(told['to'])} Moscow, RUB")
    print(f"balance at the beginning: {roubles(told['opening_kopecks'])}")
    print_table("", TOTAL_COLUMNS, told["totals"])
    print(f"balance at the end: {roubles(told['closing_kopecks'])}")
    print_table("", LINE_COLUMNS, [told_entry(line) for line in told["lines"]])
    if not told["is_whole"]:
        print(f"only the first {len(told['lines'])} lines are shown: give a shorter period")


def told_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """Seconds of a gift, or roubles, each with what is left after them."""
    if "amount_s" in entry:
        return {**entry, "amount": f"{entry['amount_s']} s", "left": f"{entry['left_s']} s"}
    left = entry["left_kopecks" if entry["pot"] else "balance_kopecks"]
    return {**entry, "amount": roubles(entry["amount_kopecks"]), "left": roubles(left)}


def _period(options: Namespace) -> tuple[datetime, datetime]:
    today = datetime.now(MOSCOW).date()
    first, last = options.month or (options.begin or today.replace(day=1), options.end or today)
    begin, end = (datetime.combine(day, time(), MOSCOW) for day in (first, last + timedelta(days=1)))
    return begin, end
