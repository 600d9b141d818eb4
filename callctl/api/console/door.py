"""The one route that Asterisk's command line asks: whatever is typed, there is a row.

Rule 1: what is wrong is a row `error`. An empty answer would look as if no service were there.
Rule 2: who acts shows a token that may, which Asterisk has in extconfig.conf; also where reading takes none.
"""

import logging
from collections.abc import Sequence

from aiohttp import web

from callctl import metrics
from callctl.api.access import ANYBODY, secret_of
from callctl.api.console.screen import Screen, encode, form
from callctl.api.console.words import Word, find
from callctl.api.routes import Route, post
from callctl.complaint import Complaint, one_line
from callctl.storage.database import DatabaseAway, Fenced
from callctl.storage.deeds import Deeds
from callctl.storage.tokens import Right, Token, Tokens

PATH = "/asterisk/callctl/single"
STRANGER = (
    "Asterisk shows no token that is known here: see extconfig.conf, and access.asterisk_token of the service"
)
SHUT = "{name} is off here: it takes {right!r} in access.asterisk_may of the service's settings"

log = logging.getLogger(__name__)


class Console:
    def __init__(self, words: Sequence[Word], tokens: Tokens, deeds: Deeds) -> None:
        self._words = [Word("help", "what can be typed after `callctl`", self._help), *words]
        self._tokens = tokens
        self._deeds = deeds

    @property
    def words(self) -> Sequence[Word]:
        return self._words

    def routes(self) -> Sequence[Route]:
        return [post(PATH, None, self._post, only_asks=True)]

    async def _post(self, request: web.Request) -> web.Response:
        typed = str((await request.post()).get("command", ""))
        return web.Response(text=encode(await self._answer(typed, self._shown(request))))

    def _shown(self, request: web.Request) -> Token | None:
        token = self._tokens.find(secret_of(request))
        return token if token or self._tokens.is_guarded else ANYBODY

    async def _answer(self, typed: str, token: Token | None) -> Screen:
        try:
            if token is None:
                raise Complaint(STRANGER)
            word, arguments = find(self._words, typed)
            if word.right is Right.READ:
                return await word.answer(*arguments)
            return await self._act(word, arguments, token)
        except (Complaint, DatabaseAway, Fenced) as error:
            return form({"error": told(error)})
        except Exception:
            metrics.FAULTS.inc()
            log.exception("what was typed in Asterisk met a fault of ours: %s", one_line(typed))
            return form({"error": "a fault of the service: its log says more"})

    async def _act(self, word: Word, arguments: Sequence[str], token: Token) -> Screen:
        status, why = 200, ""
        try:
            if token is ANYBODY or not token.may(word.right):
                raise Complaint(SHUT.format(name=word.name, right=word.right.value))
            return await word.answer(*arguments)
        except (Complaint, DatabaseAway, Fenced) as error:
            status, why = 503 if isinstance(error, DatabaseAway) else 400, told(error)
            raise
        finally:
            typed = " ".join([word.name, *arguments])
            await self._deeds.write(
                token.name, "CLI", f"callctl {word.usage}", f"callctl {typed}", status, why
            )

    async def _help(self) -> Screen:
        return form({word.usage: word.about for word in self._words})


def told(error: Exception) -> str:
    return f"the database is away: {error}" if isinstance(error, DatabaseAway) else str(error)
