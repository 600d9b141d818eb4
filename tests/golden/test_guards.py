"""One account's day under its guards, as a table for people."""

from heapq import heappop, heappush

from callctl.calls.money.meter import Meter
from callctl.calls.money.purse import Purse
from rating.deck import Destination
from rating.funds import Funds
from rating.guards import Guards
from rating.ledger import Account, Ledger
from rating.money import Money
from rating.refusal import Refusal
from rating.tariff import Plan, Terms, Version
from tests.golden.rows import RULES, check, read_rows
from tests.golden.subscriber import CALLER, LINE, moment
from tests.plans import deck, tariffs

PRICES = {"79": ("Russia mobile", Money(200)), "995": ("Georgia", Money(2000)), "53": ("Cuba", Money(6000))}
GUARDS = Guards(
    calls_at_once=2,
    calls_a_minute=3,
    money_an_hour=Money(300_00),
    night_price=Money(5_00),
    zone=7 * 60,
    new_price=Money(10_00),
    new_calls_a_day=2,
    new_money_a_day=Money(200_00),
)


class Office:
    def __init__(self) -> None:
        sold = deck({prefix: Destination(name, price, price) for prefix, (name, price) in PRICES.items()})
        plan = Plan("own", "Own", Funds(), [Version("1", 0, None, Terms("test/own@1"), sold)])
        self.tariffs = tariffs(plan)
        self.account = Account("ann", "test", "own", Money(100_000_00), guards=GUARDS)
        self.ledger = Ledger()
        self.ledger.open(self.account)
        self._ends: list[tuple[int, int, Meter]] = []
        self._asked = 0

    def call(self, at_ms: int, call: str, number: str, talked_s: int) -> Refusal | None:
        self._pass_time(at_ms)
        self._asked += 1
        purse = Purse(self.ledger, self.tariffs, "ann", LINE, CALLER, call)
        meter = purse.admit(f"{call}{self._asked}", number, at_ms, at_ms)
        if isinstance(meter, Refusal):
            return meter
        assert meter
        meter.answered(at_ms)
        heappush(self._ends, (at_ms + talked_s * 1000, self._asked, meter))
        return None

    def _pass_time(self, to_ms: int) -> None:
        while self._ends and self._ends[0][0] <= to_ms:
            end_ms, _, meter = heappop(self._ends)
            meter.charge_as_talked((end_ms - meter.answered_at_ms) // 1000, end_ms)
        for _, _, meter in self._ends:
            while meter.paid_until_ms is not None and meter.paid_until_ms <= to_ms:
                meter.buy_unit()


def test_an_account_does_no_more_than_its_guards_allow() -> None:
    office = Office()
    for _, row in read_rows(RULES / "guards.txt"):
        given = row.given
        at_ms = moment(given["at"])
        refusal = office.call(at_ms, given["call"], given["number"], int(given["talked"]))
        at_once, minute, hour, new_calls, new_money = office.account.watch.usage(GUARDS, at_ms)
        outcome = {
            "refusal": refusal.value if refusal else None,
            "at_once": at_once,
            "minute": minute,
            "hour": hour,
            "new_calls": new_calls,
            "new_money": new_money,
        }
        check(row, outcome)
