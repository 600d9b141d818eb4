"""What runs, as whoever listens hears it: changes once, money as it moves, and nobody who does not read costs
anything.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from callctl import metrics
from callctl.api import stream as told_by
from callctl.api.access import ANYBODY, WHO
from callctl.api.events import EventApi
from callctl.api.problems import problems
from callctl.api.routes import Serve
from callctl.api.stream import Listener, Stream
from callctl.api.words import AT_ONCE
from callctl.calls.lines.line_view import LineView, MemberView, WaitingView
from callctl.calls.view import CallView
from callctl.storage.tokens import Right, Tokens
from dialplan.targets import Seat
from rating.ledger import Account, Ledger
from rating.money import Money
from tests.shell.office import Office, until
from tests.shell.test_tokens import guarded, token_of  # noqa: F401 a fixture

CALL = CallView("c1", None, "ann", "1", "2", None, "ringing", "n", 0, None, None, None, 0, 1, ())


class Scene:
    """Calls that a test changes, and who listens."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.ann = Account("ann", "demo", "six", Money(10_00))
        self.ledger.open(self.ann)
        self.calls: dict[str, CallView] = {"c1": CALL}
        self.lines: list[LineView] = []
        live, lines = lambda: list(self.calls.values()), lambda: self.lines
        self.stream = Stream(live, lines, self.ledger, lambda: 0)
        self.dropped: list[Listener] = []

    async def listen(self, last: str = "") -> Listener:
        listener = Listener(drop=lambda: self.dropped.append(listener))
        await self.stream.enter(listener, last)
        return listener

    async def heard(self, listener: Listener) -> list[tuple[str, Any]]:
        await self.stream._look()
        return [(kind, content) for _, kind, content in read(listener.take())]


def read(told: bytes) -> list[tuple[str, str, Any]]:
    """Number, kind and content of each event."""
    events = []
    for block in told.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if "event" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return events


async def test_first_all_that_runs_then_what_changes() -> None:
    scene = Scene()
    listener = await scene.listen()
    ((_, kind, content),) = read(listener.take())
    assert (kind, [call["call_id"] for call in content["calls"]]) == ("snapshot", ["c1"])
    assert content["accounts"][0]["balance_kopecks"] == 10_00
    assert await scene.heard(listener) == []
    scene.calls["c1"] = replace(CALL, state="talking", held_kopecks=100)
    ((kind, content),) = await scene.heard(listener)
    assert (kind, content["state"], content["held_kopecks"]) == ("call", "talking", 100)
    del scene.calls["c1"]
    assert await scene.heard(listener) == [("gone", {"call_id": "c1"})]


async def test_a_balance_is_told_when_it_moves() -> None:
    scene = Scene()
    listener = await scene.listen()
    listener.take()
    scene.ann.balance = Money(9_00)
    told = {"account_id": "ann", "balance_kopecks": 9_00, "held_kopecks": 0, "available_kopecks": 9_00}
    assert await scene.heard(listener) == [("account", told)]
    assert await scene.heard(listener) == []


async def test_a_queue_is_told_when_it_changes_and_when_nobody_waits_any_more() -> None:
    scene = Scene()
    listener = await scene.listen()
    listener.take()
    waits, member = WaitingView("c1", "1", 0, 0, (), False), MemberView(Seat("anna"), "free", None, 0)
    scene.lines = [LineView("ann", "sales", (waits,), (member,))]
    heard = [event for _ in range(told_by.LOOKS_A_QUEUE) for event in await scene.heard(listener)]
    ((kind, queue),) = heard
    assert (kind, queue["name"], queue["waiting"][0]["call_id"]) == ("queue", "sales", "c1")
    assert [member["state"] for member in queue["members"]] == ["free"]
    ((_, _, snapshot),) = read((await scene.listen()).take())
    assert snapshot["queues"] == [queue] and snapshot["at"].startswith("1970-01-01T00:00:00")
    scene.lines = []
    heard = [event for _ in range(told_by.LOOKS_A_QUEUE) for event in await scene.heard(listener)]
    assert heard == [("queue", {"account_id": "ann", "name": "sales", "waiting": [], "members": []})]


