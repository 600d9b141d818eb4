"""Many random operations on one ledger, interleaved, and one hash of all that came of them.

Rule 1: every kind of plan, pot and limit is met: two cores that give the same hash rate alike.
"""

import hashlib
from random import Random

from callctl.calls.money.meter import Meter
from rating.bands import Band, Days
from rating.calendar import DAY_MS, MINUTE_MS
from rating.charge import Charge
from rating.deck import Destination
from rating.entries import Entry, EntryKind, grant_entries
from rating.funds import Funds, Stop
from rating.ledger import Account, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.pots import paid_pot
from rating.profile import Profile, Tariffs
from rating.quote import Quote, fund
from rating.refusal import Refusal
from rating.tariff import Bundle, Plan, Side, Terms, Version
from tests.plans import deck

BEGIN_MS = 1_795_000_000_000
MONTHS = ("2026-11", "2026-12", "2027-01")
ACCOUNTS = 60
NAMES = ("far", "near", "mobile", "nothing", "premium")
NIGHT = Band("night", 23 * 60, 8 * 60, frozenset({Days.ALL}), 50, "B-2")
GIFT = Bundle("gift", 900, frozenset({"near", "mobile"}), "B-1")


def _terms(name: str) -> Terms:
    match name:
        case "per-second":
            return Terms("bench/per-second@1", 1, 1, Money(3), vat_percent=22)
        case "offset":
            return Terms("bench/offset@1", 60, 6, Money(50), 4, True, 7200)
        case _:
            return Terms(f"bench/{name}@1", threshold_s=3, rules={"unit": "B-3"})


def _plan(name: str, luck: Random) -> Plan:
    """Two versions; the second begins in the midst of the run."""
    funds = {
        "offset": Funds(Money(100), Money(500), Stop.EVERYTHING, True),
        "giving": Funds(stops=Stop.PAID),
    }
    versions = []
    for number, from_ms in enumerate((0, BEGIN_MS + 20 * DAY_MS + 30_000)):
        prices = {
            "".join(luck.choices("79", k=luck.randint(1, 6))): Destination(
                luck.choice(NAMES), Money(luck.randrange(0, 900)), Money(luck.randrange(0, 600))
            )
            for _ in range(30)
        }
        prices["800"] = Destination("", Money(0), Money(0), "freephone")
        prices["99"] = Destination("", Money(0), Money(0), "premium_rate")
        bands = (NIGHT,) if name == "banded" else ()
        bundle = GIFT if name in ("giving", "banded") else None
        terms = _terms(name)
        versions.append(Version(str(number), from_ms, None, terms, deck(prices), bundle=bundle, bands=bands))
    return Plan(name, name, funds.get(name, Funds()), versions)


