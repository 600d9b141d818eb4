"""Orders on a real Asterisk: what it does of them, and what it says then."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from callctl.asterisk.ami import Ami
from callctl.asterisk.ari import Ari
from callctl.asterisk.sounds import Sounds
from callctl.asterisk.switch import Switch
from callctl.asterisk.wire import Frame, read
from callctl.calls.events import (
    CallArrived,
    DigitPressed,
    Event,
    LegEvent,
    LegReady,
    PromptEnded,
    RecordingEnded,
    Why,
)
from callctl.calls.legs import is_leg_id
from callctl.calls.orders import (
    Answer,
    Inside,
    Join,
    MediaOrder,
    MusicOff,
    MusicOn,
    Part,
    PlaceLeg,
    PlayToLeg,
    RecordLeg,
    StopPlaying,
    StopRecording,
)
from callctl.clock import Clock
from callctl.complaint import Complaint
from callctl.stack.asterisk_program import find_asterisk
from callctl.stack.music import provide_music
from tests.shell.exchanges import Exchange, running, settings_in, unheard, until

pytestmark = pytest.mark.e2e

NUMBER = "74951234567"
LONG = ("ru/queue/wait",) * 20
Told = TypeVar("Told", bound=LegEvent | CallArrived)


@dataclass
class Rig:
    exchange: Exchange
    own_sounds: Path
    heard: list[Event] = field(default_factory=list)
    is_up: bool = False
    _switch: Switch | None = None

    async def does(self, order: MediaOrder) -> Why | None:
        assert self._switch
        return await self._switch.carry_out(order)

    async def hears(self, kind: type[Told], leg_id: str) -> Told:
        def told() -> list[Told]:
            return [event for event in self.heard if isinstance(event, kind) and event.leg_id == leg_id]

        await until(told, f"{kind.__name__} of {leg_id} among {self.heard}")
        return told()[-1]

    async def caller(self) -> str:
        """A call that came in and was answered; who calls has the same id without its end."""
        leg_id = await self.exchange.call(NUMBER, "callctl-in", app="callctl")
        await self.hears(CallArrived, leg_id)
        assert await self.does(Answer(leg_id)) is None
        await self.ask("POST", f"/channels/{leg_id}/variable", variable="TIMEOUT(absolute)", value="0")
        return leg_id

    async def ask(self, method: str, path: str, **query: str) -> object:
        async with (
            self.exchange.ari() as session,
            session.request(method, f"/ari{path}", params=query) as answer,
        ):
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status == 200 else None

    async def connect(self, tasks: asyncio.TaskGroup) -> None:
        settings, clock = self.exchange.settings, Clock()

        def on_frame(frame: Frame) -> None:
            if event := read(frame):
                self.heard.append(event)

        def on_state(is_up: bool) -> None:
            self.is_up = is_up

        ari = Ari(
            f"http://127.0.0.1:{settings.http_port}",
            settings.ari_user,
            settings.ari_secret,
            on_frame=on_frame,
            now_ms=clock.now_ms,
            on_list=unheard,
            on_state=on_state,
        )
        ami = Ami("127.0.0.1", settings.ami_port, settings.ami_user, settings.ami_secret, on_state=print)
        self._switch = Switch(ari, ami, clock, self.own_sounds)
        tasks.create_task(ari.run())
        await until(lambda: self.is_up, "ARI is up")


@pytest.fixture(scope="module")
async def lasting_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    program = await find_asterisk(lambda _line: None)
    folder = tmp_path_factory.mktemp("switch")
    settings = settings_in(folder / "run", take_over_s=20)
    async with running(program, settings):
        rig = Rig(Exchange(program, settings), folder / "sounds")
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(_serve(rig))
            await until(lambda: rig.is_up or serving.done(), "ARI is up")
            yield rig
            serving.cancel()


async def _serve(rig: Rig) -> None:
    async with asyncio.TaskGroup() as tasks:
        await rig.connect(tasks)


@pytest.fixture
async def rig(lasting_rig: Rig) -> AsyncIterator[Rig]:
    """Nobody calls any more when the test is over."""
    yield lasting_rig
    channels = await lasting_rig.ask("GET", "/channels")
    assert isinstance(channels, list)
    for channel in channels:
        async with lasting_rig.exchange.ari() as session:
            await session.delete(f"/ari/channels/{channel['id']}")
    lasting_rig.heard.clear()


async def test_a_prompt_that_is_stopped_ends_at_once_and_again_is_no_trouble(rig: Rig) -> None:
    leg_id = await rig.caller()
    assert await rig.does(PlayToLeg(leg_id, 1, LONG)) is None
    assert await rig.does(StopPlaying(leg_id, 1)) is None
    assert await rig.hears(PromptEnded, leg_id) == PromptEnded(leg_id, 1, was_played=True)
    assert await rig.does(StopPlaying(leg_id, 1)) is None


async def test_a_row_with_a_sound_that_is_missing_is_not_played(rig: Rig) -> None:
    leg_id = await rig.caller()
    assert (
        await rig.does(PlayToLeg(leg_id, 1, ("ru/queue/wait", "ru/nothing", "ru/queue/wait"))) is Why.REJECTED
    )
    assert await rig.ask("GET", "/channels") != []
    assert not [event for event in rig.heard if isinstance(event, PromptEnded)]


async def test_a_subscribers_own_sound_is_played(rig: Rig) -> None:
    provide_music(_folder(rig.own_sounds / "own" / "anna"))
    leg_id = await rig.caller()
    assert await rig.does(PlayToLeg(leg_id, 1, ("own/anna/broken-chords", "ru/queue/wait"))) is None
    assert await rig.does(StopPlaying(leg_id, 1)) is None
    assert (await rig.hears(PromptEnded, leg_id)).was_played


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def test_a_name_that_leads_out_of_the_folder_is_no_sound(tmp_path: Path) -> None:
    _folder(tmp_path / "own" / "anna")
    (tmp_path / "secret.wav").touch()
    assert Sounds(tmp_path).media(()) == ()
    for name in ("own/../secret", "own/anna/../../secret", "own/secret", "ru/../secret"):
        with pytest.raises(Exception, match="secret"):
            Sounds(tmp_path).media((name,))


def test_a_folder_with_a_comma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="without a comma"):
        Sounds(tmp_path / "a,b")


async def test_music_goes_on_and_off_and_off_again(rig: Rig) -> None:
    leg_id = await rig.caller()
    for order in (MusicOn(leg_id, "default"), MusicOff(leg_id), MusicOff(leg_id)):
        assert await rig.does(order) is None
    assert await rig.does(MusicOff("nobody")) is None


async def test_what_is_said_is_on_disk_when_the_recording_is_stopped(rig: Rig) -> None:
    leg_id = await rig.caller()
    name = "message/anna/box/one"
    await rig.ask("POST", f"/channels/{leg_id.removesuffix('-in')}/play", media="tone:!1000/60000")
    assert await rig.does(RecordLeg(leg_id, name, 60_000, 10_000, beep=False)) is None
    file = rig.exchange.settings.recordings / f"{name}.wav"
    await until(lambda: file.exists() and file.stat().st_size > 2 * 8_000, "a second is on disk")
    assert await rig.does(StopRecording(leg_id, name)) is None
    ended = await rig.hears(RecordingEnded, leg_id)
    assert (ended.recording, ended.was_kept) == (name, True)
    assert ended.length_ms >= 1_000
    assert any(file.read_bytes()[44:]), "nothing but silence"
    assert await rig.does(StopRecording(leg_id, name)) is None
    assert await rig.does(RecordLeg(leg_id, name, 60_000, 10_000, beep=False)) is Why.REJECTED, "it exists"


async def test_a_digit_is_told(rig: Rig) -> None:
    leg_id = await rig.caller()
    await rig.ask("POST", f"/channels/{leg_id.removesuffix('-in')}/dtmf", dtmf="7")
    assert (await rig.hears(DigitPressed, leg_id)).digit == "7"


async def test_a_call_inside_arrives_with_its_hops(rig: Rig) -> None:
    leg_id = await rig.caller()
    placed = f"leg1-{leg_id}"
    until_ms = Clock().now_ms() + 60_000
    order = PlaceLeg(placed, leg_id, Inside("74957654321", 3), "79031112233", until_ms, is_paid=False)
    assert await rig.does(order) is None
    await rig.hears(LegReady, placed)
    await rig.ask("POST", f"/channels/{placed}/dial", caller=leg_id)
    arrived = await rig.hears(CallArrived, f"in-{placed}")
    assert (arrived.number, arrived.hops) == ("74957654321", 3)
    assert not is_leg_id(arrived.leg_id)


async def test_a_leg_that_parts_stays_up_alone(rig: Rig) -> None:
    leg_id = await rig.caller()
    for order in (
        Join("room", (leg_id,)),
        Join("room", (leg_id,)),
        Part("room", leg_id),
        Part("room", leg_id),
    ):
        assert await rig.does(order) is None
    channels = await rig.ask("GET", "/channels")
    assert leg_id in str(channels)
    assert await rig.does(Part("nothing", leg_id)) is None
    await rig.ask("DELETE", "/bridges/room")