async def test_whoever_comes_back_hears_what_he_missed_and_nothing_twice() -> None:
    scene = Scene()
    stays, goes = await scene.listen(), await scene.listen()
    ((last, _, _),) = read(goes.take())
    scene.stream.leave(goes)
    stays.take()
    scene.calls["c2"] = replace(CALL, call_id="c2")
    await scene.heard(stays)
    del scene.calls["c1"]
    await scene.heard(stays)
    back = await scene.listen(last)
    events = read(back.take())
    assert [kind for _, kind, _ in events] == ["call", "gone"]
    assert [kind for _, kind, _ in read((await scene.listen(events[0][0])).take())] == ["gone"]
    assert read((await scene.listen(events[1][0])).take()) == []


@pytest.mark.parametrize("last", ["x", "x-1", "{}-", "{}-x", "{}-999", "{}--1", "{}-²", "{}-" + "9" * 5_000])
async def test_a_number_that_is_not_known_gets_everything(last: str) -> None:
    scene = Scene()
    await scene.listen()
    (event,) = read((await scene.listen(last.format(scene.stream._run))).take())
    assert event[1] == "snapshot"


async def test_what_nobody_heard_is_not_kept_for_later() -> None:
    scene = Scene()
    first = await scene.listen()
    ((last, _, _),) = read(first.take())
    scene.stream.leave(first)
    scene.calls["c1"] = replace(CALL, state="talking")
    (event,) = read((await scene.listen(last)).take())
    assert (event[1], event[2]["calls"][0]["state"]) == ("snapshot", "talking")


async def test_who_does_not_read_is_dropped_at_the_bound_and_the_others_hear_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told_by, "WAITING_BYTES_MAX", 5_000)
    scene = Scene()
    reads, sleeps = await scene.listen(), await scene.listen()
    reads.take()
    most = 0
    for held in range(100):
        scene.calls["c1"] = replace(CALL, held_kopecks=held + 1)
        assert len(await scene.heard(reads)) == 1
        most = max(most, sleeps.size)
    assert scene.dropped == [sleeps] and sleeps.is_dropped and most <= 5_000
    assert scene.stream.listening == 1


async def test_what_is_kept_is_bounded() -> None:
    scene = Scene()
    listener = await scene.listen()
    for held in range(told_by.KEPT_MAX + 10):
        scene.calls["c1"] = replace(CALL, held_kopecks=held + 1)
        await scene.heard(listener)
    assert len(scene.stream._kept) == told_by.KEPT_MAX


async def test_the_loop_is_given_back_many_times_while_hundreds_of_calls_are_told() -> None:
    scene = Scene()
    scene.calls = {str(n): replace(CALL, call_id=str(n)) for n in range(10 * AT_ONCE)}
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    listener = await scene.listen()
    counting.cancel()
    ((_, _, content),) = read(listener.take())
    assert len(content["calls"]) == 10 * AT_ONCE
    assert turns >= 20, "ten times to look, ten times to tell"


async def test_a_name_with_a_line_break_breaks_no_event() -> None:
    scene = Scene()
    listener = await scene.listen()
    listener.take()
    scene.calls["c1"] = replace(CALL, node="a\n\nevent: gone\ndata: {}", caller="\r\n\u2028<b>")
    ((kind, content),) = await scene.heard(listener)
    assert (kind, content["node"]) == ("call", "a\n\nevent: gone\ndata: {}")


class Everybody(Tokens):
    """No token is asked for."""

    def __init__(self) -> None:
        self._given, self._made = {}, {}


