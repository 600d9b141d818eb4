"""`POST /reconcile`: ledger and witness of a period compared, told line by line as it goes on.

Rule 1: every line is an object of JSON; the last one is the total, or a `detail` that says why there is none.
"""

import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator

from callctl.api.routes import Route, post
from callctl.api.words import Body, Json, read_body
from callctl.complaint import Complaint
from callctl.period import Period, Progress, Reported, Total
from callctl.storage.database import DatabaseAway
from callctl.storage.tokens import Right
from callctl.times import read_moment

log = logging.getLogger(__name__)

LINES_TYPE = "application/x-ndjson"

OpenPeriod = Callable[[datetime, datetime, bool], Period]


def _moment(text: str) -> str:
    read_moment(text)
    return text


class AskedPeriod(Body):
    begin: Annotated[str, AfterValidator(_moment)]
    end: Annotated[str, AfterValidator(_moment)]
    fix: bool = False


class ReconcileApi:
    def __init__(self, open_period: OpenPeriod) -> None:
        self._open = open_period

    def routes(self) -> Sequence[Route]:
        return [
            post(
                "/reconcile",
                Right.MONEY,
                self._post,
                body=AskedPeriod,
                sends=LINES_TYPE,
            )
        ]

    async def _post(self, request: web.Request) -> web.StreamResponse:
        """Ledger and witness of a period compared, line by line."""
        asked = await read_body(request, AskedPeriod)
        begin, end = read_moment(asked.begin), read_moment(asked.end)
        if begin >= end:
            raise Complaint("begin is not before end: turn them round")
        response = web.StreamResponse(headers={"Content-Type": LINES_TYPE})
        await response.prepare(request)
        async for line in _lines(self._open(begin, end, asked.fix)):
            await response.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        await response.write_eof()
        return response


async def _lines(period: Period) -> AsyncIterator[Json]:
    """What has begun cannot be refused any more: a fault is its last line."""
    try:
        async for told in period.report():
            yield _shown(told)
    except DatabaseAway as error:
        yield {"detail": f"the database is away: {error}"}
    except OSError as error:
        yield {"detail": f"the witness cannot be read: {error.strerror}"}


def _shown(told: Reported | Progress | Total) -> Json:
    match told:
        case Reported():
            difference = told.difference
            return {
                "kind": difference.kind.value,
                "account_id": difference.account_id,
                "leg_id": difference.leg_id,
                "difference_kopecks": difference.kopecks,
                "difference_gift_s": difference.gift_s,
                "what": difference.what,
                "mended": told.mended,
                "why_not": told.why_not,
            }
        case Progress():
            return {"until": told.until}
        case Total():
            return {"total": asdict(told)}
