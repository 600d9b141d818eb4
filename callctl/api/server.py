"""The routes.

Rule 1: a fault of whoever asks is a problem with a status and one line; it changes nothing.
Rule 2: the database away is 503, and nothing is half done.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from prometheus_client import generate_latest
from pydantic import BaseModel, ValidationError

from callctl import metrics
from callctl.api.asterisk_cli import HELP, balance_row
from callctl.api.words import (
    Json,
    NewAccount,
    NewNumber,
    NewPayment,
    show_account,
    show_call,
    show_entry,
    show_leg,
)
from callctl.calls.view import CallView
from callctl.complaint import Complaint
from callctl.settings import faults_of
from callctl.storage.books import Books, Clash, Exists, Missing
from callctl.storage.database import DatabaseAway
from rating.ledger import Ledger
from rating.money import Money

# A scheme of SCHEME_CHARACTERS_MAX, each written as an escape of six bytes or less.
BODY_BYTES_MAX = 700_000
BODY_TYPE = "application/json"

STATUSES: dict[type[Exception], int] = {Missing: 404, Exists: 409, Clash: 409, DatabaseAway: 503}

log = logging.getLogger(__name__)

Handled = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body", bound=BaseModel)


class Api:
    """What the routes need of the service, as values and functions."""

    def __init__(
        self,
        books: Books,
        ledger: Ledger,
        *,
        live: Callable[[], list[CallView]],
        health: Callable[[], Json],
        measure: Callable[[], None],
    ) -> None:
        self._books = books
        self._ledger = ledger
        self._live = live
        self._health = health
        self._measure = measure

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_problems], client_max_size=BODY_BYTES_MAX)
        app.add_routes(
            [
                web.get("/health", self._get_health),
                web.get("/metrics", self._get_metrics),
                web.get("/calls", self._get_calls),
                web.post("/accounts", self._post_account),
                web.get("/accounts/{account_id}", self._get_account),
                web.get("/accounts/{account_id}/entries", self._get_entries),
                web.get("/accounts/{account_id}/legs", self._get_legs),
                web.post("/accounts/{account_id}/payments", self._post_payment),
                web.post("/numbers", self._post_number),
                web.get("/legs/{leg_id}", self._get_leg),
                web.get("/asterisk/help", self._get_asterisk_help),
                web.post("/asterisk/callctl_balance/single", self._post_asterisk_balance),
            ]
        )
        return app

    async def _get_health(self, request: web.Request) -> web.Response:
        health = self._health()
        return web.json_response(health, status=200 if health["status"] == "ok" else 503)

    async def _get_metrics(self, request: web.Request) -> web.Response:
        self._measure()
        return web.Response(body=generate_latest(metrics.REGISTRY), content_type="text/plain")

    async def _get_calls(self, request: web.Request) -> web.Response:
        return web.json_response(
            [show_call(call, self._ledger.account(call.account_id)) for call in self._live()]
        )

    async def _post_account(self, request: web.Request) -> web.Response:
        asked = await _body(request, NewAccount)
        account = await self._books.open_account(
            asked.account_id, asked.profile, asked.plan, Money(asked.balance_kopecks)
        )
        return web.json_response(show_account(account), status=201)

    async def _get_account(self, request: web.Request) -> web.Response:
        return web.json_response(show_account(self._books.account(request.match_info["account_id"])))

    async def _get_entries(self, request: web.Request) -> web.Response:
        entries = await self._books.entries(request.match_info["account_id"])
        return web.json_response([show_entry(entry) for entry in entries])

    async def _get_legs(self, request: web.Request) -> web.Response:
        legs = await self._books.legs(request.match_info["account_id"])
        return web.json_response([show_leg(leg) for leg in legs])

    async def _post_payment(self, request: web.Request) -> web.Response:
        asked = await _body(request, NewPayment)
        account_id = request.match_info["account_id"]
        payment = await self._books.pay(account_id, Money(asked.amount_kopecks), asked.reference)
        shown = {**show_account(self._books.account(account_id)), "is_new": payment.is_new}
        return web.json_response(shown, status=201 if payment.is_new else 200)

    async def _post_number(self, request: web.Request) -> web.Response:
        asked = await _body(request, NewNumber)
        number = await self._books.add_number(asked.e164, asked.account_id, asked.scheme)
        return web.json_response({"e164": number.e164, "account_id": number.account_id}, status=201)

    async def _get_leg(self, request: web.Request) -> web.Response:
        return web.json_response(show_leg(await self._books.leg(request.match_info["leg_id"])))

    async def _get_asterisk_help(self, request: web.Request) -> web.Response:
        return web.Response(text=HELP)

    async def _post_asterisk_balance(self, request: web.Request) -> web.Response:
        """Asterisk's `realtime load` takes an empty answer for "nothing found", so there is always a row."""
        asked = str((await request.post()).get("number", ""))
        return web.Response(text=balance_row(self._books, asked))


async def _body(request: web.Request, kind: type[Body]) -> Body:
    """Only what calls itself JSON: a page in somebody's browser can send anything else to this address."""
    if request.content_type != BODY_TYPE:
        raise web.HTTPUnsupportedMediaType(reason=f"send {BODY_TYPE}")
    return kind.model_validate_json(await request.read())


@web.middleware
async def _problems(request: web.Request, handler: Handled) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        return _problem(400, "; ".join(faults_of(error)))
    except (Complaint, DatabaseAway) as error:
        detail = f"the database is away: {error}" if isinstance(error, DatabaseAway) else str(error)
        return _problem(STATUSES.get(type(error), 400), detail)
    except web.HTTPException as error:
        return _problem(error.status, f"{request.method} {request.path!r}: {error.reason}")
    except Exception:
        metrics.FAULTS.inc()
        log.exception("%s %r met a fault of ours", request.method, request.path)
        return _problem(500, "a fault of the service: its log says more")


def _problem(status: int, detail: str) -> web.Response:
    return web.json_response(
        {"status": status, "detail": detail}, status=status, content_type="application/problem+json"
    )


async def serve_api(api: Api, host: str, port: int) -> web.AppRunner:
    runner = web.AppRunner(api.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise Complaint(
            f"the API cannot listen on {host}:{port} ({error.strerror}): choose another port with --api"
        ) from error
    return runner
