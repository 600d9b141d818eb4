"""What systemd is told when it starts us: that calls can be taken, and again and again that we live.

Rule 1: the loop itself says so. One that hangs says nothing, and systemd starts another service, which takes
    the calls up; a thread would go on and hide it.
Rule 2: started by anybody else, nothing is said.
"""

import asyncio
import os
import socket
from collections.abc import Mapping

READY, ALIVE = b"READY=1", b"WATCHDOG=1"
BEATS_IN_TIME = 3


class Supervisor:
    def __init__(self, told: Mapping[str, str] = os.environ) -> None:
        self._address = told.get("NOTIFY_SOCKET", "")
        self._every_s = int(told.get("WATCHDOG_USEC", "0")) / 1_000_000 / BEATS_IN_TIME

    async def run(self) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.setblocking(False)  # who does not read must not stop us
            self._say(way, READY)
            while self._every_s:
                self._say(way, ALIVE)
                await asyncio.sleep(self._every_s)

    def _say(self, way: socket.socket, word: bytes) -> None:
        # An abstract address, which the kernel wants to begin with a zero.
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            way.sendto(word, name)
        except BlockingIOError:
            return  # the next one says the same
