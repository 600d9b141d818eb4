"""A night's ledger against what the switch itself saw: they agree, and any one thing changed is named."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest

from callctl.asterisk.evidence import Evidence
from callctl.clock import milliseconds
from callctl.reconcile import (
    LET_GO_BY_US,
    NEWS_MS_MAX,
    Difference,
    Kind,
    compare,
    is_way_in,
    rate_of,
    talk_of,
    worth,
)
from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from callctl.simulate.told import Faults
from callctl.storage.bills import Bill
from tests.simulation.evenings import draw_evening
from tests.simulation.nights import draw_night
from tests.simulation.prices import DRAWN, tariffs_of
from tests.simulation.queues import draw_call_centre
from tests.simulation.witnessed import bills_of, differences, seen_in

NIGHTS, EVENINGS, CENTRES = 150, 150, 40


def by_leg(bills: dict[str, Bill]) -> dict[str, list[Bill]]:
    return {leg_id: [bill] for leg_id, bill in bills.items()}


def spent(scenario: Scenario, seed: int) -> Night:
    night = Night(scenario, tariffs_of(seed % DRAWN)[0])
    night.run()
    return night


def outlives(bill: Bill, night: Night) -> bool:
    """On a good switch an order to hang up is done at once."""
    row = bill.row
    leg = night.exchange.legs.get(row.call_id if is_way_in(row.leg_id) else row.leg_id)
    if leg is None or leg.answered_ms is None or row.ended_by not in LET_GO_BY_US:
        return False
    assert leg.ended_ms and row.ended_at
    return leg.ended_ms - milliseconds(row.ended_at) > NEWS_MS_MAX


@pytest.mark.parametrize(
    ("draw", "count"),
    [(draw_night, NIGHTS), (draw_evening, EVENINGS), (draw_call_centre, CENTRES)],
    ids=["nights", "evenings", "call centres"],
)
def test_the_ledger_of_a_night_is_what_its_switch_saw(draw: Callable[..., Scenario], count: int) -> None:
    paid = 0
    for seed in range(count):
        night = spent(draw(seed, faulty=False), seed)
        bills = bills_of(night)
        found = list(differences(by_leg(bills), seen_in(night)))
        assert not found, f"seed {seed}: {found}"
        late = [leg_id for leg_id, bill in bills.items() if outlives(bill, night)]
        assert not late, f"seed {seed}: let go long before their ends: {late}"
        paid += sum(bill.kopecks > 0 for bill in bills.values())
    assert paid > count // 2, "bills that cost something"


def test_on_a_bad_switch_nothing_differs_as_its_log_knows_what_news_got_lost() -> None:
    judged = 0
    for seed in range(100):
        scenario = draw_evening(seed, faulty=True)
        if scenario.faults.delay_ms_max <= NEWS_MS_MAX:  # news that take longer overtake each other
            found = found_in(scenario, seed)
            assert not found, f"seed {seed}: {found}"
            judged += 1
    assert judged > 50


def test_when_news_and_orders_are_swallowed_nobody_who_answers_meanwhile_talks_for_nothing() -> None:
    """Also who answers after his patience, or to an order that nobody knows the fate of."""
    hole = Faults(silence_every_s=14, silence_ms_max=12_000, silence_swallows=True)
    for draw in (draw_night, draw_evening):
        for seed in range(120):
            found = found_in(draw(seed, faulty=False).model_copy(update={"faults": hole}), seed)
            assert not found, f"seed {seed}: {found}"


def test_on_a_bad_switch_without_a_log_what_differs_is_in_the_subscribers_favour() -> None:
    kinds = Counter[Kind]()
    for seed in range(100):
        scenario = draw_evening(seed, faulty=True)
        faults = scenario.faults.model_copy(update={"witness": False})
        kinds.update(one.kind for one in found_in(scenario.model_copy(update={"faults": faults}), seed))
    assert kinds.keys() == {Kind.SHORTER}


def found_in(scenario: Scenario, seed: int) -> list[Difference]:
    night = spent(scenario, seed)
    return list(differences(by_leg(bills_of(night)), seen_in(night)))


def reopened(bill: Bill) -> Bill:
    row = replace(
        bill.row,
        ended_at=None,
        seconds=None,
        units=None,
        charge_kopecks=None,
        ended_by=None,
        lines=(),
        draws=(),
    )
    return Bill(row)


def charged(bill: Bill, kopecks: int) -> Bill:
    """So much more, in its line and on the bill itself."""
    (line,) = bill.lines
    row = replace(bill.row, charge_kopecks=bill.kopecks + kopecks)
    return Bill(row, (replace(line, amount=line.amount - kopecks),))


def misstated(bill: Bill) -> Bill:
    return Bill(replace(bill.row, charge_kopecks=bill.kopecks + 7), bill.lines)


def renamed(bill: Bill) -> Bill:
    line = replace(bill.lines[0], account_id="another")
    return Bill(replace(bill.row, account_id="another"), (line,))


def stretched(bill: Bill, by_s: int) -> Bill:
    """As if it had ended so much later, and been billed so."""
    row, rate = bill.row, rate_of(bill.row)
    assert row.ended_at and row.seconds and rate
    seconds = row.seconds + by_s
    charge = worth(replace(row, lines=()), rate, seconds)
    late = replace(
        row,
        ended_at=row.ended_at + timedelta(seconds=by_s),
        seconds=seconds,
        units=charge.units,
        lines=tuple(asdict(line) for line in charge.lines),
    )
    return charged(Bill(late, bill.lines), charge.amount - bill.kopecks)


Change = Callable[[Bill, Random], tuple[list[Bill], Kind, int]]
CHANGES: dict[str, Change] = {
    "its line and its bill are gone": lambda bill, luck: ([], Kind.MISSING, bill.kopecks),
    "it was never settled": lambda bill, luck: ([reopened(bill)], Kind.NEVER_ENDED, bill.kopecks),
    "on another account too": lambda bill, luck: ([bill, renamed(bill)], Kind.DOUBLED, -bill.kopecks),
    "a kopeck too little": lambda bill, luck: ([charged(bill, -1)], Kind.SHORTER, 1),
    "too much": lambda bill, luck: ([charged(bill, sum_ := luck.randint(1, 9_999))], Kind.LONGER, -sum_),
    "nothing at all": lambda bill, luck: ([charged(bill, -bill.kopecks)], Kind.SHORTER, bill.kopecks),
    "another sum on the bill": lambda bill, luck: ([misstated(bill)], Kind.BALANCE, -7),
    "an hour too long": lambda bill, luck: (
        [longer := stretched(bill, 3_600)],
        Kind.LONGER,
        bill.kopecks - longer.kopecks,
    ),
}


def is_plain(bill: Bill, evidence: Evidence) -> bool:
    """Its money is that of the witness's seconds; nothing of it was a gift, or not secured."""
    row, rate = bill.row, rate_of(bill.row)
    talk = talk_of(row.leg_id, evidence.calls.get(row.call_id, {}))
    if rate is None or talk is None or row.leg_id.startswith("leg0-") or len(bill.lines) != 1:
        return False
    plain = worth(replace(row, lines=()), rate, talk.seconds).amount
    return talk.was_met and bill.kopecks == plain > 0 and bill.gift_s == 0


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_one_thing_changed_is_one_difference_of_its_kind_and_money(change: Change) -> None:
    tried = 0
    for seed, evidence, bills in plain_nights():
        luck = Random(seed)
        leg_id = luck.choice([leg_id for leg_id, bill in bills.items() if is_plain(bill, evidence)])
        bill = bills[leg_id]
        changed, kind, kopecks = change(bill, luck)
        found = list(differences({**by_leg(bills), leg_id: changed}, evidence, {leg_id: reopened(bill)}))
        told = [(one.kind, one.leg_id, one.kopecks) for one in found]
        # Longer for nothing is no difference: after the first unit some prices are 0.
        assert told == ([(kind, leg_id, kopecks)] if kopecks else []), f"seed {seed}: {found}"
        tried += bool(kopecks)
    assert tried > 20


