"""A way to ARI that can fail: it closes, it resets, or it swallows everything without a word.

Rule 1: a black hole loses nothing that was connected before, like TCP: what was said into it arrives when
it is over. Who connects into it waits, and was never heard.
Rule 2: it lives in a thread of its own, as a network does: a test is not slower for it, and owns no task.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

HOST = "127.0.0.1"
LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST
END_S_MAX = 10.0


class End(Enum):
    FIN = "fin"
    RST = "rst"


class Hole:
    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._stop = asyncio.Event()
        self._is_shut = False
        self.orders: list[str] = []  # what was asked of the other side, beyond reading
        self._ends: set[asyncio.StreamWriter] = set()
        self._talks: set[asyncio.Task[None]] = set()
        self._listens = socket.create_server((HOST, 0))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listens.getsockname()[1]}"

    def swallow(self) -> None:
        """From now on everything is accepted and nothing passes."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def shut(self) -> None:
        """Nobody new gets through: the other side is not there."""
        self._is_shut = True

    def heal(self) -> None:
        self._is_shut = False
        self._loop.call_soon_threadsafe(self._flows.set)

    def drop(self, how: End) -> None:
        """End every connection there is."""
        self._loop.call_soon_threadsafe(self._drop, how)

    def serve(self) -> None:
        """Until `close`; the body of the thread."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listens)
        async with server:
            await self._stop.wait()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _drop(self, how: End) -> None:
        for end in self._ends:
            if how is End.RST:
                taken: socket.socket = end.get_extra_info("socket")
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
                end.transport.abort()
            else:
                end.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk
        self._talks.add(talk)
        ends = {writer}
        self._ends |= ends
        try:
            if self._is_shut:
                return
            if not self._flows.is_set():
                await self._flows.wait()
            else:
                far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
                ends.add(far_writer)
                self._ends |= ends
                await asyncio.gather(
                    self._pump(reader, far_writer, note=True), self._pump(far_reader, writer)
                )
        except (OSError, asyncio.CancelledError):
            pass  # the other side is gone, or the test is over
        finally:
            self._talks.discard(talk)
            self._ends -= ends
            for end in ends:
                end.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, note: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await self._flows.wait()
                if note and data.startswith((b"POST ", b"PUT ", b"DELETE ")):
                    self.orders.append(data.partition(b"\r\n")[0].decode())
                sink.write(data)
                await sink.drain()
        await self._flows.wait()
        sink.close()


@contextmanager
def open_hole(target_port: int) -> Iterator[Hole]:
    hole = Hole(target_port)
    thread = threading.Thread(target=hole.serve, name="hole")
    thread.start()
    try:
        yield hole
    finally:
        hole.close()
        thread.join(END_S_MAX)
        assert not thread.is_alive()
