"""The routes of the person who keeps tariffs: profiles in force, loads, and the calls of a period.

Rule 1: a profile has a limit of its own for its size, and goes to a file as it comes in.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field

from callctl.api.routes import MADE_ONCE, Route, get, post, put
from callctl.api.shapes import LoadShown, PastCalls, ProfileLoaded, ProfileShown
from callctl.api.words import Asked, Body, Json, read_body, read_query
from callctl.clock import moment, rfc3339
from callctl.complaint import Complaint
from callctl.storage.past_calls import PAGE_MAX, PastCallRow
from callctl.storage.profiles import LoadRow
from callctl.storage.tokens import Right
from callctl.tariffs.desk import Loaded, TariffDesk
from callctl.tariffs.summary import summarize
from callctl.tariffs.zipped import ZIPPED_BYTES_MAX
from rating.calendar import moment_of
from rating.reading.profile_source import NAME

ZIP_TYPE = "application/zip"
DAY_REMEDY = "give a day or a time such as 2026-11-01T00:00+03:00"


def _moment(text: object) -> datetime:
    if not isinstance(text, str):
        raise ValueError(DAY_REMEDY)
    try:
        at: date = datetime.fromisoformat(text) if len(text) > len("2026-11-01") else date.fromisoformat(text)
        return moment(moment_of(at))
    except (ValueError, OverflowError):
        raise ValueError(DAY_REMEDY) from None


Day = Annotated[datetime, BeforeValidator(_moment)]


class Rollback(Body):
    load: Annotated[int, Field(ge=1, lt=2**63)]


class LoadAsked(Asked):
    short_notice: Literal["yes", "no"] = "no"


class PeriodAsked(Asked):
    """A day is its midnight in Moscow."""

    begin: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    after: str = ""


class TariffApi:
    def __init__(self, desk: TariffDesk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        return [
            get("/profiles", Right.READ, self._get_profiles, shows=list[ProfileShown]),
            put(
                "/profiles/{name}",
                Right.ADMIN,
                self._put_profile,
                takes=ZIP_TYPE,
                query=LoadAsked,
                shows=ProfileLoaded,
                gives=MADE_ONCE,
            ),
            get("/profiles/{name}/loads", Right.READ, self._get_loads, shows=list[LoadShown]),
            post(
                "/profiles/{name}/rollback",
                Right.ADMIN,
                self._post_rollback,
                body=Rollback,
                shows=ProfileLoaded,
                gives=MADE_ONCE,
            ),
            get("/legs", Right.READ, self._get_legs, query=PeriodAsked, shows=PastCalls),
        ]

    async def _get_profiles(self, request: web.Request) -> web.Response:
        """The tariffs in force."""
        profiles = self._desk.tariffs.profiles
        return web.json_response([summarize(profiles[name]) for name in sorted(profiles)])

    async def _put_profile(self, request: web.Request) -> web.Response:
        """Load a profile: the files of one operator, zipped."""
        name = _name(request)
        if request.content_type != ZIP_TYPE:
            raise web.HTTPUnsupportedMediaType(reason=f"send {ZIP_TYPE}")
        asked = read_query(request, LoadAsked)
        with tempfile.TemporaryDirectory(prefix="callctl-") as folder:
            zipped = Path(folder, "profile.zip")
            await _receive(request, zipped)
            loaded = await self._desk.load(name, zipped, short_notice=asked.short_notice == "yes")
        return web.json_response(_show_loaded(loaded), status=201 if loaded.is_new else 200)

    async def _get_loads(self, request: web.Request) -> web.Response:
        """What was ever loaded under that name, newest first."""
        name = _name(request)
        loads = await self._desk.history(name)
        return web.json_response([_show_load(name, load) for load in loads])

    async def _post_rollback(self, request: web.Request) -> web.Response:
        """Load an older one again."""
        name = _name(request)
        asked = await read_body(request, Rollback)
        return web.json_response(_show_loaded(await self._desk.roll_back(name, asked.load)))

    async def _get_legs(self, request: web.Request) -> web.Response:
        """The connections of all accounts that were answered in a period, page by page."""
        asked = read_query(request, PeriodAsked)
        legs = await self._desk.past_calls(asked.begin, asked.end, asked.after)
        following = legs[-1].leg_id if len(legs) == PAGE_MAX else None
        return web.json_response({"legs": [_show_past_call(leg) for leg in legs], "next": following})


async def _receive(request: web.Request, path: Path) -> None:
    size = request.content_length or 0
    with path.open("wb") as file:
        async for part in request.content.iter_any():
            size = max(size, file.tell() + len(part))
            if size > ZIPPED_BYTES_MAX:
                raise web.HTTPRequestEntityTooLarge(
                    ZIPPED_BYTES_MAX, size, reason=f"more than {ZIPPED_BYTES_MAX // 1_000_000} MB zipped"
                )
            file.write(part)


def _name(request: web.Request) -> str:
    name = request.match_info["name"]
    if not NAME.fullmatch(name):
        raise Complaint(f"{name!r} is no name of a profile: small letters, digits, - and _, at most 40")
    return name


def _show_load(name: str, load: LoadRow) -> Json:
    return {"name": name, **asdict(load), "loaded_at": rfc3339(load.loaded_at)}


def _show_loaded(loaded: Loaded) -> Json:
    return {**_show_load(loaded.name, loaded.load), "is_new": loaded.is_new, "warnings": loaded.warnings}


def _show_past_call(leg: PastCallRow) -> Json:
    return {
        "leg_id": leg.leg_id,
        "account_id": leg.account_id,
        "from": leg.caller,
        "to": leg.number,
        "line": leg.line,
        "answered_at": rfc3339(leg.answered_at),
        "seconds": leg.seconds,
        "charge_kopecks": leg.charge_kopecks,
        "tariff": leg.tariff,
    }
