"""The words that look: calls, accounts, numbers, queues, trunks, bills.

Rule 1: amounts are roubles and times Moscow's, as everywhere for people.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from callctl.api.account_words import show_account
from callctl.api.console.screen import Row, Screen, columns, form, page
from callctl.api.console.words import Word, page_number
from callctl.api.words import Json, show_leg
from callctl.asterisk.trunks import TrunkView
from callctl.calls.legs import call_id_of
from callctl.calls.lines.line_view import LineView
from callctl.calls.records import Passed
from callctl.calls.view import CallView
from callctl.clock import moment, rfc3339
from callctl.complaint import Missing
from callctl.explain.bill import explain_leg
from callctl.storage.books import Books
from callctl.storage.rows import LegRow
from callctl.storage.till import Till
from callctl.storage.ways import Ways
from callctl.times import clock_time, date_time
from dialplan.numbers import normal_number
from dialplan.targets import Outside, Seat, Target
from rating.calendar import month_of
from rating.money import show_roubles

NAMES_MAX = 10


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to look at."""

    till: Till
    books: Books
    ways: Ways
    live: Callable[[], list[CallView]]
    lines: Callable[[str | None], list[LineView]]
    trunks: Callable[[], Awaitable[list[TrunkView]]]
    health: Callable[[], Json]


