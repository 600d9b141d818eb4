"""`GET /events`: server-sent events of what runs; see stream.py for what is told.

Rule 1: a connection that does not move for a while is ended, and so is that of a token that was revoked.
"""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from callctl.api.access import WHO
from callctl.api.routes import Route, get
from callctl.api.stream import Listener, Stream
from callctl.storage.tokens import Right, Tokens

EVENTS_TYPE = "text/event-stream"
LISTENERS_MAX = 50
HEARTBEAT_S = 10.0
STALLED_S = 30.0
# A proxy in between neither keeps it nor waits for more.
HEADERS = {"Content-Type": EVENTS_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
AGAIN = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"


class EventApi:
    def __init__(self, stream: Stream, tokens: Tokens) -> None:
        self._stream = stream
        self._tokens = tokens

    def routes(self) -> Sequence[Route]:
        return [get("/events", Right.READ, self._get_events, sends=EVENTS_TYPE)]

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        """Calls as they change and balances as they move, as server-sent events."""
        if self._stream.listening >= LISTENERS_MAX:
            raise web.HTTPServiceUnavailable(
                reason=f"{LISTENERS_MAX} listen already", headers={"Retry-After": "10"}
            )
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        listener = Listener(drop=transport.abort)
        try:
            await self._stream.enter(listener, request.headers.get("Last-Event-ID", ""))
            await self._tell(request, response, listener)
        except (ConnectionResetError, TimeoutError):
            transport.abort()
        finally:
            self._stream.leave(listener)
        return response

    async def _tell(self, request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
        told = AGAIN
        while not listener.is_dropped and self._tokens.counts(request[WHO]):
            async with asyncio.timeout(STALLED_S):
                await response.write(told + listener.take())
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await listener.news.wait()
                told = b""
            except TimeoutError:
                told = HEARTBEAT
