"""`GET /live`: a page that shows what runs, and the pictures of schemes that it puts callers into.

Rule 1: the page is one file, holds nothing of anybody, and asks `/events` with the token of whoever looks.
Rule 2: a browser runs and styles only what stands in that file, told by its digests, and lets it make no
    markup of texts; nobody frames it.
Rule 3: a picture is drawn beside the calls, one at a time, and kept while its scheme is in force.
"""

import asyncio
import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from callctl.api.routes import Route, get
from callctl.calls.directory import Number
from callctl.complaint import Complaint, Missing
from callctl.storage.tokens import Right
from dialplan.drawing.picture import picture_of
from dialplan.drawing.svg import STYLE, svg_of
from dialplan.numbers import normal_number
from dialplan.scheme import Scheme

PAGE = Path(__file__).with_name("live.html")
PAGE_TYPE, PICTURE_TYPE = "text/html", "image/svg+xml"
NODES_MAX = 200
PICTURES_KEPT = 50

_PARTS = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class LivePage:
    def __init__(self, number: Callable[[str], Number | None]) -> None:
        self._number = number
        self._page = PAGE.read_text("utf-8")
        self._headers = {
            "Content-Security-Policy": policy_of(self._page),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
        self._pictures: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._turn = asyncio.Lock()

    def routes(self) -> Sequence[Route]:
        return [
            get("/live", None, self._get_page, sends=PAGE_TYPE),
            get("/numbers/{e164}/drawing", Right.READ, self._get_drawing, sends=PICTURE_TYPE),
        ]

    async def _get_page(self, request: web.Request) -> web.Response:
        """The live page, which asks for a token by itself."""
        return web.Response(text=self._page, content_type=PAGE_TYPE, headers=self._headers)

    async def _get_drawing(self, request: web.Request) -> web.Response:
        """The scheme in force, drawn as SVG; the tag is its version."""
        e164 = request.match_info["e164"]
        number = self._number(normal_number(e164) or "")
        if number is None:
            raise Missing(f"number {e164!r} has no scheme in force here")
        if len(number.scheme.nodes) > NODES_MAX:
            raise Complaint(
                f"{len(number.scheme.nodes)} nodes are too many for a live picture (at most {NODES_MAX}): "
                "`callctl scheme draw` draws it from its file"
            )
        headers = {
            "ETag": f'"{number.scheme_version}"',
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(text=await self._picture(number), content_type=PICTURE_TYPE, headers=headers)

    async def _picture(self, number: Number) -> str:
        key = (number.e164, number.scheme_version)
        async with self._turn:
            if key not in self._pictures:
                self._pictures[key] = await asyncio.to_thread(_drawn, number.scheme)
                if len(self._pictures) > PICTURES_KEPT:
                    self._pictures.popitem(last=False)
            return self._pictures[key]


def _drawn(scheme: Scheme) -> str:
    return svg_of(picture_of(scheme))


def policy_of(page: str) -> str:
    # A picture's own style is read with it, though the page has another for it.
    digests: dict[str, list[str]] = {"style": [_digest(STYLE)], "script": []}
    for kind, content in _PARTS.findall(page):
        digests[kind].append(_digest(content))
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {' '.join(digests['style'])}",
            f"script-src {' '.join(digests['script'])}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def _digest(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
