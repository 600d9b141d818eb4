"""`callctl reconcile`: every connection of a period by the ledger and by Asterisk's own record."""

import sys
from argparse import Namespace
from collections import Counter
from typing import Any

from callctl.commands.arguments import moment_argument
from callctl.commands.client import NoService, add_service_options, ask_lines
from callctl.commands.show import print_json, print_table
from callctl.complaint import Complaint
from callctl.times import date_time, read_moment
from rating.money import show_roubles

DIFFERENT = 1

COLUMNS = {
    "kind": "difference",
    "account_id": "account",
    "leg_id": "leg",
    "difference_kopecks": "RUB",
    "what": "what",
    "outcome": "",
}


def add_commands(commands: Any) -> None:
    words = commands.add_parser(
        "reconcile",
        help="what ledger and witness say differently of a period's connections",
        description="Compares each connection that was answered in the period with what Asterisk's own event "
        "log saw of it, and every balance with its lines. Exit code 0: nothing differs, or all of it was "
        "mended; 1: something differs (or no service answers, which is said); 2: a mistake in the asking.",
    )
    words.add_argument("--from", dest="begin", metavar="TIME", type=moment_argument, required=True)
    words.add_argument("--to", dest="end", metavar="TIME", type=moment_argument, required=True, help="before")
    words.add_argument(
        "--fix",
        action="store_true",
        help="charge what is missing, correct what is longer or shorter; twice is as once",
    )
    add_service_options(words)
    words.set_defaults(run=_reconcile)


def _reconcile(options: Namespace) -> int:
    if read_moment(options.begin) >= read_moment(options.end):
        raise Complaint("--from is not before --to: turn them round")
    body = {"begin": options.begin, "end": options.end, "fix": options.fix}
    differences: list[dict[str, Any]] = []
    total: dict[str, Any] | None = None
    for line in ask_lines(options, "/reconcile", body):
        if "until" in line:
            _show_progress(line["until"])
        elif "total" in line:
            total = line["total"]
        elif "detail" in line:
            raise NoService(f"the service cannot do it now: {line['detail']}")
        else:
            differences.append(line)
    if total is None:
        raise NoService("the service broke off before it was done: try again")
    left = [one for one in differences if not one["mended"]]
    if options.json:
        print_json(_summed(differences, total))
    else:
        _print(differences, total)
    return DIFFERENT if left else 0


def _summed(differences: list[dict[str, Any]], total: dict[str, Any]) -> dict[str, Any]:
    left = [one for one in differences if not one["mended"]]
    return {
        "differences": differences,
        "by_kind": dict(Counter(one["kind"] for one in differences)),
        "difference_kopecks": sum(abs(one["difference_kopecks"] or 0) for one in left),
        **total,
    }


def _print(differences: list[dict[str, Any]], total: dict[str, Any]) -> None:
    summed = _summed(differences, total)
    if differences:
        rows = [{**one, "outcome": "mended" if one["mended"] else one["why_not"]} for one in differences]
        print_table("ledger and witness differ, RUB", COLUMNS, rows)
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in summed["by_kind"].items())
    print(f"{total['legs']} connections compared: {kinds or 'no difference'}")
    if differences:
        print(f"{show_roubles(summed['difference_kopecks'])} RUB differ, whichever way")
    if total["unwitnessed"]:
        print(f"{total['unwitnessed']} bills are of connections that the witness does not speak of")
    if total["strangers"]:
        print(f"{total['strangers']} calls in the witness are of another host: is it ours?")
    if total["damaged_lines"]:
        print(f"{total['damaged_lines']} lines of the witness cannot be read")


def _show_progress(until: str) -> None:
    if sys.stderr.isatty():
        print(f"\rread up to {date_time(until)}", end="", file=sys.stderr, flush=True)
