"""ARI: aioari's typed operations inside our own supervised connection.

aioari 0.10 reads Asterisk's own description of the operations and knows how to call them; its connection
neither reconnects nor notices a dead peer, so HTTP and the websocket are ours.

Rule 1: the reader only reads. A reader that waits lets Asterisk drop events without a word.
Rule 2: after every (re)connect, all bridges and channels are listed, and what the list says is heard, before
    news flow on.
Rule 3: an operation ends in done, refused or unknown; nobody outside sees an exception of aiohttp.
"""

import asyncio
import base64
import contextlib
import json
import logging
import random
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from callctl.asterisk.operations import Operation
from callctl.asterisk.wire import APP, KINDS_HEARD, Frame

with warnings.catch_warnings():
    # aioari 0.10.2 has an invalid escape in a docstring, which Python 3.12 and later mention.
    warnings.simplefilter("ignore")
    from aioari import Client
    from aioswagger11.http_client import AsynchronousHttpClient

log = logging.getLogger(__name__)

REQUEST_S_MAX = 5.0
CONNECT_S_MAX = 2.0
# Whoever says nothing for 4 s is asked, and given up 2 s later: a black hole is noticed within 6 s.
HEARTBEAT_S = 4.0
# An answer proves that all news had come by the time it was asked for.
PROOF_EVERY_S = 1.0
SILENCE_MS_MAX = 6_000
CONNECTIONS_MAX = 64
# Shorter than http.conf's session_keep_alive, or a request meets a connection that Asterisk just closed.
KEEP_ALIVE_S = 10.0
RETRY_S_MIN, RETRY_S_MAX = 0.05, 2.0


class AriRefused(Exception):
    """Asterisk answered and said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class AriTaken(Exception):
    """Another process serves our application now; two would take it from each other for ever."""


class AriUnknown(Exception):
    """No answer: it may have been done or not."""


class _Http(AsynchronousHttpClient):  # type: ignore[misc]
    """aioswagger11's client with credentials in a header, time limits, and our two errors."""

    def __init__(self, user: str, password: str) -> None:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.authenticator = None
        self.websockets: set[object] = set()
        self.session = aiohttp.ClientSession(
            headers={"Authorization": f"Basic {token}"},
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=REQUEST_S_MAX, connect=CONNECT_S_MAX),
        )

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientResponse:
        query = {name: str(value) for name, value in (params or {}).items()}
        try:
            response = await self.session.request(method, url, params=query, data=data, headers=headers)
            text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AriUnknown(f"{method} {url}: {error!r}") from error
        if response.status >= 400:
            raise AriRefused(response.status, text)
        return response

    async def ws_connect(
        self, url: str, params: Mapping[str, Any] | None = None
    ) -> aiohttp.ClientWebSocketResponse:
        return await self.session.ws_connect(
            url,
            params=params,
            heartbeat=HEARTBEAT_S,
            autoping=False,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
        )

    async def close(self) -> None:
        await self.session.close()


