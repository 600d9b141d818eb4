"""Many accounts of one operator, and calls of theirs that come and go."""

from random import Random

from callctl.calls.money.meter import Meter
from rating.funds import Funds
from rating.ledger import Account, Ledger
from rating.money import Money
from rating.profile import Profile, Tariffs
from rating.quote import Quote, fund
from rating.tariff import Bundle, Plan, Side, Terms, Version
from tests.bench.rating import decks

PREFIXES = 50_000
NUMBERS = 20_000
GIFT_SHARE = 0.2
BUNDLE_SECONDS = 3_000 * 60
PLENTY = Money(10_000_000_00)
BEGIN_MS = 1_795_000_000_000
RING_MS = 30_000
EXTENDS = (2, 2, 2, 2, 3)  # 2.2 on the average


class Office:
    """Time goes on by a millisecond a call."""

    def __init__(self, accounts: int, calls: int) -> None:
        luck = Random(1)
        known = decks.prefixes(PREFIXES)
        deck = decks.deck(known)
        terms = Terms("bench/plan@1")
        everywhere = frozenset(destination.name for destination in deck.destinations)
        bundle = Bundle("gift", BUNDLE_SECONDS, everywhere, "B-1")
        plain = Version("1", 0, None, terms, deck)
        giving = Version("1", 0, None, terms, deck, bundle=bundle)
        plans = {
            name: Plan(name, name, Funds(), [version])
            for name, version in (("plain", plain), ("gift", giving))
        }
        self.tariffs = Tariffs({"bench": Profile("bench", "Bench", plans, True)})
        self.ledger = Ledger()
        for index in range(accounts):
            plan = "gift" if luck.random() < GIFT_SHARE else "plain"
            account = Account(f"account-{index}", "bench", plan, PLENTY)
            fund(account, self.tariffs)
            self.ledger.open(account)
        all_accounts = list(self.ledger.accounts())
        targets = decks.numbers(known, NUMBERS, fitting_share=1)
        self.wanted = [
            (f"leg1-{call}", luck.choice(all_accounts), luck.choice(targets)) for call in range(calls)
        ]

    def open(self, call: int) -> Meter:
        leg_id, account, called = self.wanted[call]
        quote = Quote(self.tariffs, account, Side.OUTGOING, "79031112233", called, "74951234567")
        at_ms = BEGIN_MS + call
        meter = Meter.open(self.ledger, leg_id, quote, at_ms, at_ms + RING_MS)
        assert isinstance(meter, Meter), meter
        return meter
