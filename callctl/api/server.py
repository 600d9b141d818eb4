"""The routes.

Rule 1: a fault of whoever asks is a problem with a status and one line; it changes nothing.
Rule 2: the database away is 503, and nothing is half done.
"""

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web
from prometheus_client import generate_latest
from pydantic import ValidationError

from callctl import metrics
from callctl.api.access import Access
from callctl.api.accounts import AccountApi
from callctl.api.asterisk_cli import HELP
from callctl.api.routes import HasRoutes, Route, Serve, get, post
from callctl.api.words import Json, show_call
from callctl.calls.view import CallView
from callctl.complaint import Clash, Complaint, Exists, Missing
from callctl.settings import faults_of
from callctl.storage.database import DatabaseAway, Fenced
from callctl.storage.seats import Rung
from callctl.storage.sounds import Played
from callctl.storage.tokens import Right, Tokens
from callctl.tariffs.desk import InUse
from rating.ledger import Ledger

# A scheme of SCHEME_CHARACTERS_MAX, each written as an escape of six bytes or less.
BODY_BYTES_MAX = 700_000

STATUSES: dict[type[Exception], int] = {
    Missing: 404,
    Exists: 409,
    Clash: 409,
    InUse: 409,
    Played: 409,
    Rung: 409,
    DatabaseAway: 503,
    Fenced: 503,
}

log = logging.getLogger(__name__)

# What a refusal tells besides its words.
TOLD = ("WWW-Authenticate", "Retry-After", "Allow")


class Api:
    """What the routes need of the service, as values and functions."""

    def __init__(
        self,
        accounts: AccountApi,
        ledger: Ledger,
        *rooms: HasRoutes,
        tokens: Tokens,
        live: Callable[[], list[CallView]],
        health: Callable[[], Json],
        measure: Callable[[], None],
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._rooms: Sequence[HasRoutes] = (accounts, *rooms)
        self._tokens = tokens
        self._live = live
        self._health = health
        self._measure = measure

    def app(self) -> web.Application:
        routes = self.routes()
        access = Access(self._tokens, {(route.method, route.path): route for route in routes})
        app = web.Application(middlewares=[_problems, access.admit], client_max_size=BODY_BYTES_MAX)
        for route in routes:
            if route.method == "GET":
                app.router.add_get(route.path, route.serve)
            else:
                app.router.add_route(route.method, route.path, route.serve)
        return app

    def routes(self) -> Sequence[Route]:
        balance = "/asterisk/callctl_balance/single"
        return [
            get("/health", None, self._get_health),
            get("/metrics", Right.READ, self._get_metrics),
            get("/calls", Right.READ, self._get_calls),
            *(route for room in self._rooms for route in room.routes()),
            get("/asterisk/help", None, self._get_asterisk_help),
            post(balance, Right.READ, self._post_asterisk_balance, only_asks=True),
        ]

    async def _get_health(self, request: web.Request) -> web.Response:
        health = self._health()
        return web.json_response(health, status=200 if health["status"] == "ok" else 503)

    async def _get_metrics(self, request: web.Request) -> web.Response:
        self._measure()
        return web.Response(body=generate_latest(metrics.REGISTRY), content_type="text/plain")

    async def _get_calls(self, request: web.Request) -> web.Response:
        month = self._accounts.month
        return web.json_response(
            [show_call(call, self._ledger.account(call.account_id), month) for call in self._live()]
        )

    async def _get_asterisk_help(self, request: web.Request) -> web.Response:
        return web.Response(text=HELP)

    async def _post_asterisk_balance(self, request: web.Request) -> web.Response:
        """Asterisk's `realtime load` takes an empty answer for "nothing found", so there is always a row."""
        asked = str((await request.post()).get("number", ""))
        return web.Response(text=self._accounts.balance_row(asked))


@web.middleware
async def _problems(request: web.Request, handler: Serve) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as error:
        return _problem(400, "; ".join(faults_of(error)))
    except (Complaint, DatabaseAway, Fenced) as error:
        detail = f"the database is away: {error}" if isinstance(error, DatabaseAway) else str(error)
        return _problem(STATUSES.get(type(error), 400), detail)
    except web.HTTPException as error:
        told = {name: error.headers[name] for name in TOLD if name in error.headers}
        return _problem(error.status, f"{request.method} {request.path!r}: {error.reason}", told)
    except ConnectionResetError:
        log.info("%s %r: whoever asked did not wait for the end of the answer", request.method, request.path)
        raise
    except Exception:
        metrics.FAULTS.inc()
        log.exception("%s %r met a fault of ours", request.method, request.path)
        return _problem(500, "a fault of the service: its log says more")


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"status": status, "detail": detail},
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


async def serve_api(api: Api, host: str, port: int, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    runner = web.AppRunner(api.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as error:
        await runner.cleanup()
        raise Complaint(
            f"the API cannot listen on {host}:{port} ({error.strerror}): choose another port with --api"
        ) from error
    return runner
