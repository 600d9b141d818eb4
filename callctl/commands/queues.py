"""`callctl queue …`: who waits in the lines, what the members do, and that one of them pauses."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.times import clock_time

WAITING_COLUMNS = {
    "position": "place",
    "from": "from",
    "since_at": "since",
    "priority": "priority",
    "how": "how",
    "rung": "rung now",
    "call_id": "call",
}
MEMBER_COLUMNS = {"member": "member", "does": "does", "calls_taken": "calls taken"}


def add_commands(commands: Any) -> None:
    queue = commands.add_parser("queue", help="lines of waiting callers: list, pause, resume")
    words = queue.add_subparsers(required=True, metavar="WORD")

    listed = words.add_parser(
        "list",
        help="who waits, and what the members do",
        description="Of an account all its lines; without one all lines in which somebody waits.",
    )
    listed.add_argument("account_id", metavar="ACCOUNT", type=id_argument, nargs="?")
    add_service_options(listed)
    listed.set_defaults(run=_list)

    for word, help, run in (
        ("pause", "a member gets no calls from any queue until he resumes", _pause),
        ("resume", "a member gets calls again", _resume),
    ):
        parser = words.add_parser(word, help=help)
        parser.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
        parser.add_argument("member", metavar="MEMBER", type=id_argument, help="a seat or a number")
        add_service_options(parser)
        parser.set_defaults(run=run)


def _list(options: Namespace) -> None:
    lines = ask(options, "GET", f"{account_path(options)}/queues" if options.account_id else "/queues")
    if options.json:
        print_json(lines)
        return
    if not lines:
        print("no lines" if options.account_id else "nobody waits")
    for line in lines:
        waiting = list(_waiting_rows(line))
        title = f"{line['name']} of {line['account_id']}: {len(waiting)} waiting"
        print_table(title, MEMBER_COLUMNS, list(_member_rows(line)))
        if waiting:
            print_table("", WAITING_COLUMNS, waiting)


def _pause(options: Namespace) -> None:
    _tell(options, ask(options, "PUT", _path(options), {}), "pauses")


def _resume(options: Namespace) -> None:
    _tell(options, ask(options, "DELETE", _path(options)), "gets calls again")


def _tell(options: Namespace, member: dict[str, str], what: str) -> None:
    if options.json:
        print_json(member)
    else:
        print(f"{_name(member)} of {options.account_id} {what}")


def _waiting_rows(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in line["waiting"]:
        how = "is called back" if one["called_back"] else "on the phone"
        yield {**one, "since_at": one["since"], "how": how, "rung": ", ".join(map(_name, one["offered"]))}


def _member_rows(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in line["members"]:
        until = f" until {clock_time(one['rests_until'])}" if one["state"] == "resting" else ""
        yield {**one, "member": _name(one), "does": one["state"] + until}


def _name(member: dict[str, str]) -> str:
    return f"seat {member['seat']}" if "seat" in member else member["number"]


def _path(options: Namespace) -> str:
    return f"{account_path(options)}/pauses/{quote(options.member, safe='')}"
