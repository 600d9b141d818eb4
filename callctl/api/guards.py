"""The routes of an account's guards: what it may do at most in a short time, and what it does now.

Rule 1: a guard that is null in `own` is as the profile has it; `off` is off.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from callctl.api.routes import Route, get, patch
from callctl.api.shapes import Shape
from callctl.api.words import Body, Json, read_body
from callctl.complaint import Complaint
from callctl.storage.guards import GuardBook
from callctl.storage.till import Till
from callctl.storage.tokens import Right
from rating.ledger import Account
from rating.money import MONEY_MAX
from rating.reading.guard_words import (
    FIELDS,
    CallsAMinute,
    CallsAtOnce,
    NewAfterDays,
    NewCalls,
    Zone,
    show_value,
    value_of,
    written,
)
from rating.reading.profile_words import Clock

Off = Literal["off"]
Sum = Annotated[int, Field(ge=0, le=MONEY_MAX)]


class OwnGuards(Body):
    """What is left out stays as it is."""

    calls_at_once: CallsAtOnce | Off | None = None
    calls_a_minute: CallsAMinute | Off | None = None
    money_an_hour_kopecks: Sum | Off | None = None
    night_price_kopecks: Sum | Off | None = None
    night_begin: Clock | None = None
    night_until: Clock | None = None
    zone: Zone | None = None
    new_after_days: NewAfterDays | None = None
    new_price_kopecks: Sum | None = None
    new_calls_a_day: NewCalls | Off | None = None
    new_money_a_day_kopecks: Sum | Off | None = None


class InForce(Shape):
    """Null: off."""

    calls_at_once: int | None
    calls_a_minute: int | None
    money_an_hour_kopecks: int | None
    night_price_kopecks: int | None
    night_begin: str
    night_until: str
    zone: str
    new_after_days: int
    new_price_kopecks: int
    new_calls_a_day: int | None
    new_money_a_day_kopecks: int | None


class Own(Shape):
    """Null: as the profile has it."""

    calls_at_once: int | Off | None
    calls_a_minute: int | Off | None
    money_an_hour_kopecks: int | Off | None
    night_price_kopecks: int | Off | None
    night_begin: str | None
    night_until: str | None
    zone: str | None
    new_after_days: int | None
    new_price_kopecks: int | None
    new_calls_a_day: int | Off | None
    new_money_a_day_kopecks: int | Off | None


class Used(Shape):
    calls_at_once: int
    calls_a_minute: int
    money_an_hour_kopecks: int
    new_calls_a_day: int
    new_money_a_day_kopecks: int


class GuardsShown(Shape):
    account_id: str
    guards: InForce
    own: Own
    now: Used


class GuardApi:
    def __init__(self, till: Till) -> None:
        self._till = till
        self._book = GuardBook(till)

    def routes(self) -> Sequence[Route]:
        path = "/accounts/{account_id}/guards"
        return [
            get(path, Right.READ, self._get_guards, shows=GuardsShown),
            patch(path, Right.OPERATE, self._patch_guards, body=OwnGuards, shows=GuardsShown),
        ]

    async def _get_guards(self, request: web.Request) -> web.Response:
        """What an account may do at most, and what it does now."""
        account = self._till.account(request.match_info["account_id"])
        return web.json_response(self._show(account))

    async def _patch_guards(self, request: web.Request) -> web.Response:
        """Change guards of an account's own; null: as the profile has it."""
        asked = await read_body(request, OwnGuards)
        if not asked.model_fields_set:
            raise Complaint("nothing to set: give some guards")
        own, not_own = {}, set()
        for word in asked.model_fields_set:
            value = getattr(asked, word)
            if value is None:
                not_own.add(FIELDS[word])
            else:
                own[FIELDS[word]] = None if value == "off" else value_of(word, value)
        account_id = request.match_info["account_id"]
        return web.json_response(self._show(await self._book.set_own(account_id, own, frozenset(not_own))))

    def _show(self, account: Account) -> Json:
        usage = account.watch.usage(account.guards, self._till.clock.now_ms())
        return {
            "account_id": account.account_id,
            "guards": written(account.guards),
            "own": {word: _own(account, word, field) for word, field in FIELDS.items()},
            "now": {word: getattr(usage, field) for word, field in FIELDS.items() if hasattr(usage, field)},
        }


def _own(account: Account, word: str, field: str) -> int | str | None:
    if field not in account.own_guards:
        return None
    value = account.own_guards[field]
    return "off" if value is None else show_value(word, value)
