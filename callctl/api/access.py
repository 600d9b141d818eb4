"""Who may come in: the one place where a token is asked for.

Rule 1: where no token is known there is nobody to tell apart, and the service listens on loopback only. It is
    asked by an address there, never by a name: that may be a page's in somebody's browser which leads here.
Rule 2: whoever asks too often waits, so that calls do not.
Rule 3: a path that leads nowhere is refused like any other to whoever shows no token.
"""

from base64 import b64decode
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from callctl.api.pace import Pace
from callctl.api.routes import Route, Serve
from callctl.storage.tokens import Right, Token, Tokens

ANYBODY = Token("(open)", frozenset({Right.ADMIN}))
WHO = web.RequestKey("who", Token)
LOCALHOST = "localhost"
SHOW_ONE = "show a token: Authorization: Bearer TOKEN"

# By method and path as it was declared.
Known = Mapping[tuple[str, str], Route]


class Access:
    def __init__(self, tokens: Tokens, pace: Pace, known: Known) -> None:
        self._tokens = tokens
        self._pace = pace
        self._known = known

    @web.middleware
    async def admit(self, request: web.Request, handler: Serve) -> web.StreamResponse:
        route = route_of(request, self._known)
        right = route.right if route else Right.READ
        if right is not None:
            token = self._shown(request)
            request[WHO] = token
            if wait_s := self._pace.wait_s(token.name) if token is not ANYBODY else 0:
                raise web.HTTPTooManyRequests(
                    reason=f"the token {token.name!r} asks too often: wait",
                    headers={"Retry-After": str(wait_s)},
                )
            if not token.may(right):
                raise web.HTTPForbidden(reason=f"the token {token.name!r} has no right {right.value!r}")
        return await handler(request)

    def _shown(self, request: web.Request) -> Token:
        if not self._tokens.is_guarded:
            if not _is_no_name(request.headers.get("Host", LOCALHOST)):
                raise web.HTTPForbidden(reason="without a token ask 127.0.0.1 or localhost, by no other name")
            return ANYBODY
        secret = secret_of(request)
        token = self._tokens.find(secret) if secret else None
        if token is None:
            why = "there is no such token, or not any more" if secret else SHOW_ONE
            raise web.HTTPUnauthorized(reason=why, headers={"WWW-Authenticate": 'Bearer realm="callctl"'})
        return token


def route_of(request: web.Request, known: Known) -> Route | None:
    """None: nothing is there, or not with this method."""
    resource = request.match_info.route.resource
    method = "GET" if request.method == "HEAD" else request.method
    return known.get((method, resource.canonical)) if resource else None


def _is_no_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == LOCALHOST or bool(ip_address(name))
    except ValueError:
        return False


def secret_of(request: web.Request) -> str:
    """Of a bearer, or the password of `http://ANY:TOKEN@HOST`, which is all that Asterisk can send."""
    kind, _, rest = request.headers.get("Authorization", "").partition(" ")
    rest = rest.strip()
    if kind.lower() == "bearer":
        return rest
    if kind.lower() == "basic":
        try:
            return b64decode(rest, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""
