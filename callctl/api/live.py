"""The routes of what is up now: a call is ended by hand; the lines to carriers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from aiohttp import web

from callctl.api.routes import Route, delete, get
from callctl.api.shapes import CallNamed, TrunkShown
from callctl.asterisk.trunks import TrunkView
from callctl.storage.tokens import Right


class LiveApi:
    def __init__(
        self, release: Callable[[str], None], trunks: Callable[[], Awaitable[list[TrunkView]]]
    ) -> None:
        self._release = release
        self._trunks = trunks

    def routes(self) -> Sequence[Route]:
        return [
            delete("/calls/{call_id}", Right.OPERATE, self._delete_call, shows=CallNamed),
            get("/trunks", Right.READ, self._get_trunks, shows=list[TrunkShown]),
        ]

    async def _delete_call(self, request: web.Request) -> web.Response:
        """End a call by hand."""
        call_id = request.match_info["call_id"]
        self._release(call_id)
        return web.json_response({"call_id": call_id})

    async def _get_trunks(self, request: web.Request) -> web.Response:
        """The lines to carriers, as Asterisk sees them."""
        return web.json_response([asdict(trunk) for trunk in await self._trunks()])
