"""FastAGI: the door for dialplans that are not ours. Panoramisk's server, made safe.

Its own reader spins for ever when somebody connects and leaves, and it swallows cancellation.

Rule 1: a dialogue has limits of size and time, whoever is at the other end.
Rule 2: Asterisk reports success whatever happens here, so a dialplan must look at CALLCTL_STATUS itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from panoramisk.fast_agi import Application, Request

log = logging.getLogger(__name__)

HEADER_S_MAX = 2.0
REPLY_S_MAX = 5.0
HEADER_BYTES_MAX = 16_384

# What we can say of a dialled number, as channel variables.
Answer = Callable[[str], Mapping[str, str]]


class _Ended(Exception):
    """The other side is gone or speaks something else."""


class _Door(Application):  # type: ignore[misc]
    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\n\n"), HEADER_S_MAX)
            lines = head.decode("utf-8", "replace").splitlines()
            headers = dict(line.split(": ", 1) for line in lines if ": " in line)
            route = self._route.get(headers.get("agi_network_script", "").partition("?")[0])
            if route is None:
                raise _Ended(f"no route {headers.get('agi_network_script')!r}")
            await route(Request(self, headers, reader, writer, self.default_encoding))
        except (
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            TimeoutError,
            ConnectionError,
            _Ended,
        ) as error:
            log.info("an AGI dialogue ended: %r", error)
        finally:
            writer.close()


async def _set_variable(request: Request, name: str, value: str) -> None:
    """One command, one reply; anything but success ends the dialogue, so no reply is taken for another's."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
    request.writer.write(f'SET VARIABLE {name} "{escaped}"\n'.encode())
    await request.writer.drain()
    reply = await asyncio.wait_for(request.reader.readline(), REPLY_S_MAX)
    if not reply.startswith(b"200 result=1"):
        raise _Ended(f"{name}: {reply!r}")


async def serve_agi(host: str, port: int, answer: Answer) -> asyncio.Server:
    """`agi://HOST:PORT/number` sets what `answer` says of the dialled number."""
    door = _Door(loop=asyncio.get_running_loop())

    async def number(request: Request) -> None:
        dialled = request.headers.get("agi_arg_1") or request.headers.get("agi_extension", "")
        for name, value in answer(dialled).items():
            await _set_variable(request, name, value)

    door.add_route("number", number)
    return await asyncio.start_server(door.handler, host, port, limit=HEADER_BYTES_MAX)
