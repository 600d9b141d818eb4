"""One subscriber whose plan, money and call are the columns of a row, served by the real core.

Rule 1: a plan `operator/plan` is the shipped one; without it the columns are the plan.
Rule 2: whoever talks goes on until he hangs up, is cut, or the connection is as long as may be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from callctl.calls.connections import Connections
from callctl.calls.legs import Leg, LegState
from callctl.calls.money.meter import Meter
from callctl.calls.money.purse import Purse
from callctl.calls.records import EndedBy, LegSettled
from callctl.tariffs.folders import load_profiles
from rating.calendar import moment_of, month_of
from rating.charge import Charge
from rating.entries import Entry, EntryKind, grant_entries
from rating.funds import Funds, OwnFunds, Stop
from rating.ledger import Account, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.pots import gift_pot, paid_pot
from rating.profile import Tariffs
from rating.quote import fund
from rating.refusal import Refusal
from rating.standing import Standing
from rating.tariff import Bundle, Plan, Rate, Terms, Version
from tests.plans import everywhere, tariffs

Given = Mapping[str, str]

DAY = "2025-08-28"  # where a row tells only the time
LINE, MOBILE, CALLER = "74951234567", "79161110002", "74997654321"
RING_MS = 30_000
LONG_MS = 24 * 3_600_000


@cache
def shipped() -> Tariffs:
    return load_profiles()


def moment(text: str) -> int:
    return moment_of(datetime.fromisoformat(text if "-" in text else f"{DAY} {text}"))


def whole(given: Given, name: str, otherwise: int = 0) -> int:
    return int(given.get(name) or otherwise)


def tariffs_of(given: Given) -> tuple[Tariffs, str, str]:
    """And the names of profile and plan."""
    if "/" in (name := given.get("plan", "")):
        profile, _, plan = name.partition("/")
        return shipped(), profile, plan
    return tariffs(own_plan(given)), "test", "own"


def own_plan(given: Given) -> Plan:
    """One price for every number, as the columns say."""
    first_s = whole(given, "first", 60)
    terms = Terms(
        "test/own@1",
        first_s,
        whole(given, "next", first_s),
        Money(whole(given, "setup")),
        whole(given, "threshold"),
        is_offset=given.get("mode") == "offset",
        longest_s=whole(given, "longest") or None,
        vat_percent=whole(given, "vat_percent") or None,
    )
    price = Money(whole(given, "price", 169))
    sold = everywhere(price, whole(given, "first_price", price))
    bundle = Bundle("gift", whole(given, "gift") * 60, frozenset({"everywhere"}), "CLV-P3")
    version = Version("1", 0, None, terms, sold, bundle=bundle if given.get("gift") else None)
    funds = Funds(
        Money(whole(given, "lowest")),
        Money(whole(given, "credit")),
        Stop(given.get("stops") or "paid"),
        given.get("level") == "at",
    )
    return Plan("own", "own", funds, [version])


@dataclass
class Subscriber:
    """An account with its pots and limits as they are in the month of its call."""

    given: Given

    def __post_init__(self) -> None:
        given = self.given
        self.dialled_ms = moment(given.get("dialled") or given.get("answered") or "12:00")
        self.line = given.get("line") or LINE
        self.tariffs, profile, plan = tariffs_of(given)
        self.account = Account("ann", profile, plan, Money(whole(given, "balance", 100_000_000)))
        self.account.own = OwnFunds(
            threshold=Money(int(given["own_lowest"])) if given.get("own_lowest") else None,
            credit=Money(int(given["own_credit"])) if given.get("own_credit") else None,
        )
        self.account.barred = tuple(given.get("barred", "").split(", ")) if given.get("barred") else ()
        self.account.standing = Standing(given.get("standing") or "active")
        fund(self.account, self.tariffs)
        self.ledger = Ledger()
        self.ledger.open(self.account)
        self._fill_pots(month_of(self.dialled_ms))

    def _fill_pots(self, month: str) -> None:
        given = self.given
        if used := whole(given, "gift_used"):
            self.ledger.apply(
                Entry("ann", "used", EntryKind.CONNECTION, -used * 60, self.dialled_ms, gift_pot(month))
            )
        if grant := whole(given, "grant"):
            pot = paid_pot(given.get("grant_for") or self.line, given.get("grant_month") or month)
            for entry in grant_entries("ann", pot, Money(grant), self.dialled_ms):
                self.ledger.apply(entry)
        if given.get("limit"):
            kind = LimitKind(given.get("limit_kind") or "limit")
            spent = {month: whole(given, "spent")}
            self.ledger.set_limit("ann", NumberLimit(self.line, Money(int(given["limit"])), kind, spent))

    def call(self) -> dict[str, object]:
        """The caller is admitted, then the target; both begin with the answer and end together."""
        caller = Leg("c", self.given.get("caller", CALLER), LegState.PLACED, self.dialled_ms)
        purse = Purse(self.ledger, self.tariffs, "ann", self.line, caller.number)
        connections = Connections("c", "ann", self.line, caller, purse)
        until_ms = self.dialled_ms + RING_MS
        _, way_in = connections.admit_caller(self.dialled_ms, until_ms)
        if isinstance(way_in, Refusal):
            return self._outcome(way_in=way_in.value, refusal=way_in.value)
        target = self.given.get("target", MOBILE)
        _, attempt = connections.admit(target, self.dialled_ms, until_ms)
        if isinstance(attempt, Refusal):
            return self._outcome(way_in="paid" if way_in else "free", refusal=attempt.value)
        held = attempt.ticket.held(self.dialled_ms).amount
        ended_ms, ended_by = self.dialled_ms + RING_MS, EndedBy.SERVICE
        if self.given.get("answered", "at once"):
            answered_ms = moment(self.given.get("answered") or self.given.get("dialled") or "12:00")
            caller.answered(answered_ms)
            connections.began(attempt, answered_ms)
            ended_ms, ended_by = self._talk(connections, answered_ms)
        rate = attempt.ticket.meter.rate if attempt.ticket.meter else None
        bill, *others = connections.settle(ended_ms, ended_by, 16)
        paid_in = str(others[0].charge.amount) if others else "free"
        return self._outcome(way_in=paid_in, rate=rate, held=held, bill=bill)

    def call_at_once(self, calls: int) -> dict[str, object]:
        """So many callers in the same moment; nobody is answered yet."""
        purse = Purse(self.ledger, self.tariffs, "ann", self.line, CALLER)
        until_ms = self.dialled_ms + RING_MS
        asked = [purse.admit(f"leg{n}", MOBILE, self.dialled_ms, until_ms) for n in range(calls)]
        return {
            "admitted": sum(isinstance(meter, Meter) for meter in asked),
            "held": self.ledger.held_total,
            "available": self.account.available_in(month_of(self.dialled_ms)),
        }

    def _talk(self, connections: Connections, answered_ms: int) -> tuple[int, EndedBy]:
        if self.given.get("released"):
            until_ms = moment(self.given["released"])
        else:
            talked = self.given.get("talked")
            until_ms = answered_ms + (round(float(talked) * 1000) if talked else LONG_MS)
        while True:
            dues = [due for meter in connections.meters if (due := meter.paid_until_ms) is not None]
            due_ms = min(dues, default=until_ms)
            if due_ms >= until_ms:
                return until_ms, EndedBy.CALLER
            for meter in connections.meters:
                if meter.paid_until_ms != due_ms:
                    continue
                if meter.is_longest(due_ms):
                    return due_ms, EndedBy.LONGEST
                if refusal := meter.buy_unit():
                    is_limit = refusal is Refusal.NUMBER_LIMIT
                    return due_ms, EndedBy.LIMIT if is_limit else EndedBy.BALANCE
                assert meter.paid_until_ms != due_ms, "what was bought lasts no longer"

    def _outcome(
        self,
        *,
        way_in: str,
        refusal: str | None = None,
        rate: Rate | None = None,
        held: int = 0,
        bill: LegSettled | None = None,
    ) -> dict[str, object]:
        month = month_of(self.dialled_ms)
        gift, pool = (self.account.pots.get(name) for name in (gift_pot(month), paid_pot(self.line, month)))
        return {
            "refusal": refusal,
            "way_in": way_in,
            "held": held,
            "end": bill.ended_by.value if bill else None,
            "balance": self.account.balance,
            "available": self.account.available_in(month),
            "gift_left": gift.left // 60 if gift else None,
            "pool_left": pool.left if pool else None,
            **(told_rate(rate) if rate else NO_RATE),
            **(told(bill.charge) if bill else NO_BILL),
        }


NO_RATE = dict.fromkeys(("destination", "price", "band", "version"))
NO_BILL = {**dict.fromkeys(("seconds", "units", "vat", "lines", "rules")), "charge": 0, "gift_used_up": 0}


def told_rate(rate: Rate) -> dict[str, object]:
    return {
        "destination": rate.destination,
        "price": rate.next_price,
        "band": rate.band,
        "version": rate.terms.tariff.partition("@")[2],
    }


def told(charge: Charge) -> dict[str, object]:
    return {
        "seconds": charge.seconds,
        "units": charge.units,
        "charge": charge.amount,
        "vat": charge.vat,
        "gift_used_up": charge.gift_s // 60,
        "lines": " + ".join(f"{line.what} {line.quantity} x {line.unit_price}" for line in charge.lines),
        "rules": ", ".join(dict.fromkeys(line.rule for line in charge.lines)),
    }
