"""A period of calls is charged alike, in one life of the service or cut into several."""

from hypothesis import given, settings
from hypothesis import strategies as st

from callctl.calls.money.meter import Meter
from rating.money import Money
from rating.tariff import Terms
from tests.laws.test_meters import BEGIN_MS, CHEAP, LINE, MEANS, MONTH, Desk, Means, talk, version
from tests.laws.words import TERMS

CALLS = st.lists(st.integers(1, 400_000), min_size=1, max_size=8)


def begin_again(desk: Desk, make: Desk) -> Desk:
    """What a new life knows of the old one: its lines, and what the number's calls cost."""
    make.post(*desk.lines[len(make.lines) :])
    if spent := desk.account.spent_on(LINE).get(MONTH, 0):
        make.account.spend(LINE, MONTH, spent)
    return make


@given(MEANS, TERMS, CHEAP, CHEAP, CALLS, st.sets(st.integers(1, 7)))
@settings(deadline=None, max_examples=400)
def test_splitting_a_period_of_calls_changes_nothing(
    means: Means, terms: Terms, first: Money, after: Money, calls: list[int], splits: set[int]
) -> None:
    def live(lives: set[int]) -> tuple[object, ...]:
        desk = Desk(means, [version("1", 0, terms, first, after, means.gift_s)])
        charges: list[object] = []
        for place, talked_ms in enumerate(calls):
            if place in lives:
                desk = begin_again(desk, Desk(means, [version("1", 0, terms, first, after, means.gift_s)]))
            meter = Meter.open(desk.ledger, f"leg{place}", desk.quote, BEGIN_MS, BEGIN_MS)
            if not isinstance(meter, Meter):
                charges.append((meter, 0))
                continue
            meter.answered(BEGIN_MS)
            charge = desk.settle(meter, talk(meter, BEGIN_MS + talked_ms))
            charges.append((charge.units, charge.amount))
        pots = {name: pot.moved for name, pot in desk.account.pots.items() if pot.moved}
        return charges, desk.lines, desk.account.balance, pots

    assert live(splits) == live(set())
