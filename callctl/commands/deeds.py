"""`callctl audit`: who changed what, and what came of it."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from callctl.commands.arguments import id_argument
from callctl.commands.client import add_service_options, ask
from callctl.commands.show import print_json, print_table

LINES_MAX = 10_000
PAGE = 500
COLUMNS = {
    "at": "when",
    "who": "who",
    "method": "did",
    "subject": "what",
    "status": "outcome",
    "detail": "why not",
}


def add_commands(commands: Any) -> None:
    audit = commands.add_parser(
        "audit",
        help="who changed what, newest first",
        description="Every change that was asked over HTTP, and every attempt that was refused.",
    )
    audit.add_argument("--who", metavar="NAME", type=id_argument, help="only what this token asked for")
    audit.add_argument("--limit", metavar="LINES", type=lines_argument, default=50, help="50 unless given")
    add_service_options(audit)
    audit.set_defaults(run=_show)


def lines_argument(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LINES_MAX:
        raise ArgumentTypeError(f"{text!r} is no number of lines: give 1 to {LINES_MAX}")
    return int(text)


def read_pages(options: Namespace, path: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """As many lines as were wished, newest first."""
    lines: list[dict[str, Any]] = []
    following: str | None = ""
    while following is not None and len(lines) < options.limit:
        most = min(PAGE, options.limit - len(lines))
        page = ask(options, "GET", f"{path}?{urlencode({**asked, 'limit': most, 'after': following})}")
        lines += page["items"]
        following = page["next"]
    return lines


def _show(options: Namespace) -> None:
    lines = read_pages(options, "/audit", {"who": options.who} if options.who else {})
    if options.json:
        print_json(lines)
        return
    print_table("", COLUMNS, lines)
