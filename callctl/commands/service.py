"""Where the running service is, and the token it is shown: by options, or where the last `up` left word.

Rule 1: a token comes from a file or the environment, never from the command line, which everybody can read.
"""

import os
import ssl
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass, field
from pathlib import Path

from callctl.commands.arguments import address_argument
from callctl.complaint import Complaint
from callctl.settings import Address, read_address
from callctl.stack.whereabouts import read_whereabouts
from callctl.token_file import read_token

TOKEN, TOKEN_FILE, CA_FILE = "CALLCTL_TOKEN", "CALLCTL_TOKEN_FILE", "CALLCTL_CA_FILE"
SAFE = "https://"


class NoService(Complaint):
    """Nobody answers: exit code 1, as it may be there in a minute."""


@dataclass(frozen=True, slots=True)
class ServicePlace:
    address: Address
    token: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return str(self.address)


def add_service_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--api",
        metavar="HOST:PORT",
        type=_place_argument,
        help=f"where the service listens (as the last `up` said); {SAFE}HOST:PORT with TLS",
    )
    parser.add_argument("--state", metavar="DIR", type=Path, help="the state directory of its `callctl up`")
    parser.add_argument(
        "--token-file", metavar="FILE", type=Path, help=f"with the token to show (${TOKEN_FILE}, ${TOKEN})"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def find_service(options: Namespace) -> ServicePlace:
    if options.api:
        address, is_safe = options.api
        return ServicePlace(address, _token(options, None), _tls() if is_safe else None)
    whereabouts = read_whereabouts(options.state)
    if whereabouts is None:
        where = f" in {options.state}" if options.state else ""
        raise NoService(
            f"no running service found{where}: start one with `callctl up`, or name it with --api HOST:PORT"
        )
    noted = whereabouts.get("token_file")
    return ServicePlace(read_address(whereabouts["api"]), _token(options, Path(noted) if noted else None))


def _token(options: Namespace, noted: Path | None) -> str:
    if options.token_file:
        return read_token(options.token_file)
    if token := os.environ.get(TOKEN):
        return token
    file = os.environ.get(TOKEN_FILE) or noted
    return read_token(Path(file)) if file else ""


def _tls() -> ssl.SSLContext:
    file = os.environ.get(CA_FILE)
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise Complaint(
            f"{CA_FILE}={file}: no certificate of an authority there ({error.strerror})"
        ) from error


def _place_argument(text: str) -> tuple[Address, bool]:
    try:
        return address_argument(text.removeprefix(SAFE)), text.startswith(SAFE)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"{text!r} is no address: give HOST:PORT, such as 127.0.0.1:8080, or {SAFE}HOST:PORT"
        ) from None
