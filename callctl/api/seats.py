"""The routes of the subscribers' seats.

Rule 1: a secret goes out once, in the answer to what made it.
"""

from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callctl.api.routes import MADE, Route, delete, get, patch, post
from callctl.api.shapes import SeatAdded, SeatShown, SecretShown
from callctl.api.words import Body, Json, read_body
from callctl.calls.seats import Seats, SeatTold
from callctl.clock import rfc3339
from callctl.complaint import Complaint
from callctl.storage.seats import DEVICES_MAX, NETWORKS_MAX, SeatBook, SeatRow, SeatTerms
from callctl.storage.tokens import Right

Networks = Annotated[list[str], Field(max_length=NETWORKS_MAX)]


class NewSeat(Body):
    name: str
    devices: Annotated[int, Field(ge=1, le=DEVICES_MAX)] = 1
    shows: str | None = None  # the account's only number
    allow: Networks | None = None  # that its phones come from; none: from everywhere


class Terms(Body):
    """What is left out stays as it is."""

    do_not_disturb: bool | None = None
    busy_on_busy: bool | None = None
    shows: str | None = None  # empty: no number
    allow: Networks | None = None


class NewSecret(Body):
    """None: one is made."""

    secret: Annotated[str, Field(max_length=1_000)] | None = None


class SeatApi:
    def __init__(self, book: SeatBook, seats: Seats) -> None:
        self._book = book
        self._seats = seats

    def routes(self) -> Sequence[Route]:
        every = "/accounts/{account_id}/seats"
        one = f"{every}/{{name}}"
        return [
            get(every, Right.READ, self._get_seats, shows=list[SeatShown]),
            post(every, Right.OPERATE, self._post_seat, body=NewSeat, shows=SeatAdded, gives=MADE),
            patch(one, Right.OPERATE, self._patch_seat, body=Terms, shows=SeatShown),
            delete(one, Right.OPERATE, self._delete_seat, shows=SeatShown),
            post(
                f"{one}/devices/{{device}}/secret",
                Right.OPERATE,
                self._post_secret,
                body=NewSecret,
                shows=SecretShown,
                gives=MADE,
            ),
        ]

    async def _get_seats(self, request: web.Request) -> web.Response:
        """The seats of an account."""
        seats = await self._book.all_of(request.match_info["account_id"])
        return web.json_response([self._show(seat) for seat in seats])

    async def _post_seat(self, request: web.Request) -> web.Response:
        """Add a seat; the secrets of its phones are told this once."""
        asked = await read_body(request, NewSeat)
        account_id = request.match_info["account_id"]
        added = await self._book.add(account_id, asked.name, asked.devices, asked.shows, asked.allow or ())
        shown = {**self._show(added.seat), "secrets": added.secrets, "warnings": added.warnings}
        return web.json_response(shown, status=201)

    async def _patch_seat(self, request: web.Request) -> web.Response:
        """Change a seat; what is left out stays."""
        asked = await read_body(request, Terms)
        if not asked.model_dump(exclude_none=True):
            raise Complaint("nothing to set: give do_not_disturb, busy_on_busy, shows or allow")
        terms = SeatTerms(asked.do_not_disturb, asked.busy_on_busy, asked.shows, asked.allow)
        return web.json_response(self._show(await self._book.set_terms(*_name(request), terms)))

    async def _delete_seat(self, request: web.Request) -> web.Response:
        """Remove a seat that no scheme rings."""
        return web.json_response(self._show(await self._book.remove(*_name(request))))

    async def _post_secret(self, request: web.Request) -> web.Response:
        """A new secret for a phone: one that is made, told this once, or one that was chosen."""
        asked = await read_body(request, NewSecret)
        device = request.match_info["device"]
        secret = await self._book.new_secret(*_name(request), device, asked.secret)
        shown = secret if asked.secret is None else None
        return web.json_response({"device": device, "secret": shown}, status=201)

    def _show(self, seat: SeatRow) -> Json:
        told = seat.told
        return {
            "account_id": told.account_id,
            "name": told.name,
            "devices": list(told.devices),
            "shows": told.shows,
            "allow": list(told.allowed),
            "do_not_disturb": told.is_undisturbed,
            "busy_on_busy": told.is_busy_on_busy,
            "state": self._state(told),
            "added_at": rfc3339(seat.added_at),
        }

    def _state(self, told: SeatTold) -> str:
        if self._seats.is_engaged(told.account_id, told.name):
            return "talking"
        if told.is_undisturbed:
            return "undisturbed"
        return "free" if self._seats.is_there(told.account_id, told.name) else "away"


def _name(request: web.Request) -> tuple[str, str]:
    return request.match_info["account_id"], request.match_info["name"]
