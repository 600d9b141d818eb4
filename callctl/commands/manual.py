"""The manual page, in the language of man(7), from the parser: so it is what `--help` says."""

from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator, Mapping

HEAD = """\
.TH CALLCTL 1 "" "callctl" "Calls and their money on Asterisk"
.SH NAME
callctl \\- call control and prepaid charging for virtual numbers on Asterisk
.SH SYNOPSIS
.B callctl
.I COMMAND
[\\fIWORD\\fR] [\\fIARGUMENT\\fR ...]
.SH DESCRIPTION
Commands that ask a running service find it through
.BR \\-\\-api ,
through
.BR \\-\\-state ,
or where the last
.B callctl up
left word. Each takes
.B \\-\\-help
and, when it reads,
.BR \\-\\-json .
Amounts are roubles, in JSON whole kopecks; days and hours are Moscow's.
.SH COMMANDS
"""
TAIL = """\
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Nobody answers, or what is needed is away: it may be there in a minute. Of
.B callctl health
and
.B callctl doctor
also: something is not well.
.TP
.B 2
Something that was typed, a file that was named, or what the service was asked for is wrong; a line on stderr
says what, and what to do. Nothing was changed.
.TP
.B 130
Interrupted by Ctrl\\-C; a command that watches ends with 0.
.SH ENVIRONMENT
.TP
.BR CALLCTL_TOKEN ", " CALLCTL_TOKEN_FILE
The token to show to the service, or a file with it.
.TP
.B CALLCTL_CA_FILE
Certificates of the authorities that the service's own is checked by.
.TP
.B CALLCTL_CACHE
Where programs that are fetched lie.
.TP
.BR LC_ALL ", " LANG
Bills are explained in Russian when these say so.
.SH SEE ALSO
.BR asterisk (8)
"""


def manual(parser: ArgumentParser) -> str:
    return HEAD + "".join(_command(at, one) for at, one in walk(parser) if not _is_group(one)) + TAIL


def walk(parser: ArgumentParser, at: str = "") -> Iterator[tuple[str, ArgumentParser]]:
    """Each with the words that lead to it."""
    yield at, parser
    for action in parser._actions:
        for word, one in below(action).items():
            yield from walk(one, f"{at} {word}")


def below(action: Action) -> Mapping[str, ArgumentParser]:
    return action.choices if isinstance(action, _SubParsersAction) else {}


def _is_group(parser: ArgumentParser) -> bool:
    return any(below(action) for action in parser._actions)


def _command(at: str, parser: ArgumentParser) -> str:
    places = [action for action in parser._actions if not action.option_strings]
    options = [action for action in parser._actions if action.option_strings and action.dest != "help"]
    usage = " ".join([f"callctl{at}", *map(_place, places), *map(_option, options)])
    told = [f".SS {_quoted(f'callctl{at}')}\n", f"{_text(usage)}\n.PP\n"]
    told += [f"{_text(parser.description)}\n" if parser.description else ""]
    told += [_item(_place(action), action.help) for action in places if action.help]
    told += [_item(", ".join(_spelled(action)), action.help) for action in options if action.help]
    return "".join(told)


def _place(action: Action) -> str:
    name = _metavar(action)
    return {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [...]"}.get(str(action.nargs), name)


def _option(action: Action) -> str:
    spelled = _spelled(action)[-1]
    return spelled if action.required else f"[{spelled}]"


def _spelled(action: Action) -> list[str]:
    value = "" if action.nargs == 0 else f" {_metavar(action)}"
    return [f"{option}{value}" for option in action.option_strings]


def _metavar(action: Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices:
        return "|".join(map(str, action.choices))
    return action.dest.upper().replace("_", "-")


def _item(name: str, help: str | None) -> str:
    return f".TP\n.B {_text(name)}\n{_text(help or '')}\n"


def _quoted(text: str) -> str:
    return f'"{_text(text)}"'


def _text(text: str) -> str:
    """No sign of it means anything to man."""
    told = " ".join(text.replace("%%", "%").split())
    for sign, escaped in (("\\", "\\e"), ("-", "\\-"), ('"', "\\(dq")):
        told = told.replace(sign, escaped)
    return f"\\&{told}" if told[:1] in (".", "'") else told
