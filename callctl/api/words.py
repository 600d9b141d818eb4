"""What goes over HTTP: bodies that come in, and how values look going out.

Rule 1: amounts are integer kopecks in fields that say so; times are RFC 3339 with a zone.
Rule 2: nothing is taken for what it is not: no text for a number, no 1.0 and no `true` for 1.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from callctl.calls.legs import is_leg_id
from callctl.calls.view import CallView
from callctl.clock import moment, rfc3339
from callctl.complaint import Wrong
from callctl.storage.rows import EntryRow, LegRow
from rating.ledger import Account
from rating.money import MONEY_MAX
from rating.pots import is_gift

SCHEME_CHARACTERS_MAX = 100_000
BODY_TYPE = "application/json"
AT_ONCE = 50

OUR_REFERENCES = ("late-", "paid/", "discount/", "reconcile:")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_REFERENCE = re.compile(r"[\x21-\x7e]{1,120}")


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("give letters, digits and . _ @ -, at most 64, a letter or a digit first")
    return text


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError("give visible ASCII signs without spaces, at most 120")
    if is_leg_id(text) or text.startswith(OUR_REFERENCES):
        raise ValueError("lines that we make are named so; choose another")
    return text


Id = Annotated[str, AfterValidator(_id)]
Reference = Annotated[str, AfterValidator(_reference)]
Amount = Annotated[int, Field(gt=0, le=MONEY_MAX)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Asked(BaseModel):
    """What stands behind the `?` of an address, where everything is text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyBody = TypeVar("AnyBody", bound=Body)
AnyAsked = TypeVar("AnyAsked", bound=Asked)
Thing = TypeVar("Thing")


class Declared(NamedTuple):
    """What a route reads."""

    body: type[Body] | None
    query: type[Asked] | None


DECLARED = web.RequestKey("declared", Declared)
WHY = web.RequestKey("why", str)  # it was refused


async def read_body(request: web.Request, kind: type[AnyBody]) -> AnyBody:
    """Only what calls itself JSON: a page in somebody's browser can send anything else to this address."""
    if request.content_type != BODY_TYPE:
        raise web.HTTPUnsupportedMediaType(reason=f"send {BODY_TYPE}")
    assert kind is request[DECLARED].body, request.path
    return kind.model_validate_json(await request.read())


def read_query(request: web.Request, kind: type[AnyAsked]) -> AnyAsked:
    assert kind is request[DECLARED].query, request.path
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise Wrong(name, "give it once")
    return kind.model_validate(dict(request.query))


SchemeText = Annotated[str, StringConstraints(max_length=SCHEME_CHARACTERS_MAX)]


class NewNumber(Body):
    e164: str
    account_id: str
    scheme: SchemeText


Json = dict[str, Any]


def show_entry(entry: EntryRow) -> Json:
    shown = {**asdict(entry), "at": rfc3339(entry.at)}
    amount, left = shown.pop("amount"), shown.pop("left")
    if is_gift(entry.pot):
        return {**shown, "amount_s": amount, "left_s": left}
    return {**shown, "amount_kopecks": amount, ("left_kopecks" if entry.pot else "balance_kopecks"): left}


def show_leg(leg: LegRow) -> Json:
    return {
        "call_id": leg.call_id,
        "leg_id": leg.leg_id,
        "account_id": leg.account_id,
        "from": leg.caller,
        "to": leg.number,
        "line": leg.line,
        "held_at": rfc3339(leg.held_at),
        "answered_at": rfc3339(leg.answered_at),
        "ended_at": rfc3339(leg.ended_at),
        "seconds": leg.seconds,
        "units": leg.units,
        "charge_kopecks": leg.charge_kopecks,
        "vat_kopecks": leg.vat_kopecks,
        "ended_by": leg.ended_by,
        "cause": leg.cause,
        "refusal": leg.refusal,
        "rate": leg.rate,
        "lines": list(leg.lines),
        "draws": list(leg.draws),
    }


def show_call(call: CallView, account: Account | None, month: str) -> Json:
    return {
        "call_id": call.call_id,
        "leg_id": call.leg_id,
        "account_id": call.account_id,
        "from": call.caller,
        "number": call.number,
        "target": call.target,
        "state": call.state,
        "node": call.node,
        "arrived_at": _stamp(call.arrived_at_ms),
        "answered_at": _stamp(call.answered_at_ms),
        "paid_until": _stamp(call.paid_until_ms),
        "affordable_until": _stamp(call.affordable_until_ms),
        "held_kopecks": call.held_kopecks,
        "scheme_version": call.scheme_version,
        "balance_kopecks": account.balance if account else None,
        "available_kopecks": account.available_in(month) if account else None,
    }


def _stamp(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(moment(at_ms))


async def a_few_at_a_time(many: Iterable[Thing]) -> AsyncIterator[Thing]:
    """So that no call waits for the end of a long list."""
    for place, thing in enumerate(many, 1):
        yield thing
        if not place % AT_ONCE:
            await asyncio.sleep(0)
