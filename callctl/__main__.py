"""The command line.

Rule 1: a fault of whoever types is one line on stderr and exit code 2; never a traceback.
"""

import argparse
import os
import sys
from typing import NoReturn

from callctl.commands import accounts, calls, machines
from callctl.commands.client import NoService
from callctl.complaint import Complaint


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="callctl", description="Call control and prepaid charging for virtual numbers on Asterisk."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    machines.add_commands(commands)
    accounts.add_commands(commands)
    calls.add_commands(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except NoService as complaint:
        print(f"callctl: {complaint}", file=sys.stderr)
        return 1
    except Complaint as complaint:
        print(f"callctl: {complaint}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
