"""`callctl calls`, `call`, `hangup`, `top`, `trunks`, `health`: what runs now, also as it runs.

Rule 1: who watches goes on watching when the service is away for a while: it is said where the table was.
Rule 2: `--watch --json` is one line of JSON each time.
"""

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from callctl.commands.arguments import id_argument
from callctl.commands.client import NoService, add_service_options, ask
from callctl.commands.scheme_trace import print_way
from callctl.commands.show import console, print_json, print_table, table
from callctl.commands.story import tell_story
from callctl.complaint import one_line

CALL_COLUMNS = {
    "call_id": "call",
    "from": "from",
    "number": "number",
    "target": "target",
    "state": "state",
    "node": "node",
    "account_id": "account",
    "since": "since",
    "left": "paid for",
    "held_kopecks": "held",
    "available_kopecks": "available",
}
TRUNK_COLUMNS = {
    "name": "trunk",
    "state": "state",
    "contact": "contact",
    "legs": "legs now",
    "emergency": "emergency",
}
BUSY_COLUMNS = {
    "account_id": "account",
    "calls": "calls",
    "talking": "talking",
    "held_kopecks": "held",
    "available_kopecks": "available",
}
QUEUE_COLUMNS = {
    "name": "queue",
    "account_id": "account",
    "waiting": "waiting",
    "longest": "longest",
    "free": "free",
}
TOP_ROWS = 15
EVERY_S = 1.0

Drawn = Callable[[Any], RenderableType]


def add_commands(commands: Any) -> None:
    calls = commands.add_parser("calls", help="the calls that run now; --watch: as they run")
    _add_watching(calls)
    add_service_options(calls)
    calls.set_defaults(run=_calls)

    call = commands.add_parser("call", help="one call: the way it took, its connections, for how much")
    call.add_argument("call_id", metavar="ID", type=id_argument, help="of a call, or of one of its legs")
    call.add_argument(
        "--story", action="store_true", help="moment by moment, out of the ledger and the service's log"
    )
    call.add_argument(
        "--log",
        metavar="FILE",
        type=Path,
        help="with --story: the service's log (that in the state directory); - reads it from stdin",
    )
    add_service_options(call)
    call.set_defaults(run=_call)

    hangup = commands.add_parser("hangup", help="end a call; it is billed to this moment")
    hangup.add_argument("call_id", metavar="ID", type=id_argument, help="of `callctl calls`")
    add_service_options(hangup)
    hangup.set_defaults(run=_hang_up)

    top = commands.add_parser("top", help="the whole service on one screen: calls, accounts, trunks, queues")
    _add_watching(top)
    add_service_options(top)
    top.set_defaults(run=_top)

    trunks = commands.add_parser("trunks", help="the lines to carriers, as Asterisk knows them")
    add_service_options(trunks)
    trunks.set_defaults(run=_trunks)

    health = commands.add_parser(
        "health",
        help="whether the service takes calls, and what it is connected to",
        description="Exit code 0: all is well; 1: nobody answers, or something is away.",
    )
    add_service_options(health)
    health.set_defaults(run=_health)


