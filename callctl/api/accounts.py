"""The routes of the office: accounts, what moves their money, limits."""

from collections.abc import Sequence

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from callctl.api.account_words import (
    AccountTerms,
    Month,
    NewAccount,
    NewChargeback,
    NewCorrection,
    NewGuarantee,
    NewLateRecord,
    NewLimit,
    NewPayment,
    Nothing,
    show_account,
    show_discount,
)
from callctl.api.routes import Route, delete, get, patch, post, put
from callctl.api.words import read_body, show_entry, show_leg
from callctl.calls.money.late import LateRecord
from callctl.complaint import Wrong
from callctl.settings import faults_of
from callctl.storage import books
from callctl.storage.books import Books
from callctl.storage.late_records import LateRecords
from callctl.storage.postings import Postings
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from dialplan.numbers import EMERGENCY, normal_number
from rating.calendar import month_of
from rating.funds import OwnFunds
from rating.ledger import Account
from rating.money import Money

MONTH: TypeAdapter[str] = TypeAdapter(Month)


class AccountApi:
    def __init__(self, till: Till) -> None:
        self._till = till
        self.books = Books(till)
        self._postings = Postings(till)
        self._late = LateRecords(till)

    def routes(self) -> Sequence[Route]:
        one = "/accounts/{account_id}"
        return [
            post("/accounts", Right.MONEY, self._post_account),
            get(one, Right.READ, self._get_account),
            patch(one, Right.MONEY, self._patch_account),
            get(f"{one}/entries", Right.READ, self._get_entries),
            get(f"{one}/legs", Right.READ, self._get_legs),
            post(f"{one}/payments", Right.MONEY, self._post_payment),
            post(f"{one}/corrections", Right.MONEY, self._post_correction),
            post(f"{one}/refunds", Right.MONEY, self._post_refund),
            post(f"{one}/chargebacks", Right.MONEY, self._post_chargeback),
            post(f"{one}/guarantees", Right.MONEY, self._post_guarantee),
            post(f"{one}/late-records", Right.MONEY, self._post_late_record),
            put(f"{one}/limits/{{number}}", Right.MONEY, self._put_limit),
            delete(f"{one}/limits/{{number}}", Right.MONEY, self._delete_limit),
            get(f"{one}/discounts/{{month}}", Right.READ, self._get_discounts),
            post(f"{one}/discounts/{{month}}", Right.MONEY, self._post_discounts),
            get("/legs/{leg_id}", Right.READ, self._get_leg),
        ]

    @property
    def month(self) -> str:
        return month_of(self._till.clock.now_ms())

    async def _post_account(self, request: web.Request) -> web.Response:
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
        return self._shown(self.books.account(_id(request)))

    async def _patch_account(self, request: web.Request) -> web.Response:
        asked = await read_body(request, AccountTerms)
        barred = asked.barred or [] if "barred" in asked.model_fields_set else None
        return self._shown(await self.books.set_terms(_id(request), asked.own, barred, asked.standing))

    async def _get_entries(self, request: web.Request) -> web.Response:
        return web.json_response([show_entry(entry) for entry in await self.books.entries(_id(request))])

    async def _get_legs(self, request: web.Request) -> web.Response:
        return web.json_response([show_leg(leg) for leg in await self.books.legs(_id(request))])

    async def _get_leg(self, request: web.Request) -> web.Response:
        return web.json_response(show_leg(await self.books.leg(request.match_info["leg_id"])))

    async def _post_payment(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewPayment)
        is_new = await self._postings.pay(_id(request), Money(asked.amount_kopecks), asked.reference)
        return self._posted(request, is_new)

    async def _post_correction(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewCorrection)
        if not asked.amount_kopecks:
            raise Wrong("amount_kopecks", "a correction is more or less than 0")
        is_new = await self._postings.correct(
            _id(request), asked.amount_kopecks, asked.reference, asked.why, asked.about
        )
        return self._posted(request, is_new)

    async def _post_refund(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewPayment)
        is_new = await self._postings.refund(_id(request), Money(asked.amount_kopecks), asked.reference)
        return self._posted(request, is_new)

    async def _post_chargeback(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewChargeback)
        reference = asked.reference or f"chargeback/{asked.payment}"
        is_new = await self._postings.charge_back(_id(request), asked.payment, reference)
        return self._posted(request, is_new)

    async def _post_guarantee(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewGuarantee)
        amount = Money(asked.amount_kopecks)
        is_new = await self._postings.guarantee(_id(request), asked.number, asked.month, amount)
        return self._posted(request, is_new)

    async def _post_late_record(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewLateRecord)
        account = self.books.account(_id(request))
        line = self._till.line(account, asked.line) if asked.line else ""
        record = LateRecord(
            account.account_id,
            asked.reference,
            caller=_number("from", asked.caller) if asked.caller else line,
            number=_number("to", asked.to),
            line=line,
            answered_ms=asked.answered_ms,
            seconds=asked.seconds,
        )
        return self._posted(
            request, await self._late.post(record, approved=asked.approved), leg_id=record.leg_id
        )

    async def _put_limit(self, request: web.Request) -> web.Response:
        asked = await read_body(request, NewLimit)
        number = request.match_info["number"]
        return self._shown(
            await self.books.set_limit(_id(request), number, Money(asked.most_kopecks), asked.kind)
        )

    async def _delete_limit(self, request: web.Request) -> web.Response:
        return self._shown(await self.books.remove_limit(_id(request), request.match_info["number"]))

    async def _get_discounts(self, request: web.Request) -> web.Response:
        lines = await self._postings.discounts(_id(request), _month(request))
        return web.json_response([show_discount(line) for line in lines])

    async def _post_discounts(self, request: web.Request) -> web.Response:
        await read_body(request, Nothing)
        lines = await self._postings.post_discounts(_id(request), _month(request))
        return web.json_response([show_discount(line) for line in lines])

    def _posted(self, request: web.Request, is_new: bool, **more: str) -> web.Response:
        account = self.books.account(_id(request))
        return self._shown(account, status=201 if is_new else 200, is_new=is_new, **more)

    def _shown(self, account: Account, *, status: int = 200, **more: object) -> web.Response:
        tariffs, now_ms = self._till.directory.tariffs, self._till.clock.now_ms()
        return web.json_response({**show_account(account, tariffs, now_ms), **more}, status=status)


def _id(request: web.Request) -> str:
    return request.match_info["account_id"]


def _month(request: web.Request) -> str:
    text = request.match_info["month"]
    try:
        return MONTH.validate_python(text)
    except ValidationError as error:
        raise Wrong("month", *faults_of(error)) from error


def _number(field: str, text: str) -> str:
    number = normal_number(text)
    if number is None or number in EMERGENCY:
        raise Wrong(field, f"{text!r} is not a telephone number: give it as 74951234567")
    return number
