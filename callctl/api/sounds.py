"""The routes of the subscribers' own sounds.

Rule 1: a sound has a limit of its own for its size; no more of it is read than that.
"""

from collections.abc import Sequence

from aiohttp import web

from callctl.api.routes import MADE_ONCE, Route, delete, get, put
from callctl.api.shapes import SoundAdded, SoundShown
from callctl.api.words import Json
from callctl.clock import rfc3339
from callctl.prompts.sound_check import BYTES_MAX
from callctl.storage.sounds import SoundRow, Sounds
from callctl.storage.tokens import Right

SOUND_TYPE = "audio/wav"


class SoundApi:
    def __init__(self, sounds: Sounds) -> None:
        self._sounds = sounds

    def routes(self) -> Sequence[Route]:
        every = "/accounts/{account_id}/sounds"
        return [
            get(every, Right.READ, self._get_sounds, shows=list[SoundShown]),
            put(
                f"{every}/{{name}}",
                Right.OPERATE,
                self._put_sound,
                takes=SOUND_TYPE,
                shows=SoundAdded,
                gives=MADE_ONCE,
            ),
            delete(f"{every}/{{name}}", Right.OPERATE, self._delete_sound, shows=SoundShown),
        ]

    async def _get_sounds(self, request: web.Request) -> web.Response:
        """The sounds of an account's own."""
        sounds = await self._sounds.all_of(request.match_info["account_id"])
        return web.json_response([_show(sound) for sound in sounds])

    async def _put_sound(self, request: web.Request) -> web.Response:
        """Add a sound, or replace it."""
        if request.content_type != SOUND_TYPE:
            raise web.HTTPUnsupportedMediaType(reason=f"send {SOUND_TYPE}")
        data = await _receive(request)
        added = await self._sounds.add(*_name(request), data)
        shown = {**_show(added.sound), "is_new": added.is_new, "notes": added.notes}
        return web.json_response(shown, status=201 if added.is_new else 200)

    async def _delete_sound(self, request: web.Request) -> web.Response:
        """Remove a sound that no scheme plays."""
        return web.json_response(_show(await self._sounds.remove(*_name(request))))


async def _receive(request: web.Request) -> bytes:
    data, size = bytearray(), request.content_length or 0
    async for part in request.content.iter_any():
        size = max(size, len(data) + len(part))
        if size > BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(
                BYTES_MAX, size, reason=f"more than {BYTES_MAX // 1_000_000} MB: save it as mono, 8 kHz"
            )
        data += part
    return bytes(data)


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["account_id"], request.match_info["name"]


def _show(sound: SoundRow) -> Json:
    return {
        "account_id": sound.account_id,
        "name": sound.name,
        "digest": sound.digest,
        "length_ms": sound.length_ms,
        "added_at": rfc3339(sound.added_at),
    }
