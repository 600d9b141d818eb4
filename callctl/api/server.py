"""The routes of all rooms behind one door."""

import json
import logging
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger
from prometheus_client import generate_latest

from callctl import metrics
from callctl.api.access import Access
from callctl.api.accounts import AccountApi
from callctl.api.deeds import DeedApi, Scribe
from callctl.api.openapi import describe
from callctl.api.pace import Pace
from callctl.api.problems import problems
from callctl.api.routes import HasRoutes, Route, get
from callctl.api.shapes import CallShown, Health
from callctl.api.words import BODY_TYPE, Json, a_few_at_a_time, show_call
from callctl.calls.view import CallView
from callctl.complaint import Complaint
from callctl.storage.deeds import Deeds
from callctl.storage.tokens import Right, Tokens
from rating.ledger import Ledger

# A scheme of SCHEME_CHARACTERS_MAX, each written as an escape of six bytes or less.
BODY_BYTES_MAX = 700_000


class Api:
    """What the routes need of the service, as values and functions."""

    def __init__(
        self,
        accounts: AccountApi,
        ledger: Ledger,
        *rooms: HasRoutes,
        tokens: Tokens,
        pace: Pace,
        deeds: Deeds,
        live: Callable[[], Iterable[CallView]],
        health: Callable[[], Json],
        measure: Callable[[], None],
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._rooms: Sequence[HasRoutes] = (accounts, *rooms, DeedApi(deeds))
        self._tokens = tokens
        self._pace = pace
        self._deeds = deeds
        self._live = live
        self._health = health
        self._measure = measure
        self._description = ""

    def app(self) -> web.Application:
        routes = self.routes()
        self._description = json.dumps(describe(routes), indent=1, ensure_ascii=False) + "\n"
        known = {(route.method, route.path): route for route in routes}
        access, scribe = Access(self._tokens, self._pace, known), Scribe(self._deeds, known)
        app = web.Application(
            middlewares=[scribe.note, problems, access.admit], client_max_size=BODY_BYTES_MAX
        )
        for route in routes:
            if route.method == "GET":
                app.router.add_get(route.path, route.answer)
            else:
                app.router.add_route(route.method, route.path, route.answer)
        return app

    def routes(self) -> Sequence[Route]:
        return [
            get("/health", None, self._get_health, shows=Health),
            get("/metrics", Right.READ, self._get_metrics, sends="text/plain"),
            get("/calls", Right.READ, self._get_calls, shows=list[CallShown]),
            get("/openapi.json", Right.READ, self._get_openapi, shows=dict[str, Any]),
            *(route for room in self._rooms for route in room.routes()),
        ]

    async def _get_health(self, request: web.Request) -> web.Response:
        """What is up; 503 when it is not all."""
        health = self._health()
        return web.json_response(health, status=200 if health["status"] == "ok" else 503)

    async def _get_metrics(self, request: web.Request) -> web.Response:
        """For Prometheus."""
        self._measure()
        return web.Response(body=generate_latest(metrics.REGISTRY), content_type="text/plain")

    async def _get_openapi(self, request: web.Request) -> web.Response:
        """This description."""
        return web.Response(text=self._description, content_type=BODY_TYPE)

    async def _get_calls(self, request: web.Request) -> web.Response:
        """The calls that run."""
        month = self._accounts.month
        shown = [
            json.dumps(show_call(call, self._ledger.account(call.account_id), month))
            async for call in a_few_at_a_time(self._live())
        ]
        return web.Response(text=f"[{', '.join(shown)}]", content_type=BODY_TYPE)


def _is_ours(record: logging.LogRecord) -> bool:
    """Anybody can send what is no HTTP; he is told so, and fills no log."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def serve_api(api: Api, host: str, port: int, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    server_logger.addFilter(_is_ours)
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
