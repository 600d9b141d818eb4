"""`callctl prompts …`: say, list, build, check, convert."""

from typing import Any

from callctl.commands.prompt_files import add_check, add_convert
from callctl.commands.prompt_say import add_say
from callctl.commands.prompt_set import add_build, add_list


def add_commands(commands: Any) -> None:
    prompts = commands.add_parser("prompts", help="what the service says: say, list, build, check, convert")
    words = prompts.add_subparsers(required=True, metavar="WORD")
    add_say(words)
    add_list(words)
    add_build(words)
    add_check(words)
    add_convert(words)
