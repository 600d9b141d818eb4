"""The command line.

Rule 1: a fault of whoever types is one line on stderr and exit code 2; never a traceback.
Rule 2: no running service is exit code 1. A reader of ours that goes away is no fault at all.
Rule 3: a command may have an exit code of its own to give; its help says what it means.
"""

import argparse
import errno
import io
import os
import sys
from typing import NoReturn

from callctl.commands import (
    accounts,
    calls,
    completion,
    deeds,
    doctor,
    live,
    machines,
    notices,
    prompts,
    queues,
    reconcile,
    recordings,
    schemes,
    seats,
    sounds,
    tariffs,
    tokens,
)
from callctl.commands.client import NoService
from callctl.complaint import Complaint, one_line

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="callctl", description="Call control and prepaid charging for virtual numbers on Asterisk."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    machines.add_commands(commands)
    accounts.add_commands(commands)
    live.add_commands(commands)
    calls.add_commands(commands)
    schemes.add_commands(commands)
    tariffs.add_commands(commands)
    sounds.add_commands(commands)
    seats.add_commands(commands)
    queues.add_commands(commands)
    recordings.add_commands(commands)
    prompts.add_commands(commands)
    reconcile.add_commands(commands)
    tokens.add_commands(commands)
    deeds.add_commands(commands)
    notices.add_commands(commands)
    doctor.add_commands(commands)
    completion.add_commands(commands, lambda: parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    if sys.stdout is None:  # closed by whoever started us
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 ours until the end
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter gets its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            return _obey(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _write_no_more()
        return 0
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _write_no_more()
        return _complain(
            f"{error.filename or 'the output'}: {error.strerror}: make room and try again", code=1
        )


def _obey(arguments: list[str] | None) -> int:
    try:
        options = parser().parse_args(arguments)
        return int(options.run(options) or 0)
    except NoService as complaint:
        return _complain(*complaint.args, code=1)
    except Complaint as complaint:
        return _complain(*complaint.args, code=2)
    except KeyboardInterrupt:
        return 130


def _complain(*lines: object, code: int) -> int:
    for line in lines:
        print(f"callctl: {one_line(line)}", file=sys.stderr)
    return code


def _write_no_more() -> None:
    """Python would try again at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