@cache
def plain_nights() -> list[tuple[int, Evidence, dict[str, Bill]]]:
    nights = []
    for draw in (draw_night, draw_evening, draw_call_centre):
        for seed in range(50):
            night = spent(draw(seed, faulty=False), seed)
            evidence, bills = seen_in(night), bills_of(night)
            if any(is_plain(bill, evidence) for bill in bills.values()):
                nights.append((seed, evidence, bills))
    return nights


def test_a_call_of_which_the_witness_saw_no_end_is_named_and_one_of_which_it_is_silent_is_not_guessed() -> (
    None
):
    for _, evidence, bills in plain_nights():
        for bill in bills.values():
            if not is_plain(bill, evidence):
                continue
            channels = evidence.calls[bill.row.call_id]
            endless = {name: replace(one, ended_ms=None) for name, one in channels.items()}
            for is_whole, kind in ((True, Kind.NEVER_ENDED), (False, None)):
                found = compare(bill.row.leg_id, [bill], endless, lacking=None, is_whole=is_whole)
                assert (found.kind if found else None) is kind
            for is_whole, kind in ((True, Kind.LONGER), (False, None)):
                found = compare(bill.row.leg_id, [bill], {}, lacking=None, is_whole=is_whole)
                assert (found.kind if found else None) is kind
                assert found is None or found.kopecks == -bill.kopecks
