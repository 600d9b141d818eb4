"""The ear, the mouth and the keys of a phone whose signalling SIPp does: RTP on a port of ours (RFC 3550).

Rule 1: it answers to where it is spoken from, so it is mute until it has heard something.
Rule 2: a key is pressed as RFC 4733 has it; SIPp of Debian's build says it does, and sends nothing.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from callctl.demo.seen import MediaSink
from callctl.demo.sipp import HOST, TONE_ALAW

ALAW, KEYS = 8, 101
KEY_NAMES = "0123456789*#ABCD"
PACKET_S = 0.02
PACKET_SAMPLES = 160
KEY_PACKETS = 5
# As long as a finger needs; to keys that follow closer Asterisk listens twice.
GAP_PACKETS = 5
# The end of a key is told three times, as any packet may be lost.
KEY_ENDS = 3
ENDED = 0x80
# A-law of nothing; a prompt's own pauses are not far from it.
SILENCE = b"\xd5"
NEARLY_SILENT = frozenset(b"\xd5\x55\xd4\x54\xd7\x57\xd6\x56")


def loud_s(alaw: bytes | bytearray) -> float:
    """How much of it is a sound."""
    return sum(byte not in NEARLY_SILENT for byte in alaw) / 8000


class Handset(MediaSink):
    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()  # A-law, as it came
        self.keys = ""  # pressed by the other side
        self._key_at: bytes | None = None
        self._peer: tuple[str | int, int] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._serial = 1
        self._clock = 0

    @property
    def loud_s(self) -> float:
        return loud_s(self.heard)

    def has_heard(self, sound: bytes) -> bool:
        """A-law that passes through unchanged: Asterisk does not touch what both sides speak."""
        return sound in self.heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's own is none by class

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        super().datagram_received(data, addr)
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        self._peer = addr
        if data[1] & 0x7F == ALAW:
            self.heard += data[12:]
        elif data[1] & 0x7F == KEYS and len(data) >= 16 and data[13] & ENDED and data[4:8] != self._key_at:
            self._key_at = data[4:8]
            self.keys += KEY_NAMES[data[12]]

    async def press(self, keys: str) -> None:
        for key in keys:
            began, length = self._clock, 0
            for place in range(KEY_PACKETS):
                length += PACKET_SAMPLES
                self._send_key(key, began, length, is_first=place == 0)
                await asyncio.sleep(PACKET_S)
            for _ in range(KEY_ENDS):
                self._send_key(key, began, length, end=ENDED)
            self._clock = began + length
            for _ in range(GAP_PACKETS):
                await self._say(SILENCE * PACKET_SAMPLES)

    async def speak(self, tone: bytes = TONE_ALAW) -> None:
        """A tone, until cancelled."""
        while True:
            for at in range(0, len(tone) - PACKET_SAMPLES, PACKET_SAMPLES):
                await self._say(tone[at : at + PACKET_SAMPLES])

    async def _say(self, payload: bytes) -> None:
        self._send(ALAW, self._clock, payload)
        self._clock += PACKET_SAMPLES
        await asyncio.sleep(PACKET_S)

    def _send_key(self, key: str, began: int, length: int, *, is_first: bool = False, end: int = 0) -> None:
        event = struct.pack("!BBH", KEY_NAMES.index(key), end | 10, length)
        self._send(KEYS | (0x80 if is_first else 0), began, event)

    def _send(self, kind: int, clock: int, payload: bytes) -> None:
        assert self._transport
        if self._peer is None:
            return
        head = struct.pack("!BBHII", 0x80, kind, self._serial & 0xFFFF, clock, self.port)
        self._transport.sendto(head + payload, self._peer)
        self._serial += 1


@asynccontextmanager
async def handset() -> AsyncIterator[Handset]:
    """Listen on a free port; give its `port` to a phone as its `media_port`."""
    loop = asyncio.get_running_loop()
    transport, one = await loop.create_datagram_endpoint(Handset, local_addr=(HOST, 0))
    try:
        yield one
    finally:
        transport.close()