class Ari:
    """`on_frame` must not wait; news do, while `on_list` does. Lists come with the moment they were asked."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        on_frame: Callable[[Frame], None],
        now_ms: Callable[[], int],
        on_list: Callable[[list[Frame], list[Frame], int], Awaitable[None]],
        on_state: Callable[[bool], None],
        on_proof: Callable[[int], None] = lambda _at_ms: None,
    ) -> None:
        """`on_proof`: by then all news had come."""
        self._url = url.rstrip("/") + "/"
        self._user = user
        self._password = password
        self._on_frame = on_frame
        self._now_ms = now_ms
        self._on_list = on_list
        self._on_state = on_state
        self._on_proof = on_proof
        self._http: _Http | None = None
        self._client: Any = None
        self._waiting: list[Frame] | None = None
        self._proof_wanted = asyncio.Event()
        self.is_up = False
        self.is_taken = False  # by another process

    async def run(self) -> None:
        """Stay connected until cancelled."""
        retry_s = RETRY_S_MIN
        told = ""
        try:
            while True:
                try:
                    stream = await self._open()
                except (
                    aiohttp.ClientError,
                    AriRefused,
                    AriUnknown,
                    OSError,
                    TimeoutError,
                    ValueError,
                ) as error:
                    if repr(error) != told:
                        told = repr(error)
                        log.warning("ARI is not reachable: %s; trying again", told)
                    await asyncio.sleep(retry_s * (0.5 + random.random()))
                    retry_s = min(retry_s * 2, RETRY_S_MAX)
                    continue
                retry_s, told = RETRY_S_MIN, ""
                try:
                    await self._follow(stream)
                finally:
                    self.is_up = False
                    self._on_state(False)
                    await stream.close()
        finally:
            await self._forget_client()

    def ask_for_proof(self) -> None:
        """Somebody waits for it: now, not within a second."""
        self._proof_wanted.set()

    async def call(self, operation: Operation) -> Any:
        """Carry out one operation; its JSON, or None when there is none."""
        if self._client is None:
            raise AriUnknown("not connected yet")
        resource = getattr(self._client.swagger, operation.resource)
        response = await getattr(resource, operation.name)(**operation.arguments)
        text = await response.text()
        return json.loads(text) if text else None

    async def list_channels(self) -> list[Frame]:
        channels: list[Frame] = await self.call(Operation("channels", "list", {}))
        return channels

    async def list_bridges(self) -> list[Frame]:
        bridges: list[Frame] = await self.call(Operation("bridges", "list", {}))
        return bridges

    async def list_phones(self) -> dict[str, str]:
        """The state of each by its name, lines to carriers among them."""
        endpoints = await self.call(Operation("endpoints", "listByTech", {"tech": "PJSIP"}))
        return {endpoint["resource"]: endpoint["state"] for endpoint in endpoints}

    async def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """With a body of our own: aioswagger11 wraps each, and Asterisk takes a wrapped one for none."""
        if self._http is None:
            raise AriUnknown("not connected yet")
        data, headers = (json.dumps(body), {"Content-Type": "application/json"}) if body else (None, None)
        response = await self._http.request(method, f"{self._url}ari/{path}", data=data, headers=headers)
        text = await response.text()
        return json.loads(text) if text else None

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        if self._client is None:
            self._http = _Http(self._user, self._password)
            try:
                client = Client(self._url, self._http)
                await client.init()
            except BaseException:
                await self._forget_client()
                raise
            self._client = client
        events = self._client.swagger.events
        stream: aiohttp.ClientWebSocketResponse = await events.eventWebsocket(app=APP, subscribeAll="true")
        return stream

    async def _follow(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        """Hear until the stream is lost. What comes before the list is known waits for it."""
        self._waiting = []
        reading = asyncio.create_task(self._read(stream), name="read ARI")
        try:
            try:
                await self._filter_news()
                asked_at_ms = self._now_ms()
                bridges = await self.list_bridges()
                channels = await self.list_channels()
            except (AriRefused, AriUnknown) as error:
                log.warning("channels could not be listed: %s", error)
                return
            await self._on_list(channels, bridges, asked_at_ms)
            waiting, self._waiting = self._waiting, None
            for frame in waiting:
                self._on_frame(frame)
            if not reading.done():
                self.is_up = True
                self._on_state(True)
            proving = asyncio.create_task(self._ask_for_proof(stream), name="ask ARI for a proof of life")
            try:
                await reading
            finally:
                proving.cancel()
        finally:
            reading.cancel()

    async def _ask_for_proof(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):  # who reads finds out that it is lost
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PROOF_EVERY_S):
                        await self._proof_wanted.wait()
                self._proof_wanted.clear()
                await stream.ping(str(self._now_ms()).encode())

    async def _read(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await stream.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await stream.pong(message.data)
                continue
            if message.type is aiohttp.WSMsgType.PONG:
                if message.data:
                    self._on_proof(int(message.data))
                continue
            if message.type is not aiohttp.WSMsgType.TEXT:
                log.warning("the stream of ARI is lost: %s %r", message.type.name, stream.exception())
                return
            frame = json.loads(message.data)
            if frame["type"] == "ApplicationReplaced":
                self.is_taken = True
                raise AriTaken(f"another process serves the application {APP!r} of this Asterisk")
            if self._waiting is None:
                self._on_frame(frame)
            else:
                self._waiting.append(frame)

    async def _filter_news(self) -> None:
        allowed = [{"type": kind} for kind in KINDS_HEARD]
        await self.send("PUT", f"applications/{APP}/eventFilter", {"allowed": allowed})

    async def _forget_client(self) -> None:
        if self._http:
            await self._http.close()
        self._http = self._client = None
