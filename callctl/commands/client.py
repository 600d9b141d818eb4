"""Asking the running service, found by `--api`, by `--state`, or where the last `callctl up` left word.

Rule 1: what the service refuses is a complaint in its own words; a service that is not there says how to
start one.
"""

import http.client
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import address_argument
from callctl.complaint import Complaint
from callctl.settings import Address, read_address
from callctl.stack.whereabouts import read_whereabouts

ANSWER_S_MAX = 15
LINE_S_MAX = 900  # whole tables may be read before the next one
PIECE_BYTES = 1_000_000


class NoService(Complaint):
    """Nobody answers: exit code 1, as it may be there in a minute."""


def account_path(options: Namespace) -> str:
    return f"/accounts/{quote(options.account_id, safe='')}"


def add_service_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--api",
        metavar="HOST:PORT",
        type=address_argument,
        help="where the service listens (as the last `up` said)",
    )
    parser.add_argument("--state", metavar="DIR", type=Path, help="the state directory of its `callctl up`")
    parser.add_argument("--json", action="store_true", help="print JSON")


def find_service(options: Namespace) -> Address:
    if options.api:
        return Address(*options.api)
    whereabouts = read_whereabouts(options.state)
    if whereabouts is None:
        where = f" in {options.state}" if options.state else ""
        raise NoService(
            f"no running service found{where}: start one with `callctl up`, or name it with --api HOST:PORT"
        )
    return read_address(whereabouts["api"])


def ask(
    options: Namespace,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None = None,
    *,
    kind: str = "application/json",
    patience_s: float = ANSWER_S_MAX,
) -> Any:
    """A body is JSON, or bytes of a kind that is told."""
    address = find_service(options)
    sent = json.dumps(body).encode() if isinstance(body, dict) else body
    with _answer(address, method, path, sent, kind, patience_s) as response:
        return _read(address, response)


def ask_lines(options: Namespace, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer that is told line by line, each of them an object of JSON."""
    address = find_service(options)
    sent = json.dumps(body).encode()
    with _answer(address, "POST", path, sent, "application/json", LINE_S_MAX) as response:
        if response.status >= 400:
            _read(address, response)
        for line in response:
            yield json.loads(line)


def fetch(options: Namespace, path: str, file: Path) -> int:
    """What the service has under that path, into a file, whole or not at all; how many bytes."""
    address, part = find_service(options), file.with_name(f"{file.name}.part")
    with _answer(address, "GET", path, None, "", ANSWER_S_MAX) as response:
        if response.status >= 400:
            _read(address, response)
        try:
            with part.open("wb") as written:
                for piece in _pieces(address, response):
                    written.write(piece)
                size = written.tell()
            part.replace(file)
        except OSError as error:
            raise Complaint(f"{file}: {error.strerror}: name a file that can be written") from error
        finally:
            with suppress(OSError):
                part.unlink()
    return size


def _pieces(address: Address, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read(PIECE_BYTES):
            yield piece
    except OSError as error:
        raise NoService(f"the service at {address} broke off ({error}): try again") from error
    if response.length:  # what it promised, and did not send
        raise NoService(f"the service at {address} broke off: try again")


@contextmanager
def _answer(
    address: Address, method: str, path: str, body: bytes | None, kind: str, patience_s: float
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(*address, timeout=patience_s)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": kind})
        yield connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoService(f"the service at {address} does not answer ({error}): is it running?") from error
    finally:
        connection.close()


def _read(address: Address, response: http.client.HTTPResponse) -> Any:
    text = response.read()
    try:
        answer = json.loads(text)
        if response.status < 400:
            return answer
        detail = answer["detail"]
    except (ValueError, TypeError, KeyError):
        raise NoService(f"what listens at {address} is no callctl (HTTP {response.status})") from None
    if response.status >= 500:
        raise NoService(f"the service cannot do it now: {detail}")
    raise Complaint(detail)