@asynccontextmanager
async def told_on_a_socket(scene: Scene) -> AsyncIterator[str]:
    """HOST:PORT of a listener's server around the scene."""

    @web.middleware
    async def anybody(request: web.Request, handler: Serve) -> web.StreamResponse:
        request[WHO] = ANYBODY
        return await handler(request)

    app = web.Application(middlewares=[problems, anybody])
    for route in EventApi(scene.stream, Everybody()).routes():
        app.router.add_get(route.path, route.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    telling = asyncio.create_task(scene.stream.run())
    try:
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        telling.cancel()
        await asyncio.wait({telling})
        await runner.cleanup()


async def test_a_client_that_never_reads_is_cut_off_and_the_next_hears_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told_by, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(told_by, "WAITING_BYTES_MAX", 200_000)
    before = metrics.LISTENERS_DROPPED._value.get()
    scene = Scene()
    async with told_on_a_socket(scene) as address:
        host, port = address.split(":")
        with socket.create_connection((host, int(port))) as silent:
            silent.sendall(f"GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
            async with (
                aiohttp.ClientSession(f"http://{address}") as http,
                http.get("/events") as reader,
            ):
                changes, heard = count(1), 0

                async def is_cut_off() -> bool:
                    nonlocal heard
                    scene.calls["c1"] = replace(CALL, node="x" * 50_000, held_kopecks=next(changes))
                    heard += len(await reader.content.readany())
                    return bool(metrics.LISTENERS_DROPPED._value.get() > before)

                await until(is_cut_off, "who does not read is dropped")
                assert scene.stream.listening == 1 and heard > 200_000
            await until(nobody(scene), "who went away is forgotten")


def nobody(scene: Scene) -> Callable[[], Awaitable[bool]]:
    async def is_nobody() -> bool:
        scene.calls["c1"] = replace(scene.calls["c1"], held_kopecks=scene.calls["c1"].held_kopecks + 1)
        return scene.stream.listening == 0

    return is_nobody


@asynccontextmanager
async def listening(office: Office, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        aiohttp.ClientSession(f"http://{office.api}", headers={**office.shown, **headers}) as http,
        http.get("/events") as response,
    ):
        yield response


async def first(response: aiohttp.ClientResponse) -> tuple[str, str, Any]:
    told = b""
    async with asyncio.timeout(20):
        while not (events := read(told)):
            told += await response.content.readany()
    return events[0]


async def test_a_service_tells_at_once_what_runs(guarded: Office) -> None:  # noqa: F811
    async with listening(guarded) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        _, kind, content = await first(response)
        assert (kind, content.pop("at")[-6:]) == ("snapshot", "+00:00")
        assert content == {"calls": [], "accounts": [], "queues": []}


async def test_a_token_that_is_revoked_hears_no_more(guarded: Office) -> None:  # noqa: F811
    name, token = await token_of(guarded, Right.READ)
    async with listening(guarded, Authorization=f"Bearer {token}") as response:
        await first(response)
        assert (await guarded.ask("DELETE", f"/tokens/{name}"))[0] == 200
        async with asyncio.timeout(60):
            while await response.content.readany():
                pass


async def test_more_than_may_listen_are_told_so_and_a_dead_one_gives_its_place_back(guarded: Office) -> None:  # noqa: F811
    host, port = guarded.api.split(":")
    question = f"GET /events HTTP/1.1\r\nHost: {guarded.api}\r\nAuthorization: Bearer {guarded.token}\r\n\r\n"
    silent = []
    for _ in range(50):
        one = socket.create_connection((host, int(port)))
        one.sendall(question.encode())
        silent.append(one)

    async def is_let_in() -> bool:
        async with listening(guarded) as response:
            assert response.status in (200, 503)
            return response.status == 200

    async def is_full() -> bool:
        return not await is_let_in()

    try:
        await until(is_full, "fifty listen, and one more is told so")
    finally:
        for one in silent:
            one.close()
    await until(is_let_in, "who is gone gives his place back")
