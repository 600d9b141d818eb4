"""Time limits that come all at once over AMI: few of them are on their way to Asterisk at a time."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from callctl.asterisk import ami as room
from callctl.asterisk.ami import ASKED_AT_ONCE, Ami
from callctl.calls.events import Why
from tests.shell.exchanges import until

CALLS = 5 * ASKED_AT_ONCE
HELLO = b"Asterisk Call Manager/9.0.0\r\n"
DONE = "Response: Success\r\nActionID: {}\r\nMessage: done\r\n\r\n"


@dataclass
class Exchange:
    """It answers limits when it has heard nothing for a moment, all at once; or never."""

    answers: bool = True
    limits: int = 0
    waiting: list[bytes] = field(default_factory=list)
    most_waiting: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        while not reader.at_eof():
            try:
                action = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 0.01)
            except TimeoutError:
                self._answer(writer)
                continue
            except asyncio.IncompleteReadError:
                break
            if b"Setvar" in action:
                self.limits += 1
                self.waiting.append(action)
                self.most_waiting = max(self.most_waiting, len(self.waiting))
            else:
                writer.write(done(action))
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.answers:
            writer.writelines(map(done, self.waiting))
            self.waiting = []


def done(action: bytes) -> bytes:
    found = re.search(r"ActionID: (\S+)", action.decode())
    assert found
    return DONE.format(found[1]).encode()


@asynccontextmanager
async def connected(exchange: Exchange) -> AsyncIterator[Ami]:
    async with await asyncio.start_server(exchange.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        ami = Ami(host, port, "callctl", "secret", on_state=lambda _is_up: None)
        staying = asyncio.create_task(ami.run())
        await until(lambda: ami.is_up, "it is connected")
        yield ami
        staying.cancel()
        await asyncio.wait({staying})


async def bounds(ami: Ami) -> list[Why | None]:
    return await asyncio.gather(*(ami.bound(f"leg{place}", "20") for place in range(CALLS)))


async def test_of_a_thousand_limits_few_are_asked_for_at_a_time_and_all_are_set() -> None:
    exchange = Exchange()
    async with connected(exchange) as ami:
        assert set(await bounds(ami)) == {None}
    assert exchange.limits == CALLS
    assert exchange.most_waiting <= ASKED_AT_ONCE


async def test_nobody_asks_a_connection_that_did_not_answer_the_one_before_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "BOUND_S_MAX", 0.1)
    exchange = Exchange(answers=False)
    async with connected(exchange) as ami:
        assert set(await bounds(ami)) == {Why.UNKNOWN}
    assert exchange.limits <= ASKED_AT_ONCE
