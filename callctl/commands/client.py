"""Asking the running service, found by `--api`, by `--state`, or where the last `callctl up` left word.

Rule 1: what the service refuses is a complaint in its own words; a service that is not there says how to
start one.
"""

import http.client
import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.arguments import address_argument
from callctl.complaint import Complaint
from callctl.settings import Address, read_address
from callctl.stack.whereabouts import read_whereabouts

ANSWER_S_MAX = 15


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
    connection = http.client.HTTPConnection(*address, timeout=patience_s)
    try:
        connection.request(
            method,
            path,
            body=json.dumps(body) if isinstance(body, dict) else body,
            headers={"Content-Type": kind},
        )
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoService(f"the service at {address} does not answer ({error}): is it running?") from error
    finally:
        connection.close()
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
