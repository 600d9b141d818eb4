"""One declaration for each route: where it is, the right it takes, what comes in and goes out, who serves it.

Rule 1: a route without a right is everybody's, and says so with `None`.
Rule 2: the description of the API is made of these and of nothing else; in it stands what is said in a line
    where a route is served. Whoever serves it reads the body and the query that it declares.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiohttp import web

from callctl.api.words import BODY_TYPE, DECLARED, Asked, Body, Declared
from callctl.complaint import Wrong
from callctl.storage.tokens import Right

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]

OF_ASTERISK = "/asterisk/"  # its own way of asking
MADE = (201,)
MADE_ONCE = (201, 200)  # when the same is told again


@dataclass(frozen=True, slots=True)
class Route:
    """`shows`: the type of an answer in JSON; `sends`: the kind of any other."""

    method: str
    path: str
    right: Right | None
    serve: Serve
    only_asks: bool = False  # whatever its method is, it changes nothing
    body: type[Body] | None = None
    takes: str = BODY_TYPE
    query: type[Asked] | None = None
    shows: Any = None
    sends: str = BODY_TYPE
    gives: Sequence[int] = (200,)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.query is None and request.query and not self.path.startswith(OF_ASTERISK):
            raise Wrong(next(iter(request.query)), "this address takes nothing behind its `?`")
        request[DECLARED] = Declared(self.body, self.query)
        return await self.serve(request)

    @property
    def says(self) -> str:
        return (self.serve.__doc__ or "").strip().partition("\n")[0]

    @property
    def changes(self) -> bool:
        return self.method != "GET" and not self.only_asks


get = partial(Route, "GET")
post = partial(Route, "POST")
put = partial(Route, "PUT")
patch = partial(Route, "PATCH")
delete = partial(Route, "DELETE")


class HasRoutes(Protocol):
    def routes(self) -> Sequence[Route]: ...
