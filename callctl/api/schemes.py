"""The routes of numbers and their routing schemes."""

import re
from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from callctl.api.account_words import Known
from callctl.api.routes import MADE, MADE_ONCE, Route, get, post, put
from callctl.api.shapes import NumberAdded, SchemeLoaded, SchemeShown, SchemeVersion
from callctl.api.words import Body, Json, NewNumber, SchemeText, read_body
from callctl.clock import rfc3339
from callctl.complaint import Complaint, Wrong
from callctl.storage.schemes import Loaded, Schemes
from callctl.storage.tokens import Right
from callctl.storage.versions import VersionRow

NEWEST = "newest"

_TAG = re.compile(r'"[0-9]{1,9}"')
_VERSION = re.compile(r"[0-9]{1,9}")


class NewScheme(Body):
    scheme: SchemeText
    note: Annotated[Known, StringConstraints(max_length=200)] = ""


class Rollback(Body):
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None  # the one before the newest


class SchemeApi:
    def __init__(self, schemes: Schemes) -> None:
        self._schemes = schemes

    def routes(self) -> Sequence[Route]:
        one = "/numbers/{e164}"
        return [
            post("/numbers", Right.OPERATE, self._post_number, body=NewNumber, shows=NumberAdded, gives=MADE),
            put(
                f"{one}/scheme",
                Right.OPERATE,
                self._put_scheme,
                body=NewScheme,
                shows=SchemeLoaded,
                gives=MADE_ONCE,
            ),
            get(f"{one}/schemes", Right.READ, self._get_schemes, shows=list[SchemeVersion]),
            get(f"{one}/schemes/{{version}}", Right.READ, self._get_scheme, shows=SchemeShown),
            post(
                f"{one}/rollback",
                Right.OPERATE,
                self._post_rollback,
                body=Rollback,
                shows=SchemeLoaded,
                gives=MADE_ONCE,
            ),
        ]

    async def _post_number(self, request: web.Request) -> web.Response:
        """Add a number with the first version of its scheme."""
        asked = await read_body(request, NewNumber)
        loaded = await self._schemes.add_number(asked.e164, asked.account_id, asked.scheme)
        shown = {"e164": loaded.version.number, "account_id": loaded.version.account_id}
        return web.json_response({**shown, "warnings": loaded.warnings}, status=201)

    async def _put_scheme(self, request: web.Request) -> web.Response:
        """Load a scheme, in force for the next call; with `If-Match: "2"` only if version 2 is the newest."""
        asked = await read_body(request, NewScheme)
        return _loaded(await self._schemes.load(_e164(request), asked.scheme, asked.note, _upon(request)))

    async def _get_schemes(self, request: web.Request) -> web.Response:
        """The versions of a scheme, newest first."""
        versions = await self._schemes.history(_e164(request))
        return web.json_response([show_version(version) for version in versions])

    async def _get_scheme(self, request: web.Request) -> web.Response:
        """One version with its text; `newest` is one."""
        asked = request.match_info["version"]
        if asked != NEWEST and not _VERSION.fullmatch(asked):
            raise Complaint(f"{asked!r} is no version: give a number such as 2, or {NEWEST}")
        version, text = await self._schemes.read(_e164(request), 0 if asked == NEWEST else int(asked))
        return web.json_response({**show_version(version), "scheme": text}, headers=_tag(version))

    async def _post_rollback(self, request: web.Request) -> web.Response:
        """Load an older version again."""
        asked = await read_body(request, Rollback)
        return _loaded(await self._schemes.roll_back(_e164(request), asked.version, _upon(request)))


def show_version(version: VersionRow) -> Json:
    return {
        "number": version.number,
        "account_id": version.account_id,
        "version": version.version,
        "digest": version.digest,
        "loaded_at": rfc3339(version.loaded_at),
        "note": version.note,
    }


def _loaded(loaded: Loaded) -> web.Response:
    shown = {**show_version(loaded.version), "is_new": loaded.is_new, "warnings": loaded.warnings}
    return web.json_response(shown, status=201 if loaded.is_new else 200, headers=_tag(loaded.version))


def _tag(version: VersionRow) -> dict[str, str]:
    return {"ETag": f'"{version.version}"'}


def _upon(request: web.Request) -> int | None:
    """None: whatever is the newest."""
    text = request.headers.get("If-Match", "*")
    if text == "*":
        return None
    if not _TAG.fullmatch(text):
        raise Wrong("If-Match", f'{text!r} is no version: give one such as "2", with its quotes')
    return int(text.strip('"'))


def _e164(request: web.Request) -> str:
    return request.match_info["e164"]
