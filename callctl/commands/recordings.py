"""`callctl message …`, `callctl recording …`: what callers left in mailboxes, and recorded talks."""

from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from callctl.commands.arguments import id_argument
from callctl.commands.client import account_path, add_service_options, ask, fetch
from callctl.commands.show import print_json, print_table

MESSAGE_COLUMNS = {
    "taken_at": "taken",
    "from": "from",
    "number": "number",
    "mailbox": "mailbox",
    "length": "s",
    "call_id": "call",
}
RECORDING_COLUMNS = {"began_at": "began", "keep_at": "kept until", "bytes": "bytes", "call_id": "call"}


def add_commands(commands: Any) -> None:
    message = commands.add_parser("message", help="what callers left in mailboxes: list, get, remove")
    words = message.add_subparsers(required=True, metavar="WORD")
    listed = words.add_parser("list", help="the messages of an account, oldest first")
    listed.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    _add_mailbox(listed)
    add_service_options(listed)
    listed.set_defaults(run=_list_messages)
    get, remove = _add_get_and_remove(words, "message")
    _add_mailbox(get)
    _add_mailbox(remove)
    get.set_defaults(run=_get_message)
    remove.set_defaults(run=_remove_message)

    recording = commands.add_parser("recording", help="recorded talks: list, get, remove")
    words = recording.add_subparsers(required=True, metavar="WORD")
    listed = words.add_parser("list", help="the recordings of an account, newest first")
    listed.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    add_service_options(listed)
    listed.set_defaults(run=_list_recordings)
    get, remove = _add_get_and_remove(words, "recording")
    get.set_defaults(run=_get_recording)
    remove.set_defaults(run=_remove_recording)


def _add_get_and_remove(words: Any, what: str) -> tuple[Any, Any]:
    get = words.add_parser("get", help=f"the {what} of a call, as a WAV file")
    get.add_argument("call_id", metavar="CALL", type=id_argument)
    get.add_argument("-o", dest="file", metavar="FILE", type=Path, required=True)
    remove = words.add_parser("remove", help=f"the {what} of a call, for good")
    remove.add_argument("call_id", metavar="CALL", type=id_argument)
    for parser in (get, remove):
        add_service_options(parser)
    return get, remove


def _add_mailbox(parser: Any) -> None:
    parser.add_argument("--mailbox", metavar="NAME", type=id_argument)


def _list_messages(options: Namespace) -> None:
    asked = {"account_id": options.account_id}
    if options.mailbox:
        asked["mailbox"] = options.mailbox
    messages: list[dict[str, Any]] = []
    while more := ask(options, "GET", f"/messages?{urlencode({**asked, 'since': _last(messages)})}"):
        messages += more
    if options.json:
        print_json(messages)
        return
    rows = [{**one, "length": f"{one['length_ms'] / 1000:.1f}"} for one in messages]
    print_table(f"messages of {options.account_id}", MESSAGE_COLUMNS, rows)


def _last(messages: list[dict[str, Any]]) -> int:
    return int(messages[-1]["serial"]) if messages else 0


def _get_message(options: Namespace) -> None:
    _get(options, _message_path(options))


def _remove_message(options: Namespace) -> None:
    _remove(options, _message_path(options), "message")


def _list_recordings(options: Namespace) -> None:
    recordings = ask(options, "GET", f"{account_path(options)}/recordings")
    if options.json:
        print_json(recordings)
        return
    rows = [{**one, "keep_at": one["keep_until"]} for one in recordings]
    print_table(f"recordings of {options.account_id}", RECORDING_COLUMNS, rows)


def _get_recording(options: Namespace) -> None:
    _get(options, _recording_path(options))


def _remove_recording(options: Namespace) -> None:
    _remove(options, _recording_path(options), "recording")


def _get(options: Namespace, path: str) -> None:
    size = fetch(options, path, options.file)
    if options.json:
        print_json({"file": str(options.file), "bytes": size})
    else:
        print(f"{options.file}: {size} bytes")


def _remove(options: Namespace, path: str, what: str) -> None:
    removed = ask(options, "DELETE", path)
    if options.json:
        print_json(removed)
    else:
        print(f"the {what} of call {removed['call_id']} is gone")


def _message_path(options: Namespace) -> str:
    mailbox = f"?{urlencode({'mailbox': options.mailbox})}" if options.mailbox else ""
    return f"/messages/{quote(options.call_id, safe='')}{mailbox}"


def _recording_path(options: Namespace) -> str:
    return f"/recordings/{quote(options.call_id, safe='')}"
