"""`callctl scheme …`: files that are checked, drawn, tried and compared; versions that are in force."""

from typing import Any

from callctl.commands.scheme_check import add_check
from callctl.commands.scheme_diff import add_diff
from callctl.commands.scheme_draw import add_draw
from callctl.commands.scheme_load import add_load
from callctl.commands.scheme_trace import add_trace
from callctl.commands.scheme_try import add_try


def add_commands(commands: Any) -> None:
    scheme = commands.add_parser(
        "scheme", help="routing schemes: check, draw, try, diff, load, history, show, rollback, trace, calls"
    )
    words = scheme.add_subparsers(required=True, metavar="WORD")
    add_check(words)
    add_draw(words)
    add_try(words)
    add_diff(words)
    add_load(words)
    add_trace(words)
