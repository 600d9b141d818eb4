"""`GET /audit`, and what writes it: who changed what, and what came of it.

Rule 1: an attempt that was refused is written down as well, if a token was known; a question is not.
Rule 2: whoever gets his answer can read the line of it.
"""

from collections.abc import Sequence

from aiohttp import web

from callctl.api.access import WHO, Known, route_of
from callctl.api.account_words import Known as KnownText
from callctl.api.pages import PageAsked, show_page
from callctl.api.routes import Route, Serve, get
from callctl.api.shapes import DeedPage
from callctl.api.words import WHY, Json, read_query
from callctl.clock import rfc3339
from callctl.storage.deeds import DeedRow, Deeds
from callctl.storage.tokens import Right

NEWEST = 2**63 - 1


class DeedsAsked(PageAsked):
    who: KnownText = ""


class DeedApi:
    def __init__(self, deeds: Deeds) -> None:
        self.deeds = deeds

    def routes(self) -> Sequence[Route]:
        return [
            get(
                "/audit",
                Right.ADMIN,
                self._get_audit,
                query=DeedsAsked,
                shows=DeedPage,
            )
        ]

    async def _get_audit(self, request: web.Request) -> web.Response:
        """Who changed what, newest first."""
        asked = read_query(request, DeedsAsked)
        (before,) = asked.key(int) or (NEWEST,)
        rows = await self.deeds.page(int(before), asked.who, asked.limit + 1)
        return web.json_response(show_page(rows, asked.limit, _show, lambda row: [row.serial]))


class Scribe:
    def __init__(self, deeds: Deeds, known: Known) -> None:
        self._deeds = deeds
        self._known = known

    @web.middleware
    async def note(self, request: web.Request, handler: Serve) -> web.StreamResponse:
        response = await handler(request)
        route, who = route_of(request, self._known), request.get(WHO)
        if route and who and route.changes:
            subject, why = request.rel_url.raw_path, request.get(WHY, "")
            await self._deeds.write(who.name, route.method, route.path, subject, response.status, why)
        return response


def _show(row: DeedRow) -> Json:
    deed = row.deed
    return {
        "serial": row.serial,
        "at": rfc3339(deed.at),
        "who": deed.who,
        "method": deed.method,
        "route": deed.route,
        "subject": deed.subject,
        "status": deed.status,
        "detail": deed.detail,
    }
