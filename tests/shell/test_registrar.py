"""Phones of seats on a real Asterisk: let in by their secrets, and told anew whenever it forgets them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.asterisk.registrar import Registrar
from callctl.asterisk.wire import Frame, read
from callctl.calls.events import DeviceSeen
from callctl.calls.phones import Phone, SeatChanged, phone_with
from callctl.calls.seats import SeatTold
from callctl.clock import Clock
from callctl.demo.phones import Answers, Login, register, start_callee
from callctl.demo.sipp import free_port
from callctl.metrics import REGISTRY
from callctl.stack.asterisk_conf import AsteriskSettings
from callctl.stack.asterisk_program import AsteriskProgram, find_asterisk
from callctl.storage.seats import REALM
from tests.shell.exchanges import Exchange, running, settings_in, unheard, until

pytestmark = pytest.mark.e2e

ANNA, BORIS = Login("ann-anna-1", "secret-1"), Login("ann-boris-1", "secret-2")


def seat(login: Login) -> SeatChanged:
    name = login.user.split("-")[1]
    phone = phone_with(login.user, REALM, login.secret)
    return SeatChanged("ann", name, SeatTold("ann", name, (login.user,)), (phone,))


def gone(login: Login) -> SeatChanged:
    return replace(seat(login), told=None, phones=())


@dataclass
class Rig:
    exchange: Exchange
    folder: Path
    reachable: dict[str, bool] = field(default_factory=dict)

    def seen(self, event: DeviceSeen) -> None:
        self.reachable[event.device] = event.is_reachable

    async def is_let_in(self, login: Login, port: int | None = None, expires_s: int = 600) -> bool:
        sip = self.exchange.settings.sip[1]
        port = port or free_port()
        return await register(login, exchange_port=sip, port=port, folder=self.folder, expires_s=expires_s)

    async def is_logged_in(self, login: Login) -> bool:
        return "No objects found" not in await self.exchange.cli(f"pjsip show contacts like {login.user}")

    async def phones(self) -> set[str]:
        async with self.exchange.ari() as session, session.get("/ari/endpoints/PJSIP") as answer:
            return {one["resource"] for one in await answer.json()} - {"callctl-loopback", "trunk", "spare"}

    async def has(self, *logins: Login) -> None:
        wanted = {login.user for login in logins}
        async with asyncio.timeout(20):
            while await self.phones() != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # Asterisk tells nobody


@asynccontextmanager
async def serving(rig: Rig, *seats: SeatChanged) -> AsyncIterator[Registrar]:
    """As the service has it: connected, and told of what is connected and seen."""
    settings, clock = rig.exchange.settings, Clock()

    def on_frame(frame: Frame) -> None:
        event = read(frame)
        if isinstance(event, DeviceSeen):
            registrar.heard(event.device)
            rig.seen(event)

    def on_state(is_up: bool) -> None:
        if is_up:
            registrar.connected()

    ari = Ari(
        f"http://127.0.0.1:{settings.http_port}",
        settings.ari_user,
        settings.ari_secret,
        on_frame=on_frame,
        now_ms=clock.now_ms,
        on_list=unheard,
        on_state=on_state,
    )
    registrar = Registrar(ari, rig.seen)
    for change in seats:
        registrar.seat_changed(change)
    tasks = [asyncio.create_task(ari.run()), asyncio.create_task(registrar.run())]
    try:
        yield registrar
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.fixture(scope="module")
async def program() -> AsteriskProgram:
    return await find_asterisk(lambda _line: None)


@pytest.fixture(scope="module")
async def settings(
    program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsteriskSettings]:
    settings = settings_in(tmp_path_factory.mktemp("registrar") / "run")
    async with running(program, settings):
        yield settings


@pytest.fixture
async def rig(program: AsteriskProgram, settings: AsteriskSettings, tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(Exchange(program, settings), tmp_path)
    yield rig
    async with serving(rig):  # with no seats: whatever the test left is taken away
        await rig.has()


async def test_a_phone_is_let_in_by_its_secret_and_by_no_other(rig: Rig) -> None:
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
        assert await rig.is_let_in(ANNA)
        assert not await rig.is_let_in(replace(ANNA, secret="secret-2"))
        assert not await rig.is_let_in(BORIS)


async def test_a_new_secret_counts_and_the_one_before_no_more(rig: Rig) -> None:
    new = replace(ANNA, secret="new")
    async with serving(rig, seat(ANNA)) as registrar:
        await rig.has(ANNA)
        assert await rig.is_let_in(ANNA)
        registrar.seat_changed(seat(new))
        registrar.seat_changed(seat(BORIS))  # told after her
        await rig.has(ANNA, BORIS)
        assert not await rig.is_logged_in(ANNA)
        assert not await rig.is_let_in(ANNA)
        assert await rig.is_let_in(new)


async def test_a_phone_that_logs_in_is_seen_and_seen_to_leave(rig: Rig) -> None:
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
        port = free_port()
        assert await rig.is_let_in(ANNA, port)
        async with await start_callee(Answers(), folder=rig.folder, port=port):
            await until(lambda: rig.reachable.get(ANNA.user), "her phone is seen")
        assert await rig.is_let_in(ANNA, port, expires_s=0)
        await until(lambda: not rig.reachable[ANNA.user], "her phone is seen to leave")


async def test_a_phone_that_loses_its_power_is_not_there_any_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callctl.asterisk.registrar.ASKED_EVERY_S", 1)
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
        port = free_port()
        assert await rig.is_let_in(ANNA, port)
        async with await start_callee(Answers(), folder=rig.folder, port=port):
            await until(lambda: rig.reachable.get(ANNA.user), "her phone is seen")
        await until(lambda: not rig.reachable[ANNA.user], "her phone is missed")


async def test_a_service_that_connects_later_sees_who_is_logged_in(rig: Rig) -> None:
    port = free_port()
    async with serving(rig, seat(ANNA), seat(BORIS)):
        await rig.has(ANNA, BORIS)
        assert await rig.is_let_in(ANNA, port)
        async with await start_callee(Answers(), folder=rig.folder, port=port):
            await until(lambda: rig.reachable.get(ANNA.user), "her phone is seen")
    rig.reachable.clear()
    async with serving(rig, seat(ANNA), seat(BORIS)):
        await until(lambda: rig.reachable == {ANNA.user: True, BORIS.user: False}, "both are looked at")


async def test_news_that_came_after_a_list_was_asked_for_counts(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Ari.list_phones

    async def answered_late(ari: Ari) -> dict[str, str]:
        states = await listed(ari)
        registrar.heard(ANNA.user)
        rig.seen(DeviceSeen(ANNA.user, is_reachable=True))
        return states

    monkeypatch.setattr(Ari, "list_phones", answered_late)
    async with serving(rig, seat(ANNA), seat(BORIS)) as registrar:
        await rig.has(ANNA, BORIS)
        assert rig.reachable == {ANNA.user: True, BORIS.user: False}


async def test_what_asterisk_does_not_list_is_asked_for_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Ari.list_phones
    answers = [AriRefused(500, "Allocation failed"), AriUnknown("no answer")]

    async def refused_at_first(ari: Ari) -> dict[str, str]:
        if answers:
            raise answers.pop()
        return await listed(ari)

    monkeypatch.setattr("callctl.asterisk.registrar.RETRY_S", 0.01)
    monkeypatch.setattr(Ari, "list_phones", refused_at_first)
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)


async def test_whoever_is_the_offices_no_more_is_taken_away_at_the_next_connect(rig: Rig) -> None:
    async with serving(rig, seat(ANNA), seat(BORIS)):
        await rig.has(ANNA, BORIS)
    async with serving(rig, seat(BORIS)):
        await rig.has(BORIS)
    assert not await rig.is_let_in(ANNA)


async def test_a_seat_that_goes_takes_its_phone_and_its_login_along(rig: Rig) -> None:
    async with serving(rig, seat(ANNA)) as registrar:
        await rig.has(ANNA)
        port = free_port()
        assert await rig.is_let_in(ANNA, port)
        registrar.seat_changed(gone(ANNA))
        await rig.has()
        registrar.seat_changed(seat(ANNA))
        await rig.has(ANNA)
        assert not await rig.is_logged_in(ANNA)


def refused() -> float:
    return REGISTRY.get_sample_value("callctl_phones_refused_total") or 0


async def test_lines_to_carriers_are_left_alone(rig: Rig) -> None:
    before = refused()
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
    assert refused() == before


async def test_a_phone_that_asterisk_refuses_is_counted_and_the_others_are_let_in(rig: Rig) -> None:
    before = refused()
    async with serving(rig, replace(seat(ANNA), phones=(Phone(ANNA.user, REALM, ""),)), seat(BORIS)):
        await until(lambda: refused() > before, "the refusal is counted")
        await rig.has(BORIS)


async def test_after_a_restart_of_asterisk_the_phones_are_let_in_and_seen_again(
    program: AsteriskProgram, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path / "run")
    rig = Rig(Exchange(program, settings), tmp_path)
    port = free_port()
    async with serving(rig, seat(ANNA)):
        async with running(program, settings):
            await rig.has(ANNA)
            assert await rig.is_let_in(ANNA, port)
        async with (
            await start_callee(Answers(), folder=rig.folder, port=port),
            running(program, settings),
        ):
            rig.reachable.clear()
            await rig.has(ANNA)
            await until(lambda: rig.reachable.get(ANNA.user), "her login outlived the restart")
