"""The routes of what moves an account's money: payments and what puts them right, discounts, late records."""

from collections.abc import Sequence

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from callctl.api.account_shapes import DiscountShown, LatePosted, Posted
from callctl.api.account_words import (
    Month,
    NewChargeback,
    NewCorrection,
    NewGuarantee,
    NewLateRecord,
    NewPayment,
    Nothing,
    show_account,
    show_discount,
)
from callctl.api.routes import MADE_ONCE, Route, Serve, get, post
from callctl.api.words import Body, read_body
from callctl.calls.money.late import LateRecord
from callctl.complaint import Wrong
from callctl.settings import faults_of
from callctl.storage.late_records import LateRecords
from callctl.storage.postings import Postings
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from dialplan.numbers import EMERGENCY, normal_number
from rating.money import Money

MONTH: TypeAdapter[str] = TypeAdapter(Month)


class PostingApi:
    def __init__(self, till: Till) -> None:
        self._till = till
        self._postings = Postings(till)
        self._late = LateRecords(till)

    def routes(self) -> Sequence[Route]:
        one = "/accounts/{account_id}"
        month = f"{one}/discounts/{{month}}"
        moves: list[tuple[str, Serve, type[Body], type[Posted]]] = [
            ("payments", self._post_payment, NewPayment, Posted),
            ("corrections", self._post_correction, NewCorrection, Posted),
            ("refunds", self._post_refund, NewPayment, Posted),
            ("chargebacks", self._post_chargeback, NewChargeback, Posted),
            ("guarantees", self._post_guarantee, NewGuarantee, Posted),
            ("late-records", self._post_late_record, NewLateRecord, LatePosted),
        ]
        return [
            *(
                post(f"{one}/{word}", Right.MONEY, serve, body=body, shows=shows, gives=MADE_ONCE)
                for word, serve, body, shows in moves
            ),
            get(month, Right.READ, self._get_discounts, shows=list[DiscountShown]),
            post(month, Right.MONEY, self._post_discounts, body=Nothing, shows=list[DiscountShown]),
        ]

    async def _post_payment(self, request: web.Request) -> web.Response:
        """Take a payment; its reference makes it one, however often it is told."""
        asked = await read_body(request, NewPayment)
        is_new = await self._postings.pay(_id(request), Money(asked.amount_kopecks), asked.reference)
        return self._posted(request, is_new)

    async def _post_correction(self, request: web.Request) -> web.Response:
        """Put the balance right."""
        asked = await read_body(request, NewCorrection)
        if not asked.amount_kopecks:
            raise Wrong("amount_kopecks", "a correction is more or less than 0")
        is_new = await self._postings.correct(
            _id(request), asked.amount_kopecks, asked.reference, asked.why, asked.about
        )
        return self._posted(request, is_new)

    async def _post_refund(self, request: web.Request) -> web.Response:
        """Give money back."""
        asked = await read_body(request, NewPayment)
        is_new = await self._postings.refund(_id(request), Money(asked.amount_kopecks), asked.reference)
        return self._posted(request, is_new)

    async def _post_chargeback(self, request: web.Request) -> web.Response:
        """A payment is taken back by the bank."""
        asked = await read_body(request, NewChargeback)
        reference = asked.reference or f"chargeback/{asked.payment}"
        is_new = await self._postings.charge_back(_id(request), asked.payment, reference)
        return self._posted(request, is_new)

    async def _post_guarantee(self, request: web.Request) -> web.Response:
        """Money that a number brings into a month."""
        asked = await read_body(request, NewGuarantee)
        amount = Money(asked.amount_kopecks)
        is_new = await self._postings.guarantee(_id(request), asked.number, asked.month, amount)
        return self._posted(request, is_new)

    async def _post_late_record(self, request: web.Request) -> web.Response:
        """A connection that was told late."""
        asked = await read_body(request, NewLateRecord)
        account = self._till.account(_id(request))
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

    async def _get_discounts(self, request: web.Request) -> web.Response:
        """What the month earns and what is posted of it."""
        lines = await self._postings.discounts(_id(request), _month(request))
        return web.json_response([show_discount(line) for line in lines])

    async def _post_discounts(self, request: web.Request) -> web.Response:
        """Post what the month earns."""
        await read_body(request, Nothing)
        lines = await self._postings.post_discounts(_id(request), _month(request))
        return web.json_response([show_discount(line) for line in lines])

    def _posted(self, request: web.Request, is_new: bool, **more: str) -> web.Response:
        account = self._till.account(_id(request))
        shown = show_account(account, self._till.directory.tariffs, self._till.clock.now_ms())
        return web.json_response({**shown, "is_new": is_new, **more}, status=201 if is_new else 200)


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
