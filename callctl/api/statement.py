"""The route of statements: what an account's money did from one moment to another."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callctl.api.account_shapes import StatementShown
from callctl.api.account_words import Moment
from callctl.api.routes import Route, get
from callctl.api.words import Asked, read_query, show_entry
from callctl.clock import rfc3339
from callctl.complaint import Wrong
from callctl.storage.statement import Statements
from callctl.storage.tokens import Right


class PeriodAsked(Asked):
    begin: Annotated[Moment, Field(alias="from")]
    end: Annotated[Moment, Field(alias="to")]

    def period(self) -> tuple[datetime, datetime]:
        if self.end <= self.begin:
            raise Wrong("to", "give a time after `from`")
        return self.begin, self.end


class StatementApi:
    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def routes(self) -> Sequence[Route]:
        path = "/accounts/{account_id}/statement"
        return [get(path, Right.READ, self._get, query=PeriodAsked, shows=StatementShown)]

    async def _get(self, request: web.Request) -> web.Response:
        """What an account's money did from one moment to another."""
        account_id = request.match_info["account_id"]
        begin, end = read_query(request, PeriodAsked).period()
        told = await self._statements.read(account_id, begin, end)
        return web.json_response(
            {
                "account_id": account_id,
                "from": rfc3339(begin),
                "to": rfc3339(end),
                "opening_kopecks": told.opening_kopecks,
                "closing_kopecks": told.closing_kopecks,
                "totals": [asdict(total) for total in told.totals],
                "lines": [show_entry(line) for line in told.lines],
                "is_whole": told.is_whole,
            }
        )
