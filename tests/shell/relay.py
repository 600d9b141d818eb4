"""A way to PostgreSQL that the test can cut, at once or in the worst moment.

Rule 1: what has been passed on stays so: the server has it, whatever the client is told.
Rule 2: it lives in a thread of its own, so that it goes on while a test waits for a command.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import cast


class Relay:
    def __init__(self, server_socket: str) -> None:
        self.server_socket = server_socket
        self.is_cut = False
        self.clients: set[asyncio.Transport] = set()
        self.loop = asyncio.new_event_loop()
        self.port = 0
        self.lose_answer_to: bytes | None = None  # to the next statement with these bytes

    def url(self, database: str) -> str:
        return f"postgresql://callctl@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def cut(self) -> None:
        self.is_cut = True
        for client in list(self.clients):
            self.loop.call_soon_threadsafe(client.abort)

    def mend(self) -> None:
        self.is_cut = False

    def hears(self, asked: bytes) -> bool:
        """True when the answer to this is to be lost."""
        if self.lose_answer_to is None or self.lose_answer_to not in asked:
            return False
        self.lose_answer_to = None
        return True


class _Client(asyncio.Protocol):
    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._waiting = bytearray()
        self._server: asyncio.Transport | None = None
        self.transport: asyncio.Transport | None = None
        self.is_deaf = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast(asyncio.Transport, transport)
        if self._relay.is_cut:
            transport.abort()
            return
        self._relay.clients.add(transport)
        loop = self._relay.loop
        way = loop.create_unix_connection(lambda: _Server(self), self._relay.server_socket)
        self._joining = loop.create_task(way)

    def data_received(self, data: bytes) -> None:
        self.is_deaf = self.is_deaf or self._relay.hears(data)
        if self._server:
            self._server.write(data)
        else:
            self._waiting += data

    def connection_lost(self, exc: Exception | None) -> None:
        assert self.transport
        self._relay.clients.discard(self.transport)
        if self._server:
            self._server.close()

    def joined(self, server: asyncio.Transport) -> None:
        self._server = server
        server.write(bytes(self._waiting))
        if self.transport is None or self.transport.is_closing():
            server.close()


class _Server(asyncio.Protocol):
    def __init__(self, client: _Client) -> None:
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._client.joined(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        assert self._client.transport
        if self._client.is_deaf:  # it has been done, and nobody is told
            self._client.transport.abort()
        else:
            self._client.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._client.transport
        self._client.transport.abort()


@contextmanager
def relay_to(server_socket: str) -> Iterator[Relay]:
    relay = Relay(server_socket)
    loop = relay.loop
    listening = loop.run_until_complete(loop.create_server(lambda: _Client(relay), "127.0.0.1", 0))
    relay.port = listening.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever, name="relay")
    thread.start()
    try:
        yield relay
    finally:
        relay.cut()
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