class Eyes:
    def __init__(self, sight: Sight) -> None:
        self._at = sight

    def words(self) -> list[Word]:
        return [
            Word("calls [PAGE] [NUMBER|ACCOUNT]", "the calls that run, or those of one", self.calls),
            Word("call ID", "one call: who, where in the scheme, for how much", self.call),
            Word("balance NUMBER|ACCOUNT", "balance, held and available money", self.balance),
            Word("account ID", "an account's money, terms, numbers", self.account),
            Word("number E164", "whose it is, and its routing scheme", self.number),
            Word("queues [PAGE]", "lines in which somebody waits", self.queues),
            Word("queue NAME [ACCOUNT]", "who waits, and what the members do", self.queue),
            Word("trunks", "the lines to carriers", self.trunks),
            Word("explain LEG", "why a connection cost what it cost", self.explain),
            Word("health", "the service and what it is connected to", self.health),
        ]

    async def calls(self, number: str = "1", whose: str = "") -> Screen:
        wanted = page_number(number)
        calls = self._at.live()
        if whose:
            e164 = normal_number(whose) or ""
            calls = [call for call in calls if whose == call.account_id or e164 == call.number]
        about = f"{len(calls)} running, RUB, Moscow time"
        return page("calls", about, [self._call_cells(call) for call in calls], wanted, "calls")

    async def call(self, call_id: str) -> Screen:
        call_id = call_id_of(call_id)
        running = next((call for call in self._at.live() if call.call_id == call_id), None)
        if running:
            return [*form(self._call_form(running)), *_way(running.way)]
        past = await self._at.ways.call(call_id)
        told = form(
            {
                "call": past.call_id,
                "state": f"over, {past.ending}",
                "from": past.caller,
                "number": past.number,
                "account": past.account_id,
                "arrived": date_time(rfc3339(past.arrived_at)),
                "answered": date_time(rfc3339(past.answered_at)) or None,
                "ended": date_time(rfc3339(past.ended_at)),
                "scheme version": past.scheme_version,
            }
        )
        legs = await self._at.ways.legs(past, past.ended_at or past.arrived_at)
        return [*told, *_way(past.way), *_legs(legs)]

    async def balance(self, asked: str) -> Screen:
        account = self._at.books.account_of(asked)
        return form(
            {
                "number": asked,
                "account": account.account_id,
                "plan": f"{account.profile}/{account.plan}",
                "balance": show_roubles(account.balance),
                "held": show_roubles(account.held),
                "available": show_roubles(account.available_in(self._month)),
                "currency": "RUB",
            }
        )

    async def account(self, account_id: str) -> Screen:
        till = self._at.till
        account = self._at.books.account(account_id)
        shown = show_account(account, till.directory.tariffs, till.clock.now_ms())
        numbers = [one.e164 for one in till.directory.numbers() if one.account_id == account_id]
        running = sum(call.account_id == account_id for call in self._at.live())
        return [*form(_account_form(shown)), *form({"numbers": _listed(numbers), "calls now": running})]

    async def number(self, e164: str) -> Screen:
        number = self._at.till.directory.number(normal_number(e164) or "")
        if number is None:
            raise Missing(f"number {e164!r} is nobody's here: give one such as 74951234567")
        scheme = number.scheme
        running = sum(call.number == number.e164 for call in self._at.live())
        nodes = list(scheme.nodes)
        return form(
            {
                "number": number.e164,
                "account": number.account_id,
                "scheme version": number.scheme_version,
                "starts at": scheme.start,
                "nodes": _listed(nodes),
                "calls now": running,
            }
        )

    async def queues(self, number: str = "1") -> Screen:
        lines = self._at.lines(None)
        cells = [
            {
                "QUEUE": line.name,
                "ACCOUNT": line.account_id,
                "WAITING": len(line.waiting),
                "LONGEST": self._ago(min((one.since_ms for one in line.waiting), default=None)),
                "FREE": sum(member.state == "free" for member in line.members),
                "MEMBERS": len(line.members),
            }
            for line in lines
        ]
        about = f"{len(lines)} in which somebody waits"
        return page("queues", about, cells, page_number(number), "queues")

    async def queue(self, name: str, account_id: str | None = None) -> Screen:
        if account_id is not None:
            self._at.books.account(account_id)
        lines = [line for line in self._at.lines(account_id) if line.name == name]
        if not lines:
            where = f"account {account_id!r} has no queue" if account_id else "nobody waits in a queue"
            more = "" if account_id else f"; an empty one is shown by `callctl queue {name} ACCOUNT`"
            raise Missing(f"{where} {name!r}{more}")
        return [row for line in lines for row in self._line(line)]

    async def trunks(self) -> Screen:
        cells = [
            {
                "TRUNK": trunk.name,
                "STATE": trunk.state,
                "CONTACT": trunk.contact,
                "LEGS NOW": trunk.legs,
                "EMERGENCY": "yes" if trunk.is_emergency else "",
            }
            for trunk in await self._at.trunks()
        ]
        return [("trunks", [f"{len(cells)}, in the order in which they are tried", *columns(cells)])]

    async def explain(self, leg_id: str) -> Screen:
        return [("explain", ["", *explain_leg(show_leg(await self._at.books.leg(leg_id)))])]

    async def health(self) -> Screen:
        return form(dict(_flat(self._at.health())))

    @property
    def _month(self) -> str:
        return month_of(self._at.till.clock.now_ms())

    def _call_cells(self, call: CallView) -> dict[str, object]:
        return {
            "CALL": call.call_id,
            "FROM": call.caller,
            "NUMBER": call.number,
            "TARGET": call.target,
            "STATE": call.state,
            "NODE": call.node,
            "SINCE": self._ago(call.arrived_at_ms),
            "PAID UNTIL": _clock(call.paid_until_ms),
            "ACCOUNT": call.account_id,
            "AVAILABLE": self._available(call.account_id),
        }

    def _call_form(self, call: CallView) -> dict[str, object]:
        return {
            "call": call.call_id,
            "state": call.state,
            "from": call.caller,
            "number": call.number,
            "account": call.account_id,
            "node": call.node,
            "target": call.target,
            "leg": call.leg_id,
            "arrived": date_time(rfc3339(moment(call.arrived_at_ms))),
            "answered": _clock(call.answered_at_ms),
            "paid until": _clock(call.paid_until_ms),
            "held": show_roubles(call.held_kopecks),
            "available": self._available(call.account_id),
            "scheme version": call.scheme_version,
        }

    def _available(self, account_id: str) -> str | None:
        account = self._at.till.ledger.account(account_id)
        return show_roubles(account.available_in(self._month)) if account else None

    def _ago(self, since_ms: int | None) -> str:
        return "" if since_ms is None else _span((self._at.till.clock.now_ms() - since_ms) // 1000)

    def _line(self, line: LineView) -> Iterator[Row]:
        yield from form({"queue": line.name, "account": line.account_id})
        waiting = [
            {
                "PLACE": place,
                "FROM": one.caller,
                "WAITS": self._ago(one.since_ms),
                "PRIORITY": one.priority,
                "RUNG NOW": ", ".join(map(_target, one.offered)),
                "CALL": one.call_id,
            }
            for place, one in enumerate(line.waiting, start=1)
        ]
        members = [
            {
                "MEMBER": _target(one.target),
                "DOES": one.state,
                "UNTIL": _clock(one.rests_until_ms),
                "TAKEN": one.calls_taken,
            }
            for one in line.members
        ]
        yield "waiting", [str(len(waiting)), *columns(waiting)]
        yield "members", [str(len(members)), *columns(members)]


def _account_form(shown: dict[str, Any]) -> dict[str, object]:
    amounts = {
        name: show_roubles(shown[f"{name}_kopecks"])
        for name in ("balance", "held", "available", "credit", "threshold")
    }
    gift = shown["gift"]
    return {
        "account": shown["account_id"],
        "plan": f"{shown['profile']}/{shown['plan']}",
        "standing": shown["standing"],
        **amounts,
        "currency": "RUB",
        "without money stops": shown["stops"],
        "barred": _listed(shown["barred"]) or None,
        "gift minutes left": f"{max(0, gift['left_s']) // 60} of {gift['given_s'] // 60}" if gift else None,
        **{
            f"limit of {one['number']}": f"{show_roubles(one['spent_kopecks'])} of "
            f"{show_roubles(one['most_kopecks'])} a month spent"
            for one in shown["limits"]
        },
    }


def _way(way: Sequence[Passed]) -> list[Row]:
    cells = [{"AT": _clock(at.at_ms), "NODE": at.node, "OUTCOME": ", ".join(at.outcomes)} for at in way]
    return [("way", [f"{len(cells)} nodes", *columns(cells)])] if cells else []


def _legs(legs: Sequence[LegRow]) -> list[Row]:
    cells = [
        {
            "LEG": leg.leg_id,
            "TO": leg.number,
            "SECONDS": leg.seconds,
            "CHARGE": None if leg.charge_kopecks is None else show_roubles(leg.charge_kopecks),
            "ENDED BY": leg.ended_by,
            "REFUSAL": leg.refusal,
        }
        for leg in legs
    ]
    return [("connections", [f"{len(cells)}, RUB", *columns(cells)])]


def _flat(health: Json, above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in health.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name} ")
        elif value != []:
            yield above + name, ("yes" if value else "no") if isinstance(value, bool) else value


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def _target(target: Target) -> str:
    match target:
        case Seat(name):
            return f"seat {name}"
        case Outside(number):
            return number


def _clock(at_ms: int | None) -> str | None:
    return None if at_ms is None else clock_time(rfc3339(moment(at_ms)))


def _span(seconds: int) -> str:
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
