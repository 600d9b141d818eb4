"""One declaration for each route: where it is, the right that it takes, and who serves it.

Rule 1: a route without a right is everybody's, and says so with `None`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from aiohttp import web

from callctl.storage.tokens import Right

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    right: Right | None
    serve: Serve
    only_asks: bool = False  # whatever its method is, it changes nothing

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
