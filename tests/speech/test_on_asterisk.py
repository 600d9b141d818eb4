"""A real Asterisk plays what we ship and what we convert."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from callctl.places import SOUNDS
from callctl.prompts.shelf import Shelf
from callctl.prompts.sound_check import Sound, check_sound
from callctl.stack.asterisk import AsteriskSettings
from callctl.stack.asterisk_program import find_asterisk
from dialplan.speech.say import say_balance, say_position
from tests.shell.exchanges import running, settings_in
from tests.speech.sounds import tone, wav

pytestmark = pytest.mark.e2e

PATIENCE_S = 60.0


async def ends_of(settings: AsteriskSettings, *media: str) -> list[str]:
    """How the playing of each ended."""
    url = f"http://127.0.0.1:{settings.http_port}/ari"
    key = {"api_key": f"{settings.ari_user}:{settings.ari_secret}"}
    ends: dict[str, str] = {}
    async with aiohttp.ClientSession(raise_for_status=True) as http, asyncio.timeout(PATIENCE_S):
        events = await http.ws_connect(f"{url}/events", params={**key, "app": "ear", "subscribeAll": "true"})
        for number, sound in enumerate(media):
            await http.post(f"{url}/bridges/b{number}", params={**key, "type": "mixing"})
            played = {**key, "media": sound, "playbackId": f"p{number}"}
            await http.post(f"{url}/bridges/b{number}/play", params=played)
        while len(ends) < len(media):
            event = await events.receive_json()
            if event["type"] == "PlaybackFinished":
                ends[event["playback"]["id"]] = event["playback"]["state"]
        for number in range(len(media)):
            await http.delete(f"{url}/bridges/b{number}", params=key)
        await events.close()
    return [ends[f"p{number}"] for number in range(len(media))]


async def test_it_plays_shipped_sounds_and_converted_ones(tmp_path: Path) -> None:
    said = [*say_balance(12345, "ru"), *say_position(21, "en")]
    shelf = Shelf(SOUNDS)
    converted = check_sound(wav(tone(0.5, 44100), rate=44100))
    assert isinstance(converted, Sound)
    (tmp_path / "own.wav").write_bytes(converted.wav)
    media = [*map(shelf.media, said), f"sound:{tmp_path}/own", f"sound:{tmp_path}/none"]
    program = await find_asterisk(lambda _line: None)
    settings = settings_in(tmp_path / "asterisk")
    async with running(program, settings):
        ends = await ends_of(settings, *(name for name in media if name))
    assert ends == ["done"] * (len(said) + 1) + ["failed"]
