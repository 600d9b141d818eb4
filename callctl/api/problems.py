"""What is wrong, said as a problem of RFC 9457: its status, one line, and the fields that it is about.

Rule 1: a fault of whoever asks changes nothing, and a fault of ours is counted and in the log.
Rule 2: the database away is 503, and nothing is half done.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from callctl import metrics
from callctl.api.openapi import PROBLEM_TYPE
from callctl.api.routes import Serve
from callctl.api.words import WHY, Json
from callctl.asterisk.trunks import NoAsterisk
from callctl.complaint import Clash, Complaint, Exists, Missing, Stale, Wrong
from callctl.settings import fault_of, faults_of
from callctl.storage.database import DatabaseAway, Fenced
from callctl.storage.seats import Rung
from callctl.storage.sounds import Played
from callctl.tariffs.desk import InUse

STATUSES: dict[type[Exception], int] = {
    Missing: 404,
    Exists: 409,
    Clash: 409,
    InUse: 409,
    Played: 409,
    Rung: 409,
    Stale: 412,
    DatabaseAway: 503,
    NoAsterisk: 503,
    Fenced: 503,
}
# What a refusal tells besides its words.
TOLD = ("WWW-Authenticate", "Retry-After", "Allow")

log = logging.getLogger(__name__)


@web.middleware
async def problems(request: web.Request, handler: Serve) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        return _problem(request, 400, "; ".join(faults_of(error)), _fields(error))
    except Wrong as error:
        fields = [{"field": error.field, "detail": detail} for detail in error.details]
        return _problem(request, 400, str(error), fields)
    except (Complaint, DatabaseAway, Fenced) as error:
        detail = f"the database is away: {error}" if isinstance(error, DatabaseAway) else str(error)
        return _problem(request, STATUSES.get(type(error), 400), detail)
    except web.HTTPException as error:
        told = {name: error.headers[name] for name in TOLD if name in error.headers}
        detail = f"{request.method} {request.path!r}: {error.reason}"
        return _problem(request, error.status, detail, headers=told)
    except (web.RequestPayloadError, ConnectionResetError):
        log.info("%s %r: whoever asked did not wait for the end of the answer", request.method, request.path)
        return _problem(request, 400, "whoever asked broke off")
    except Exception:
        metrics.FAULTS.inc()
        log.exception("%s %r met a fault of ours", request.method, request.path)
        return _problem(request, 500, "a fault of the service: its log says more")


def _fields(error: ValidationError) -> list[Json]:
    """A body that is no JSON at all has no field."""
    return [
        {"field": ".".join(map(str, fault["loc"])), "detail": fault_of((), fault["msg"])}
        for fault in error.errors()
        if fault["loc"]
    ]


def _problem(
    request: web.Request,
    status: int,
    detail: str,
    fields: Sequence[Json] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    request[WHY] = detail
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if fields:
        told["errors"] = list(fields)
    return web.json_response(told, status=status, content_type=PROBLEM_TYPE, headers=headers)
