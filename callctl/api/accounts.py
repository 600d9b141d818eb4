"""The routes of the office: accounts, what moves their money, limits."""

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from callctl.api.account_shapes import AccountPage, AccountShown, EntryShown
from callctl.api.account_words import (
    AccountTerms,
    NewAccount,
    NewLimit,
    show_account,
)
from callctl.api.pages import Key, PageAsked, show_page
from callctl.api.routes import MADE, Route, delete, get, patch, post, put
from callctl.api.shapes import LegPage, LegShown, NumberShown
from callctl.api.words import read_body, read_query, show_entry, show_leg
from callctl.clock import EPOCH
from callctl.storage import books
from callctl.storage.books import Books
from callctl.storage.rows import LegRow
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from rating.calendar import month_of
from rating.funds import OwnFunds
from rating.ledger import Account
from rating.money import Money

NEWEST_US = 253_402_300_799_000_000  # the last second that has four digits for its year


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
            get("/accounts", Right.READ, self._get_accounts, query=PageAsked, shows=AccountPage),
            get(one, Right.READ, self._get_account, shows=AccountShown),
            get(f"{one}/cdr", Right.READ, self._get_cdr, query=PageAsked, shows=LegPage),
            get(f"{one}/numbers", Right.READ, self._get_numbers, shows=list[NumberShown]),
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

    async def _get_accounts(self, request: web.Request) -> web.Response:
        """All accounts in the order of their ids, page by page."""
        asked = read_query(request, PageAsked)
        (after,) = asked.key(str) or ("",)
        accounts = self.books.accounts(str(after), asked.limit + 1)
        tariffs, now_ms = self._till.directory.tariffs, self._till.clock.now_ms()
        page = show_page(
            accounts,
            asked.limit,
            lambda account: show_account(account, tariffs, now_ms),
            lambda account: [account.account_id],
        )
        return web.json_response(page)

    async def _get_cdr(self, request: web.Request) -> web.Response:
        """Its connections, newest first, page by page."""
        asked = read_query(request, PageAsked)
        held_us, leg_id = asked.key(int, str) or (NEWEST_US, "")
        held_at = EPOCH + timedelta(microseconds=min(int(held_us), NEWEST_US))
        legs = await self.books.legs_before(_id(request), held_at, str(leg_id), asked.limit + 1)
        return web.json_response(show_page(legs, asked.limit, show_leg, _place))

    async def _get_numbers(self, request: web.Request) -> web.Response:
        """Its numbers, with the version of the scheme in force."""
        account_id = self.books.account(_id(request)).account_id
        own = [number for number in self._till.directory.numbers() if number.account_id == account_id]
        shown = [
            {"e164": number.e164, "account_id": account_id, "scheme_version": number.scheme_version}
            for number in sorted(own, key=lambda number: number.e164)
        ]
        return web.json_response(shown)

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


def _place(leg: LegRow) -> Key:
    return [(leg.held_at - EPOCH) // timedelta(microseconds=1), leg.leg_id]


def _id(request: web.Request) -> str:
    return request.match_info["account_id"]
