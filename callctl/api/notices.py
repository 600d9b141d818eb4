"""The route of notices: what accounts' owners and the operator should be told."""

from collections.abc import Sequence

from aiohttp import web

from callctl.api.account_words import Known
from callctl.api.pages import PageAsked, show_page
from callctl.api.routes import Route, get
from callctl.api.shapes import Shape, Stamp
from callctl.api.words import Json, read_query
from callctl.clock import rfc3339
from callctl.storage.notices import NoticeRow, Notices
from callctl.storage.tokens import Right

NEWEST = 2**63 - 1


class NoticesAsked(PageAsked):
    account_id: Known = ""


class NoticeShown(Shape):
    serial: int
    at: Stamp
    account_id: str
    cause: str
    subject: str
    call_id: str


class NoticePage(Shape):
    items: list[NoticeShown]
    next: str | None


class NoticeApi:
    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def routes(self) -> Sequence[Route]:
        return [get("/notices", Right.READ, self._get_notices, query=NoticesAsked, shows=NoticePage)]

    async def _get_notices(self, request: web.Request) -> web.Response:
        """What should be told of accounts, newest first, page by page."""
        asked = read_query(request, NoticesAsked)
        (before,) = asked.key(int) or (NEWEST,)
        rows = await self._notices.page(int(before), asked.account_id, asked.limit + 1)
        return web.json_response(show_page(rows, asked.limit, show_notice, lambda row: [row.serial]))


def show_notice(row: NoticeRow) -> Json:
    return {
        "serial": row.serial,
        "at": rfc3339(row.at),
        "account_id": row.account_id,
        "cause": row.cause,
        "subject": row.subject,
        "call_id": row.call_id,
    }