def seconds_argument(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0.1 <= seconds <= 3600:
        raise ArgumentTypeError(f"{text!r}: give seconds, 0.1 to 3600")
    return seconds


def times_argument(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 9):
        raise ArgumentTypeError(f"{text!r}: give a number from 1 on")
    return int(text)


def _add_watching(parser: ArgumentParser) -> None:
    parser.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C")
    parser.add_argument(
        "--every", metavar="S", type=seconds_argument, default=EVERY_S, help="with --watch: seconds (1)"
    )
    parser.add_argument("--times", metavar="N", type=times_argument, help="with --watch: end after so many")


def _calls(options: Namespace) -> None:
    _show(options, lambda: ask(options, "GET", "/calls"), draw_calls)


def _top(options: Namespace) -> None:
    def look() -> dict[str, Any]:
        return {
            "health": ask(options, "GET", "/health", may_be_ill=True),
            "calls": ask(options, "GET", "/calls"),
            "queues": ask(options, "GET", "/queues"),
        }

    options.watch = options.watch or (sys.stdout.isatty() and not options.json)
    _show(options, look, _draw_top)


def _show(options: Namespace, look: Callable[[], Any], draw: Drawn) -> None:
    seen = look()
    if not options.watch:
        print_json(seen) if options.json else console().print(draw(seen))
        return
    try:
        if options.json or not sys.stdout.isatty():
            for answer in _again(options, look, seen):
                _print_once(options, answer, draw)
        else:
            with Live(draw(seen), console=console(), screen=True, auto_refresh=False) as screen:
                for answer in _again(options, look, seen):
                    screen.update(answer if isinstance(answer, Text) else draw(answer), refresh=True)
    except KeyboardInterrupt:
        return


def _print_once(options: Namespace, answer: Any, draw: Drawn) -> None:
    if isinstance(answer, Text):
        print(f"callctl: {answer}", file=sys.stderr)
    elif options.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        console().print(draw(answer))
    sys.stdout.flush()


def _again(options: Namespace, look: Callable[[], Any], first: Any) -> Iterator[Any]:
    """What is seen, or a text that says why nothing is."""
    yield first
    seen = 1
    while options.times is None or seen < options.times:
        time.sleep(options.every)
        seen += 1
        try:
            yield look()
        except NoService as away:
            yield Text(one_line(away))


def draw_calls(calls: list[dict[str, Any]]) -> RenderableType:
    return table(f"{len(calls)} calls, RUB", CALL_COLUMNS, [_call_row(call) for call in calls])


def _draw_top(seen: dict[str, Any]) -> RenderableType:
    health, calls = seen["health"], seen["calls"]
    states = Counter(call["state"] for call in calls)
    away = [name for name in ("ari", "ami", "database") if not health[name]]
    in_states = ", ".join(f"{count} {state}" for state, count in states.most_common())
    told = [
        f"callctl {health['status']}{': away: ' + ', '.join(away) if away else ''}",
        f"{len(calls)} calls{': ' + in_states if calls else ''}",
        f"{health['records_waiting']} records wait to be written",
    ]
    lines = [line for line in seen["queues"] if line["waiting"]]
    return Group(
        Text("\n".join(map(one_line, told))),
        table("accounts with most calls, RUB", BUSY_COLUMNS, _busiest(calls)),
        *([table("queues in which somebody waits", QUEUE_COLUMNS, _queue_rows(lines))] if lines else []),
        table(
            f"the newest of {len(calls)} calls, RUB", CALL_COLUMNS, list(map(_call_row, calls[-TOP_ROWS:]))
        ),
    )


def _busiest(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for call in calls:
        row = rows.setdefault(call["account_id"], {**call, "calls": 0, "talking": 0, "held_kopecks": 0})
        row["calls"] += 1
        row["talking"] += call["state"] == "talking"
        row["held_kopecks"] += call["held_kopecks"]
    return sorted(rows.values(), key=lambda row: (-row["calls"], row["account_id"]))[:TOP_ROWS]


def _queue_rows(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **line,
            "waiting": len(line["waiting"]),
            "longest": _span(-_seconds_to(line["waiting"][0]["since"])),
            "free": sum(member["state"] == "free" for member in line["members"]),
        }
        for line in lines[:TOP_ROWS]
    ]


def _call_row(call: dict[str, Any]) -> dict[str, Any]:
    paid_until = call["paid_until"]
    return {
        **call,
        "since": _span(-_seconds_to(call["arrived_at"])),
        "left": _span(_seconds_to(paid_until)) if paid_until else None,
    }


def _call(options: Namespace) -> None:
    way = ask(options, "GET", f"/calls/{quote(options.call_id, safe='')}/way")
    if options.story:
        tell_story(options, way)
    else:
        print_way(options, way)


def _hang_up(options: Namespace) -> None:
    ended = ask(options, "DELETE", f"/calls/{quote(options.call_id, safe='')}")
    if options.json:
        print_json(ended)
    else:
        print(f"call {one_line(ended['call_id'])} is being released")


def _trunks(options: Namespace) -> None:
    trunks = ask(options, "GET", "/trunks")
    if options.json:
        print_json(trunks)
        return
    rows = [{**trunk, "emergency": "yes" if trunk["is_emergency"] else ""} for trunk in trunks]
    print_table("trunks, in the order in which they are tried", TRUNK_COLUMNS, rows)


def _health(options: Namespace) -> int:
    health = ask(options, "GET", "/health", may_be_ill=True)
    if options.json:
        print_json(health)
    else:
        for name, value in health.items():
            print(
                f"{name}: {one_line(json.dumps(value) if isinstance(value, dict | list | bool) else value)}"
            )
    return 0 if health["status"] == "ok" else 1


def _seconds_to(stamp: str) -> int:
    return round((datetime.fromisoformat(stamp) - datetime.now(UTC)).total_seconds())


def _span(seconds: int) -> str:
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
