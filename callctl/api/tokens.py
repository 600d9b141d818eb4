"""The routes of tokens.

Rule 1: a token goes out once, in the answer to what made it.
"""

from collections.abc import Sequence
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callctl.api.routes import MADE, Route, delete, get, post
from callctl.api.shapes import TokenMade, TokenShown
from callctl.api.words import Body, Id, Json, read_body
from callctl.clock import rfc3339
from callctl.storage.tokens import Right, Token, Tokens


class NewToken(Body):
    name: Id
    rights: Annotated[list[Right], Field(min_length=1, max_length=4)]


class TokenApi:
    def __init__(self, tokens: Tokens, *, may_be_open: bool) -> None:
        self._tokens = tokens
        self._may_be_open = may_be_open

    def routes(self) -> Sequence[Route]:
        return [
            get("/tokens", Right.ADMIN, self._get_tokens, shows=list[TokenShown]),
            post("/tokens", Right.ADMIN, self._post_token, body=NewToken, shows=TokenMade, gives=MADE),
            delete("/tokens/{name}", Right.ADMIN, self._delete_token, shows=TokenShown),
        ]

    async def _get_tokens(self, request: web.Request) -> web.Response:
        """The tokens that count."""
        return web.json_response([_show(token) for token in self._tokens.all()])

    async def _post_token(self, request: web.Request) -> web.Response:
        """Make a token, told this once."""
        asked = await read_body(request, NewToken)
        token, secret = await self._tokens.create(asked.name, frozenset(asked.rights))
        return web.json_response({**_show(token), "token": secret}, status=201)

    async def _delete_token(self, request: web.Request) -> web.Response:
        """A token counts no more."""
        name = request.match_info["name"]
        return web.json_response(_show(await self._tokens.revoke(name, may_be_last=self._may_be_open)))


def _show(token: Token) -> Json:
    return {"name": token.name, "rights": sorted(token.rights), "made_at": rfc3339(token.made_at)}
