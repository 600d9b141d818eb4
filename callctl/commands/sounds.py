"""`callctl sound …`: a subscriber's own sounds in the running service."""

from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import id_argument
from callctl.commands.client import account_path, add_service_options, ask
from callctl.commands.show import print_json, print_table
from callctl.complaint import Complaint, one_line
from callctl.prompts.sound_check import BYTES_MAX

ADD_S_MAX = 150
SOUND_COLUMNS = {"name": "name", "length": "s", "added_at": "added", "digest": "digest"}


def add_commands(commands: Any) -> None:
    sound = commands.add_parser("sound", help="a subscriber's own sounds: add, list, remove")
    words = sound.add_subparsers(required=True, metavar="WORD")

    add = words.add_parser(
        "add",
        help="check a sound, store it and make it playable",
        description="Takes the place of a sound that has the name. `callctl prompts check FILE` says "
        "beforehand what is wrong with a file.",
    )
    _add_name(add)
    add.add_argument("file", metavar="FILE", type=Path, help="WAV")
    add_service_options(add)
    add.set_defaults(run=_add)

    listed = words.add_parser("list", help="the sounds of an account")
    listed.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    add_service_options(listed)
    listed.set_defaults(run=_list)

    remove = words.add_parser("remove", help="take one away that no scheme in force plays")
    _add_name(remove)
    add_service_options(remove)
    remove.set_defaults(run=_remove)


def _add_name(parser: Any) -> None:
    parser.add_argument("account_id", metavar="ACCOUNT", type=id_argument)
    parser.add_argument("name", metavar="NAME", type=id_argument, help="as schemes call it")


def _add(options: Namespace) -> None:
    try:
        with options.file.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise Complaint(f"{options.file}: {error.strerror}: name a file that can be read") from error
    if len(data) > BYTES_MAX:
        raise Complaint(f"{options.file}: more than {BYTES_MAX // 1_000_000} MB: save it as mono, 8 kHz")
    added = ask(options, "PUT", _path(options), data, kind="audio/wav", patience_s=ADD_S_MAX)
    if options.json:
        print_json(added)
        return
    news = "is there" if added["is_new"] else "is there in the place of the one before"
    print(f"sound {added['name']} of {added['account_id']} {news}: {added['length_ms'] / 1000:.1f} s")
    for note in added["notes"]:
        print(f"  {one_line(note)}")


def _list(options: Namespace) -> None:
    sounds = ask(options, "GET", f"{account_path(options)}/sounds")
    if options.json:
        print_json(sounds)
        return
    rows = [{**sound, "length": f"{sound['length_ms'] / 1000:.1f}"} for sound in sounds]
    print_table(f"sounds of {options.account_id}", SOUND_COLUMNS, rows)


def _remove(options: Namespace) -> None:
    removed = ask(options, "DELETE", _path(options))
    if options.json:
        print_json(removed)
    else:
        print(f"sound {removed['name']} of {removed['account_id']} is gone")


def _path(options: Namespace) -> str:
    return f"{account_path(options)}/sounds/{quote(options.name, safe='')}"
