"""What is true of every connection that is bought unit by unit, whatever the account has."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callctl.calls.money.meter import Meter
from rating.bands import Band, Days
from rating.calendar import MINUTE_MS, month_of
from rating.charge import Charge
from rating.entries import Entry, EntryKind, grant_entries
from rating.funds import Funds, Source
from rating.ledger import Account, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.pots import BALANCE, gift_pot, is_gift, paid_pot
from rating.quote import Quote, fund
from rating.tariff import Bundle, Plan, Side, Terms, Version
from tests.laws.words import PRICES, TERMS
from tests.plans import everywhere, tariffs

LINE, MOBILE = "74951234567", "79161110002"
BEGIN_MS = 1_756_380_000_000  # in the middle of a month
RING_MS = 150_000
MONTH = month_of(BEGIN_MS)
GIFT, POOL = gift_pot(MONTH), paid_pot(LINE, MONTH)
CHEAP = st.integers(0, 500).map(Money)
SUMS = st.integers(0, 4_000).map(Money)


@dataclass(frozen=True)
class Means:
    """What an account has to pay with."""

    balance: Money
    pool: Money
    gift_s: int
    limit: Money | None
    funds: Funds


MEANS = st.builds(
    Means,
    balance=st.integers(-500, 4_000).map(Money),
    pool=st.just(Money(0)) | SUMS,
    gift_s=st.just(0) | st.integers(0, 400),
    limit=st.none() | SUMS,
    funds=st.builds(
        Funds,
        threshold=st.just(Money(0)) | SUMS,
        credit=st.just(Money(0)) | SUMS,
        stops_at_level=st.booleans(),
        draws=st.permutations(list(Source)).map(tuple),
    ),
)


def version(name: str, from_ms: int, terms: Terms, first: Money, after: Money, gift_s: int = 0) -> Version:
    bundle = Bundle("gift", gift_s, frozenset({"everywhere"}), "CLV-P3") if gift_s else None
    return Version(name, from_ms, None, terms, everywhere(after, first), bundle=bundle)


class Desk:
    """One account with its means, which pays for connections of one plan."""

    def __init__(self, means: Means, versions: list[Version]) -> None:
        self.tariffs = tariffs(Plan("own", "own", means.funds, versions))
        self.ledger = Ledger()
        self.account = Account("ann", "test", "own", Money(means.balance + means.pool))
        self.ledger.open(self.account)
        fund(self.account, self.tariffs)
        self.lines: list[Entry] = []
        if means.pool:
            self.post(*grant_entries("ann", POOL, means.pool, BEGIN_MS))
        if means.limit is not None:
            self.ledger.set_limit("ann", NumberLimit(LINE, means.limit, LimitKind.LIMIT))
        self.quote = Quote(self.tariffs, self.account, Side.OUTGOING, "74997654321", MOBILE, LINE)

    def post(self, *lines: Entry) -> None:
        for line in lines:
            self.ledger.apply(line)
            self.lines.append(line)

    def open(self, leg_id: str = "leg1", until_ms: int = BEGIN_MS) -> Meter:
        meter = Meter.open(self.ledger, leg_id, self.quote, BEGIN_MS, until_ms)
        assume(isinstance(meter, Meter))
        assert isinstance(meter, Meter)
        return meter

    def settle(self, meter: Meter, ended_ms: int) -> Charge:
        charge, lines = meter.settle(ended_ms, is_connected=True)
        self.lines += lines
        return charge

    def has(self, pot: str) -> int:
        """By the lines alone."""
        return sum(line.amount for line in self.lines if line.pot == pot)


def talk(meter: Meter, until_ms: int) -> int:
    """Buys until then; the moment of the cut when it comes before."""
    while (paid_ms := meter.paid_until_ms) is not None and paid_ms < until_ms:
        if meter.is_longest(paid_ms) or meter.buy_unit():
            return paid_ms
        assert meter.paid_until_ms != paid_ms, "what was bought lasts no longer"
    return until_ms


@given(MEANS, TERMS, PRICES, PRICES, st.integers(1, 400_000))
@settings(deadline=None, max_examples=200)
def test_a_charge_is_what_its_lines_and_its_draws_say(
    means: Means, terms: Terms, first: Money, after: Money, talked_ms: int
) -> None:
    desk = Desk(means, [version("1", 0, terms, first, after, means.gift_s)])
    begun = means.balance + means.pool
    meter = desk.open()
    meter.answered(BEGIN_MS)
    charge = desk.settle(meter, talk(meter, BEGIN_MS + talked_ms))
    by_pot: Mapping[str, int] = {draw.pot: draw.amount for draw in charge.draws}
    assert sum(line.amount for line in charge.lines) == charge.amount
    assert sum(amount for pot, amount in by_pot.items() if not is_gift(pot)) == charge.amount
    assert desk.account.balance == begun + desk.has(BALANCE)
    assert desk.account.pot(POOL).left == desk.has(POOL) == means.pool - by_pot.get(POOL, 0)
    assert -desk.has(GIFT) == by_pot.get(GIFT, 0) <= means.gift_s
    assert desk.account.held == desk.ledger.holds_open == 0
    spent = desk.account.spent_on(LINE).get(MONTH, 0)
    assert spent == charge.amount
    assert means.limit is None or charge.amount == 0 or spent <= means.limit
    assert charge.amount == 0 or desk.account.available_in(MONTH) >= 0


@given(MEANS, TERMS, PRICES, st.integers(50, 10_000).map(Money))
@settings(deadline=None, max_examples=200)
def test_nobody_is_cut_a_second_early_or_late(means: Means, terms: Terms, first: Money, after: Money) -> None:
    """What could be bought at the end, by the plain sums of what is left.

    Not where a threshold is longer than the first unit: then what is free goes on beyond what is paid.
    """
    assume(terms.is_offset or terms.threshold_s <= terms.first_s)
    desk = Desk(means, [version("1", 0, terms, first, after, means.gift_s)])
    meter = desk.open()
    meter.answered(BEGIN_MS)
    foreseen_ms = meter.affordable_until_ms
    cut_ms = talk(meter, BEGIN_MS + 10**12)
    assert cut_ms == foreseen_ms
    charge = desk.settle(meter, cut_ms)
    assert cut_ms == BEGIN_MS + terms.covered_ms(charge.units)
    account, limit = desk.account, desk.account.limits.get(LINE)
    money = account.balance + means.funds.credit - means.funds.threshold + account.pot(POOL).left
    is_paid = money >= after and max(0, account.available) + account.pot(POOL).left >= after
    is_allowed = limit is None or limit.most - charge.amount >= after
    assert not (is_paid and is_allowed), "one more unit was affordable"
    assert account.pot(GIFT).left < terms.next_s or means.gift_s == 0, "one more unit was given"


@given(
    TERMS,
    st.lists(st.tuples(CHEAP, CHEAP, st.integers(1, 140)), min_size=2, max_size=4),
    MEANS,
    st.integers(0, RING_MS),
    st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_what_is_held_covers_whatever_the_answer_meets(
    terms: Terms,
    prices: list[tuple[Money, Money, int]],
    means: Means,
    after_ms: int,
    has_band: bool,
) -> None:
    """Versions and bands that begin while it rings, and somebody who draws all that is free meanwhile."""
    minute = (BEGIN_MS // MINUTE_MS + 181) % 1440
    always = frozenset({Days.ALL})
    soon = Band("soon", minute, (minute + 1) % 1440, always, 300, "S-6")
    bands = (soon, Band("else", 0, 1439, always, 50, "S-6")) if has_band else ()
    versions = []
    for number, (first, after, from_s) in enumerate(prices):
        from_ms = BEGIN_MS + from_s * 1000 if number else 0
        one = version(str(number), from_ms, terms, first, after)
        versions.append(Version(one.name, from_ms, None, terms, one.outgoing, bands=bands))
    desk = Desk(means, versions)
    meter = desk.open(until_ms=BEGIN_MS + RING_MS)
    held = meter.held
    desk.post(Entry("ann", "fee", EntryKind.FEE, -max(0, int(desk.account.available)), BEGIN_MS))
    meter.answered(BEGIN_MS + after_ms)
    assert meter.held <= held
    assert meter.held == meter.rate.first_need
    assert meter.rate.first_price == 0 or meter.paid_until_ms != BEGIN_MS + after_ms


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 400)), max_size=12), TERMS, PRICES, SUMS)
@settings(deadline=None, max_examples=40)
def test_the_order_of_independent_accounts_changes_nothing(
    calls: list[tuple[str, int]], terms: Terms, price: Money, balance: Money
) -> None:
    """All in the order in which they came, or each account's by themselves."""
    one = [version("1", 0, terms, price, price)]

    def charges(order: list[tuple[str, int]]) -> dict[str, list[int]]:
        desks = {name: Desk(Means(balance, Money(0), 0, None, Funds()), one) for name in "abc"}
        told: dict[str, list[int]] = {name: [] for name in "abc"}
        for name, seconds in order:
            desk = desks[name]
            meter = Meter.open(desk.ledger, f"leg{len(told[name])}", desk.quote, BEGIN_MS, BEGIN_MS)
            if isinstance(meter, Meter):
                meter.answered(BEGIN_MS)
                told[name].append(desk.settle(meter, talk(meter, BEGIN_MS + seconds * 1000)).amount)
        return {name: [*told[name], desks[name].account.balance] for name in "abc"}

    assert charges(calls) == charges(sorted(calls, key=lambda call: call[0]))
