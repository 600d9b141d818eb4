"""Asking the running service.

Rule 1: what the service refuses is a complaint in its own words; a service that is not there says how to
start one.
"""

import http.client
import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callctl.commands.service import NoService, ServicePlace, add_service_options, find_service
from callctl.complaint import Complaint

__all__ = ["NoService", "account_path", "add_service_options", "ask", "ask_lines", "fetch"]

ANSWER_S_MAX = 15
LINE_S_MAX = 900  # whole tables may be read before the next one
PIECE_BYTES = 1_000_000


def account_path(options: Namespace) -> str:
    return f"/accounts/{quote(options.account_id, safe='')}"


def ask(
    options: Namespace,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None = None,
    *,
    kind: str = "application/json",
    patience_s: float = ANSWER_S_MAX,
    may_be_ill: bool = False,
) -> Any:
    """A body is JSON, or bytes of a kind that is told. `may_be_ill`: who is not well answers, too."""
    at = find_service(options)
    sent = json.dumps(body).encode() if isinstance(body, dict) else body
    with _answer(at, method, path, sent, kind, patience_s) as response:
        return _read(at, response, may_be_ill=may_be_ill)


def ask_lines(options: Namespace, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer that is told line by line, each of them an object of JSON."""
    at = find_service(options)
    sent = json.dumps(body).encode()
    with _answer(at, "POST", path, sent, "application/json", LINE_S_MAX) as response:
        if response.status >= 400:
            _read(at, response)
        for line in response:
            yield json.loads(line)


def fetch(options: Namespace, path: str, file: Path) -> int:
    """What the service has under that path, into a file, whole or not at all; how many bytes."""
    at, part = find_service(options), file.with_name(f"{file.name}.part")
    with _answer(at, "GET", path, None, "", ANSWER_S_MAX) as response:
        if response.status >= 400:
            _read(at, response)
        try:
            with part.open("wb") as written:
                for piece in _pieces(at, response):
                    written.write(piece)
                size = written.tell()
            part.replace(file)
        except OSError as error:
            raise Complaint(f"{file}: {error.strerror}: name a file that can be written") from error
        finally:
            with suppress(OSError):
                part.unlink()
    return size


def _pieces(at: ServicePlace, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read(PIECE_BYTES):
            yield piece
    except OSError as error:
        raise NoService(f"the service at {at} broke off ({error}): try again") from error
    if response.length:  # what it promised, and did not send
        raise NoService(f"the service at {at} broke off: try again")


@contextmanager
def _answer(
    at: ServicePlace, method: str, path: str, body: bytes | None, kind: str, patience_s: float
) -> Iterator[http.client.HTTPResponse]:
    host, port = at.address
    connection = (
        http.client.HTTPSConnection(host, port, timeout=patience_s, context=at.tls)
        if at.tls
        else http.client.HTTPConnection(host, port, timeout=patience_s)
    )
    headers = {"Content-Type": kind, **({"Authorization": f"Bearer {at.token}"} if at.token else {})}
    try:
        connection.request(method, path, body=body, headers=headers)
        yield connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoService(f"the service at {at} does not answer ({error}): is it running?") from error
    finally:
        connection.close()


def _read(at: ServicePlace, response: http.client.HTTPResponse, *, may_be_ill: bool = False) -> Any:
    text = response.read()
    try:
        answer = json.loads(text)
        if response.status < 400 or (may_be_ill and response.status == http.client.SERVICE_UNAVAILABLE):
            return answer
        detail = answer["detail"]
    except (ValueError, TypeError, KeyError):
        raise NoService(f"what listens at {at} is no callctl (HTTP {response.status})") from None
    if response.status >= 500:
        raise NoService(f"the service cannot do it now: {detail}")
    if response.status == http.client.UNAUTHORIZED:
        shown = "does not know the token it was shown" if at.token else "wants a token"
        raise Complaint(f"the service at {at} {shown}: name a file that has one with --token-file FILE")
    raise Complaint(detail)
