"""The routes of the office: accounts, what moves their money, limits."""

from collections.abc import Sequence

from aiohttp import web

from callctl.api.account_shapes import AccountShown, EntryShown
from callctl.api.account_words import (
    AccountTerms,
    NewAccount,
    NewLimit,
    show_account,
)
from callctl.api.routes import MADE, Route, delete, get, patch, post, put
from callctl.api.shapes import LegShown
from callctl.api.words import read_body, show_entry, show_leg
from callctl.storage import books
from callctl.storage.books import Books
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from rating.calendar import month_of
from rating.funds import OwnFunds
from rating.ledger import Account
from rating.money import Money


class AccountApi:
    def __init__(self, till: Till) -> None:
        self._till = till
        self.books = Books(till)

    def routes(self) -> Sequence[Route]:
        one = "/accounts/{account_id}"
        return [
            post(
                "/accounts", Right.MONEY, self._post_account, body=NewAccount, shows=AccountShown, gives=MADE
            ),
            get(one, Right.READ, self._get_account, shows=AccountShown),
            patch(one, Right.MONEY, self._patch_account, body=AccountTerms, shows=AccountShown),
            get(f"{one}/entries", Right.READ, self._get_entries, shows=list[EntryShown]),
            get(f"{one}/legs", Right.READ, self._get_legs, shows=list[LegShown]),
            put(f"{one}/limits/{{number}}", Right.MONEY, self._put_limit, body=NewLimit, shows=AccountShown),
            delete(f"{one}/limits/{{number}}", Right.MONEY, self._delete_limit, shows=AccountShown),
            get("/legs/{leg_id}", Right.READ, self._get_leg, shows=LegShown),
        ]

    @property
    def month(self) -> str:
        return month_of(self._till.clock.now_ms())

    async def _post_account(self, request: web.Request) -> web.Response:
        """Open an account."""
        asked = await read_body(request, NewAccount)
        account = books.NewAccount(
            asked.account_id,
            asked.profile,
            asked.plan,
            Money(asked.balance_kopecks),
            OwnFunds(**asked.own),
            tuple(asked.barred or ()),
        )
        return self._shown(await self.books.open_account(account), status=201)

    async def _get_account(self, request: web.Request) -> web.Response:
        """An account, its money and its terms."""
        return self._shown(self.books.account(_id(request)))

    async def _patch_account(self, request: web.Request) -> web.Response:
        """Change terms or standing; what is left out stays."""
        asked = await read_body(request, AccountTerms)
        barred = asked.barred or [] if "barred" in asked.model_fields_set else None
        return self._shown(await self.books.set_terms(_id(request), asked.own, barred, asked.standing))

    async def _get_entries(self, request: web.Request) -> web.Response:
        """The newest 10,000 lines of its ledger, oldest first."""
        return web.json_response([show_entry(entry) for entry in await self.books.entries(_id(request))])

    async def _get_legs(self, request: web.Request) -> web.Response:
        """Its newest 10,000 connections, oldest first."""
        return web.json_response([show_leg(leg) for leg in await self.books.legs(_id(request))])

    async def _get_leg(self, request: web.Request) -> web.Response:
        """One connection with its bill."""
        return web.json_response(show_leg(await self.books.leg(request.match_info["leg_id"])))

    async def _put_limit(self, request: web.Request) -> web.Response:
        """How much a number may spend in a month."""
        asked = await read_body(request, NewLimit)
        number = request.match_info["number"]
        return self._shown(
            await self.books.set_limit(_id(request), number, Money(asked.most_kopecks), asked.kind)
        )

    async def _delete_limit(self, request: web.Request) -> web.Response:
        """It may spend what there is."""
        return self._shown(await self.books.remove_limit(_id(request), request.match_info["number"]))

    def _shown(self, account: Account, *, status: int = 200, **more: object) -> web.Response:
        tariffs, now_ms = self._till.directory.tariffs, self._till.clock.now_ms()
        return web.json_response({**show_account(account, tariffs, now_ms), **more}, status=status)


def _id(request: web.Request) -> str:
    return request.match_info["account_id"]
