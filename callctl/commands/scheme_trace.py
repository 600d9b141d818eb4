"""`callctl scheme trace`, `calls`: the ways that real calls took through their schemes."""

from argparse import Namespace
from typing import Any
from urllib.parse import quote

from rich.table import Table

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.scheme_load import number_path
from callctl.commands.show import console, print_json, print_table, table
from callctl.complaint import one_line
from callctl.times import date_time

WAY_COLUMNS = {"at": "at", "seconds": "s", "node": "node", "outcomes": "what came of it"}
LEG_COLUMNS = {
    "leg_id": "leg",
    "to": "to",
    "answered_at": "answered",
    "seconds": "s",
    "units": "units",
    "charge_kopecks": "charge",
    "ended_by": "ended by",
    "refusal": "refusal",
}
CALL_COLUMNS = {
    "call_id": "call",
    "from": "from",
    "arrived_at": "arrived",
    "answered_at": "answered",
    "ended_at": "ended",
    "scheme_version": "version",
    "ending": "ending",
}


def add_trace(words: Any) -> None:
    trace = words.add_parser(
        "trace",
        help="the way that a call took or takes: through which nodes, what came of each, what it cost",
    )
    trace.add_argument(
        "call", metavar="CALL", type=id_argument, help="a call of `scheme calls`, or a leg of `callctl cdr`"
    )
    add_service_options(trace)
    trace.set_defaults(run=_trace)

    calls = words.add_parser("calls", help="the calls of a number that are over, newest first")
    calls.add_argument("e164", metavar="E164", type=id_argument)
    add_service_options(calls)
    calls.set_defaults(run=_calls)


def _trace(options: Namespace) -> None:
    print_way(options, ask(options, "GET", f"/calls/{quote(options.call, safe='')}/way"))


def print_way(options: Namespace, way: dict[str, Any]) -> None:
    if options.json:
        print_json(way)
        return
    print(one_line(_heading(way)))
    console().print(way_table("", way))
    if way["legs"]:
        print_table("connections, RUB", LEG_COLUMNS, way["legs"])


def way_table(title: str, way: dict[str, Any]) -> Table:
    rows = [
        {**step, "seconds": f"{step['ms'] / 1000:.1f}", "outcomes": ", ".join(step["outcomes"])}
        for step in way["way"]
    ]
    return table(title, WAY_COLUMNS, rows)


def _heading(way: dict[str, Any]) -> str:
    ended = f"ended {date_time(way['ended_at'])}: {way['ending']}" if way["ended_at"] else "it runs"
    answered = f"answered {date_time(way['answered_at'])}" if way["answered_at"] else "not answered"
    calls_back = f" (calls back {way['calls_back']})" if way["calls_back"] else ""
    return (
        f"{way['call_id']}{calls_back}: "
        f"from {way['from'] or 'a hidden number'} to {way['number']} ({way['account_id']}, "
        f"version {way['scheme_version']}), arrived {date_time(way['arrived_at'])}, {answered}, {ended}"
    )


def _calls(options: Namespace) -> None:
    calls = ask(options, "GET", f"{number_path(options.e164)}/calls")
    if options.json:
        print_json(calls)
    else:
        print_table(f"calls to {options.e164}", CALL_COLUMNS, calls)
