"""`callctl completion` and `callctl manual`: what shells complete and man shows, told by the parser.

Rule 1: nothing is written twice: whatever `--help` says is here.
Rule 2: where a value is anybody's guess, the shell offers files.
"""

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from callctl.commands.manual import below, manual, walk

BASH = """\
# Completes `callctl` in bash: source it, or put it where bash looks, as /etc/bash_completion.d/callctl.
_callctl() {
    local at="" word found="" before="${COMP_WORDS[COMP_CWORD-1]}" here="${COMP_WORDS[COMP_CWORD]}"
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$at $word" in
KNOWN) at="$at $word" ;;
        esac
    done
    case "$at $before" in
OF_OPTIONS
        *) case "$at" in
OFFERED
        esac ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$found" -- "$here")
}
complete -o default -F _callctl callctl
"""
ZSH = """\
# Completes `callctl` in zsh: source it in .zshrc.
autoload -U +X bashcompinit && bashcompinit
"""


def add_commands(commands: Any, build: Callable[[], ArgumentParser]) -> None:
    completion = commands.add_parser(
        "completion",
        help="a script that completes words and options: bash, zsh",
        description="For bash: callctl completion bash > /etc/bash_completion.d/callctl",
    )
    completion.add_argument("shell", choices=("bash", "zsh"))
    completion.set_defaults(run=lambda options: _complete(options, build()))
    page = commands.add_parser(
        "manual", help="the manual page", description="callctl manual > callctl.1; man ./callctl.1"
    )
    page.set_defaults(run=lambda _options: print(manual(build()), end=""))


def _complete(options: Namespace, parser: ArgumentParser) -> None:
    print((ZSH if options.shell == "zsh" else "") + script(parser), end="")


def script(parser: ArgumentParser) -> str:
    values, words = [], []
    for at, one in walk(parser):
        offered: list[str] = []
        for action in one._actions:
            offered += list(below(action)) or action.option_strings or _choices(action)
            values += [_case(f"{at} {option}", _choices(action)) for option in _valued(action)]
        words.append(_case(at, offered))
    nodes = " | \\\n".join(f'            "{at}"' for at, _ in walk(parser) if at)
    text = BASH.replace("KNOWN", nodes, 1).replace("OF_OPTIONS", "\n".join(values), 1)
    return text.replace("OFFERED", "\n".join(words), 1)


def _choices(action: Action) -> list[str]:
    return [str(choice) for choice in action.choices or ()]


def _valued(action: Action) -> list[str]:
    return list(action.option_strings) if action.nargs != 0 else []


def _case(at: str, offered: list[str]) -> str:
    return f'        "{at}") found="{" ".join(offered)}" ;;'
