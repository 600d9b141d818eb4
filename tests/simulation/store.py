"""A simulated PostgreSQL: what is durable of accounts, entries and connections, and how it fails.

Rule 1: a write is whole or nothing. Of one that failed nobody knows which: it may stand.
Rule 2: connections become rows by the product's own statements; only what these do is told again here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from callctl.calls.directory import Directory
from callctl.calls.records import CallAt, CallOver, LegSettled, MessageTaken, Record
from callctl.clock import milliseconds, moment
from callctl.simulate.books import Books, open_account
from callctl.simulate.scenario import Scenario
from callctl.storage import kept_places, legs, running_calls
from callctl.storage.rows import LegRow
from callctl.storage.running_calls import Left, Tried, place_of
from dialplan.scheme import Scheme
from rating.calendar import month_of
from rating.entries import Entry, ReferenceClash
from rating.ledger import Account, Ledger
from rating.limits import NumberLimit
from rating.money import Money
from rating.pots import BALANCE
from rating.quote import fund

Row = dict[str, Any]

HELD = ("account_id", "leg_id", "call_id", "caller", "number", "line", "held_at", "held_kopecks", "rate")
SETTLED = (
    "ended_at",
    "seconds",
    "units",
    "charge_kopecks",
    "lines",
    "ended_by",
    "cause",
    "draws",
    "vat_kopecks",
)
AT = (
    "account_id",
    "call_id",
    "number",
    "line",
    "caller",
    "seat",
    "hops",
    "scheme_version",
    "scheme",
    "caller_name",
    "record",
    "record_node",
    "arrived_at",
    "way",
)
KEPT = (
    "account_id",
    "queue",
    "caller",
    "call_id",
    "line",
    "hops",
    "scheme_version",
    "scheme",
    "caller_name",
    "record",
    "record_node",
    "since",
    "until",
    "tries",
)
EMPTY = dict.fromkeys(LegRow.__dataclass_fields__)


class Away(Exception):
    """The write failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The N-th write fails, and so does every other for a while."""

    at_write: int
    away_ms: int
    stands: bool = False  # it was done all the same: only its answer got lost


class Store:
    def __init__(self, scenario: Scenario, directory: Directory, failure: Failure | None = None) -> None:
        self._scenario = scenario
        self._directory = directory
        self._tariffs = directory.tariffs
        self._failure = failure
        self._away_until_ms = 0
        self.writes = 0
        self.books = Books()
        self.rows: dict[str, Row] = {}
        self.calls: dict[str, CallOver] = {}
        self.places: dict[str, Row] = {}
        self.kept: dict[tuple[str, ...], Row] = {}
        self.messages: dict[str, MessageTaken] = {}
        self.clashes: list[str] = []
        self.overdrawn: list[str] = []
        for told in scenario.accounts:
            for entry in open_account(told, Ledger(), self._tariffs, scenario.start_ms):
                self.books.add(entry)
        funds = [(account.account_id, account.funds) for account in self.load()[0].accounts()]
        self._beyond = {account_id: fund.credit - fund.threshold for account_id, fund in funds}

    def is_away(self, now_ms: int) -> bool:
        return now_ms < self._away_until_ms

    def write(self, records: Sequence[Record], now_ms: int) -> None:
        if self.is_away(now_ms):
            raise Away
        self.writes += 1
        failure = self._failure
        if failure and self.writes == failure.at_write:
            self._away_until_ms = now_ms + failure.away_ms
            if failure.stands:
                self._commit(records)
            raise Away
        self._commit(records)

    def post(self, entry: Entry) -> bool:
        """True when it is new."""
        return self.books.add(entry)

    def load(self) -> tuple[Ledger, Left]:
        """As a service finds it when it starts."""
        ledger = Ledger()
        for told in self._scenario.accounts:
            open_account(told, ledger, self._tariffs, self._scenario.start_ms)
            account = ledger.account(told.id)
            assert account
            for number in told.limits:
                spent = {month_of(self._scenario.start_ms): int(number.spent)}
                account.limits[number.number] = NumberLimit(number.number, number.most, number.kind, spent)
            self._count(account)
            fund(account, self._tariffs)
        return ledger, self._left()

    def _left(self) -> Left:
        calls = []
        for row in sorted(self.places.values(), key=lambda row: (row["arrived_at"], row["call_id"])):
            number = self._directory.number(row["line"])
            told = row["scheme"]
            scheme = Scheme.model_validate_json(told) if told else number.scheme if number else None
            assert scheme, row
            calls.append(place_of(row, scheme))
        kept = [kept_places.kept_of(row) for row in sorted(self.kept.values(), key=lambda row: row["since"])]
        return Left(self.open_legs(), calls, {call.call_id: self._tried(call) for call in calls}, kept)

    def _tried(self, call: CallAt) -> Tried:
        since = moment(call.arrived_at_ms - 1_000)
        legs = [leg for leg in self.all_legs() if leg.call_id == call.call_id and leg.held_at >= since]
        tries = [int(leg.leg_id.partition("-")[0].removeprefix("leg")) for leg in legs]
        over = [
            leg for leg in legs if leg.answered_at and leg.ended_at and not leg.leg_id.startswith("leg0-")
        ]
        return Tried(max(tries, default=0), max((milliseconds(leg.held_at) for leg in over), default=None))

    def open_legs(self) -> list[LegRow]:
        rows = [row for row in self.rows.values() if row["ended_at"] is None]
        return [_leg(row) for row in sorted(rows, key=lambda row: (row["held_at"], row["leg_id"]))]

    def all_legs(self) -> list[LegRow]:
        return [_leg(row) for row in self.rows.values()]

    def settled(self) -> list[LegRow]:
        """Those that were placed, and have their bill."""
        return [leg for leg in self.all_legs() if leg.ended_at and not leg.refusal]

    def _count(self, account: Account) -> None:
        for entry in self.books.entries.values():
            if entry.account_id != account.account_id:
                continue
            if entry.pot == BALANCE:
                account.balance = Money(account.balance + entry.amount)
            else:
                account.pot(entry.pot).moved += entry.amount
        for row in self.rows.values():
            if row["account_id"] == account.account_id and row["charge_kopecks"]:
                account.spend(row["line"], month_of(milliseconds(row["answered_at"])), row["charge_kopecks"])

    def _commit(self, records: Sequence[Record]) -> None:
        for room in (legs, running_calls, kept_places):
            for statement, rows in room.statements_of(records):
                for row in rows:
                    self._execute(statement, row)
        for record in records:
            match record:
                case LegSettled():
                    self._post(record)
                case CallOver():
                    self.calls.setdefault(record.call_id, record)
                case MessageTaken():
                    self.messages.setdefault(record.recording, record)
                case _:
                    pass

    def _execute(self, statement: str, row: Sequence[Any]) -> None:
        match statement:
            case legs.HELD:
                self.rows.setdefault(row[1], EMPTY | dict(zip(HELD, row, strict=True)))
            case legs.BEGAN:
                _, leg_id, answered_at, rate = row
                if stored := self.rows.get(leg_id):
                    stored |= {"answered_at": answered_at, "rate": rate or stored["rate"]}
            case legs.SETTLED:
                stored = self.rows.get(row[1])
                if stored and stored["ended_at"] is None:
                    stored |= dict(zip(SETTLED, row[2:], strict=True))
            case legs.REFUSED:
                ended = {"ended_at": row[6], "seconds": 0, "units": 0, "charge_kopecks": 0}
                told = dict(zip(HELD, (*row[:7], 0, None), strict=True)) | {
                    "refusal": row[8],
                    "cause": row[7],
                }
                self.rows.setdefault(row[1], EMPTY | told | ended | {"ended_by": "refused"})
            case running_calls.AT:
                self.places[row[1]] = dict(zip(AT, row, strict=True))
            case running_calls.GONE:
                self.places.pop(row[1], None)
            case kept_places.KEPT:
                self.kept[tuple(row[:3])] = dict(zip(KEPT, row, strict=True))
            case kept_places.OVER:
                self.kept.pop(tuple(row), None)
            case _:
                raise AssertionError(statement)

    def _post(self, record: LegSettled) -> None:
        for entry in record.entries:
            try:
                self.books.add(entry)
            except ReferenceClash as clash:
                self.clashes.append(str(clash))
        left = self.books.left(record.account_id, BALANCE) + self._beyond.get(record.account_id, 0)
        if left < 0 and any(entry.pot == BALANCE for entry in record.entries):
            self.overdrawn.append(f"{record.account_id} is {-left} beyond its limit by {record.leg_id}")


def _leg(row: Row) -> LegRow:
    read = {name: json.loads(row[name]) if row[name] else () for name in ("lines", "draws")}
    return LegRow(**row | read | {"rate": json.loads(row["rate"]) if row["rate"] else None})