class Run:
    def __init__(self, seed: int) -> None:
        luck = self._luck = Random(seed)
        plans = [_plan(name, luck) for name in ("plain", "per-second", "offset", "giving", "banded")]
        self._tariffs = Tariffs(
            {"bench": Profile("bench", "Bench", {plan.name: plan for plan in plans}, True)}
        )
        self._ledger = Ledger()
        self._hash = hashlib.sha256()
        self._now_ms = BEGIN_MS
        self._open: list[tuple[Meter, int]] = []
        for index in range(ACCOUNTS):
            account = Account(f"a{index}", "bench", luck.choice(plans).name, Money(luck.randrange(9_000)))
            account.barred = ("premium", "7979") if luck.random() < 0.1 else ()
            fund(account, self._tariffs)
            self._ledger.open(account)
        self._accounts = list(self._ledger.accounts())

    def operate(self, times: int) -> str:
        """What came of so many operations, as a hash."""
        operations = (self._call, self._call, self._call, self._buy, self._buy, self._settle, self._settle,
                      self._settle, self._pay, self._grant, self._limit)  # fmt: skip
        for number in range(times):
            self._now_ms += self._luck.randrange(0, 5 * MINUTE_MS)
            self._luck.choice(operations)(number)
        return self._hash.hexdigest()

    def _call(self, number: int) -> None:
        luck, account = self._luck, self._luck.choice(self._accounts)
        side = luck.choices((Side.OUTGOING, Side.INCOMING), (20, 1))[0]
        called = "".join(luck.choices("789", (8, 1, 8), k=11))
        line = f"7495{luck.randrange(2)}"
        quote = Quote(self._tariffs, account, side, "79031112233", called, line)
        meter = Meter.open(self._ledger, f"h{number}", quote, self._now_ms, self._now_ms + 2 * MINUTE_MS)
        self._tell(number, called, account)
        if isinstance(meter, Refusal):
            return self._tell(meter.value)
        rate = meter.rate
        self._tell(rate.destination, rate.prefix, rate.first_price, rate.next_price, rate.band, rate.gift)
        answered_ms = self._now_ms + luck.randrange(2 * MINUTE_MS)
        if luck.random() < 0.9:
            is_other = meter.answered(answered_ms)
            affordable = meter.affordable_until_ms if luck.random() < 0.3 else 0
            self._tell(is_other, meter.held, meter.paid_until_ms, affordable, meter.rate.prefix, account)
        self._open.append((meter, answered_ms))
        return None

    def _buy(self, number: int) -> None:
        if self._open:
            meter, _ = self._luck.choice(self._open)
            if not meter.is_endless:
                for _ in range(self._luck.randint(1, 20)):
                    self._tell(number, meter.buy_unit(), meter.held)

    def _settle(self, number: int) -> None:
        if self._open:
            meter, answered_ms = self._open.pop(self._luck.randrange(len(self._open)))
            ended_ms = answered_ms + self._luck.choice((100, 2_000, 3_500, 61_000, 185_000, 9_000_000))
            charge, entries = meter.settle(ended_ms, is_connected=self._luck.random() < 0.95)
            self._tell(number, charge, *entries)

    def _pay(self, number: int) -> None:
        account = self._luck.choice(self._accounts)
        amount = self._luck.randrange(-300, 5_000)
        self._ledger.apply(Entry(account.account_id, f"p{number}", EntryKind.PAYMENT, amount, self._now_ms))
        self._tell(account)

    def _grant(self, number: int) -> None:
        account = self._luck.choice(self._accounts)
        pot = paid_pot(f"7495{self._luck.randrange(2)}", self._luck.choice(MONTHS))
        amount = Money(self._luck.randrange(1, 3_000))
        for entry in grant_entries(account.account_id, pot, amount, self._now_ms):
            self._ledger.apply(entry)
        self._tell(number, account)

    def _limit(self, number: int) -> None:
        if self._luck.random() < 0.2:
            account = self._luck.choice(self._accounts)
            kind = self._luck.choice(list(LimitKind))
            limit = NumberLimit(f"7495{self._luck.randrange(2)}", Money(self._luck.randrange(9_000)), kind)
            self._ledger.set_limit(account.account_id, limit)
            self._tell(number, sorted(limit.held.items()), sorted(limit.spent.items()))

    def _tell(self, *words: object) -> None:
        self._hash.update(repr([_plainly(word) for word in words]).encode())


def _plainly(told: object) -> object:
    match told:
        case Account():
            pots = sorted((pot.name, pot.left, pot.held) for pot in told.pots.values())
            limits = sorted((limit.number, sorted(limit.held.items())) for limit in told.limits.values())
            return (told.account_id, told.balance, told.held, told.holds, pots, limits)
        case Charge():
            lines = [
                (line.what, line.rule, line.quantity, line.unit_price, line.amount) for line in told.lines
            ]
            draws = [(draw.pot, draw.amount) for draw in told.draws]
            return (told.seconds, told.units, told.amount, lines, told.vat, draws)
        case Entry():
            return (told.account_id, told.reference, told.kind.value, told.amount, told.at_ms, told.pot)
        case _:
            return told


def outcomes(operations: int = 20_000) -> str:
    return Run(1).operate(operations)
