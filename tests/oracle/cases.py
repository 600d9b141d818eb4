"""Cases drawn on a real profile: an account near its limits, one to four calls, moments where prices change.

Rule 1: two things of one instant that have no order to agree on are not drawn: two arrivals, answers or ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from callctl.simulate.scenario import Scenario
from tests.oracle.book import FREEPHONE, Deck, Terms
from tests.oracle.naive import MOSCOW, PATIENCE_S
from tests.oracle.reading import Edition, Plan

DAYS = 730  # from 1 January 2025 on
ACCOUNT = "anna"
Told = dict[str, Any]


@dataclass
class Drawn:
    """What a case has so far."""

    luck: Random
    plan: Plan
    edition: Edition
    start: datetime
    taken: set[int]  # seconds at which a call does something


def draw_case(seed: int, profile: str, plans: Mapping[str, Plan]) -> Scenario:
    luck = Random(f"{profile} {seed}")
    name = luck.choice(sorted(plans))
    start = _start(luck, plans[name])
    drawn = Drawn(luck, plans[name], plans[name].edition(start), start, set())
    numbers = [_number(drawn, place) for place in range(luck.randint(1, 3))]
    calls = [_call(drawn, numbers) for _ in range(luck.randint(1, 4))]
    account = {"id": ACCOUNT, "profile": profile, "plan": name} | _money(drawn, numbers, calls)
    return Scenario.model_validate(
        {
            "start": start,
            "seed": seed,
            "accounts": [account],
            "numbers": numbers,
            "calls": calls,
            "payments": _lines(drawn, "payment", luck.choice([0, 0, 1, 2]), 1),
            "corrections": _lines(drawn, "correction", int(luck.random() < 0.1), luck.choice([-1, 1])),
            "refunds": _lines(drawn, "refund", int(luck.random() < 0.05), 1),
            "guarantees": _guarantees(drawn, numbers),
            "settings": {"warning_s": 0 if luck.random() < 0.98 else 10},
        }
    )


def _start(luck: Random, plan: Plan) -> datetime:
    """A little before something happens to prices, or just at any time."""
    first = min(one.begins for one in plan.editions)
    moment = first + timedelta(days=luck.randrange(DAYS))
    what = luck.random()
    if what < 0.3:
        moment = luck.choice(plan.editions).begins
    elif what < 0.5:
        moment = moment.replace(day=1)
    elif what < 0.8 and (bands := plan.edition(moment).outgoing.bands):
        band = luck.choice(bands)
        moment += timedelta(minutes=luck.choice([band.from_minute, band.to_minute]))
    elif what < 0.9:
        moment += timedelta(seconds=luck.randrange(86_400))
    before_s = luck.choice([luck.randint(0, 35), luck.randint(0, 400)])
    return max(first, moment - timedelta(seconds=before_s)).astimezone(MOSCOW)


def _number(drawn: Drawn, place: int) -> Told:
    luck, begins = drawn.luck, drawn.edition.incoming_numbers
    own = luck.choice(begins) if begins and luck.random() < 0.85 else "7495"
    line = f"{own}{place}".ljust(11, "1")
    return {"number": line, "account": ACCOUNT, "forward_to": _dialled(luck, drawn.edition.outgoing)}


def _dialled(luck: Random, deck: Deck) -> str:
    """Mostly of the deck; sometimes not sold, beside it, or of nobody."""
    every, sold, gifts, free = _prefixes(deck)
    what = luck.random()
    if gifts and what < 0.5:
        prefix = luck.choice(gifts)
    elif what < 0.86:
        prefix = luck.choice(sold)
    elif free and what < 0.9:
        prefix = luck.choice(free)
    else:
        prefix = luck.choice(every) if what < 0.96 else str(luck.randint(1, 999))
    if luck.random() < 0.1:
        prefix = prefix[:-1]
    digits = prefix or str(luck.randint(1, 9))
    length = 11 if digits[0] == "7" else luck.randint(8, 14)
    while len(digits) < length:
        digits += str(luck.randint(0, 9))
    return f"+{digits}"


_KNOWN: dict[int, tuple[Deck, tuple[list[str], ...]]] = {}


def _prefixes(deck: Deck) -> tuple[list[str], ...]:
    """All, those that are sold, those that gift minutes pay for, those of free calls; looked through once."""
    if id(deck) not in _KNOWN:
        sold = [prefix for prefix, name in deck.prefixes.items() if name in deck.prices]
        gifts = [prefix for prefix in sold if deck.prices[deck.prefixes[prefix]].is_gift]
        free = [prefix for prefix, name in deck.prefixes.items() if name == FREEPHONE]
        _KNOWN[id(deck)] = deck, (list(deck.prefixes), sold, gifts, free)
    return _KNOWN[id(deck)][1]


def _call(drawn: Drawn, numbers: list[Told]) -> Told:
    luck = drawn.luck
    number = luck.choice(numbers)
    deck = drawn.edition.incoming
    caller = _dialled(luck, deck) if deck else "+79031112233"
    if luck.random() < 0.05:
        caller = "anonymous"
    terms = drawn.edition.outgoing.terms(number["forward_to"][1:], drawn.start)
    while True:
        at, ring_s, talk_s = luck.randint(0, 300), luck.randint(0, PATIENCE_S - 1), _talk_s(luck, terms)
        is_answered = luck.random() < 0.92
        ends_at = at + ring_s + talk_s if is_answered else at + min(PATIENCE_S, talk_s)
        moments = {at, at + ring_s, ends_at} if is_answered else {at, ends_at}
        if not moments & drawn.taken:
            break
    drawn.taken |= moments
    return {
        "at": at,
        "from": caller,
        "to": number["number"],
        "answer": ring_s if is_answered else "never",
        "hang_up": talk_s,
        "hung_up_by": luck.choice(["caller", "callee"]),
    }


def _talk_s(luck: Random, terms: Terms | str) -> int:
    """Mostly at the edges of a unit; long enough, now and then, for the longest connection."""
    known = terms if isinstance(terms, Terms) else Terms()
    what = luck.random()
    if what < 0.15:
        return luck.randint(1, 8)
    if what < 0.45:
        units = luck.randint(0, 8)
        return max(1, known.not_rated_s + known.first_s + units * known.next_s + luck.randint(-1, 1))
    if what < 0.85 or known.next_s < 10:
        return luck.randint(1, 300)
    if known.longest_s and what < 0.95:
        return known.longest_s + luck.randint(-60, 60)
    return luck.randint(300, 2500)


def _money(drawn: Drawn, numbers: list[Told], calls: list[Told]) -> Told:
    """So much that it ends in some calls, to the kopeck."""
    luck, funds = drawn.luck, drawn.plan.funds
    own: Told = {}
    if luck.random() < 0.15:
        own["credit"] = _roubles(luck.choice([0, 500, 30_000]))
    if luck.random() < 0.1:
        own["threshold"] = _roubles(luck.choice([0, 100, 2000]))
    if luck.random() < 0.1:
        own["stops"] = luck.choice(["paid", "everything"])
    if luck.random() < 0.05:
        own["barred"] = [luck.choice(["7", "79", "3", "Russia mobile", "Moscow fixed"])]
    credit = _kopecks(own["credit"]) if "credit" in own else funds["credit_kopecks"]
    threshold = _kopecks(own["threshold"]) if "threshold" in own else funds["threshold_kopecks"]
    prices = [cost for call in calls for cost in _costs(drawn, numbers, call)] or [100]
    own["balance"] = _roubles(threshold - credit + _some(luck, prices))
    if luck.random() < 0.7 and drawn.edition.gift_s:
        own["gift_used"] = max(0, drawn.edition.gift_s // 60 - luck.randint(0, 9))
    lines = [number["number"] for number in numbers]
    own["limits"] = [
        {
            "number": line,
            "most": _roubles(20_000 + max(0, _some(luck, prices))),
            "spent": _roubles(luck.choice([20_000, 20_000, 19_000, 0])),
            "kind": luck.choice(["limit", "stop"]),
        }
        for line in lines
        if luck.random() < 0.15
    ]
    often = 0.5 if drawn.edition.incoming else 0.08
    own["paid"] = [
        {"number": line, "amount": _roubles(luck.choice([1, 100, 700, 100_000]))}
        for line in lines
        if luck.random() < often
    ]
    return own


def _costs(drawn: Drawn, numbers: list[Told], call: Told) -> list[int]:
    target = next(number["forward_to"] for number in numbers if number["number"] == call["to"])
    found = [drawn.edition.outgoing.terms(target[1:], drawn.start)]
    if drawn.edition.incoming:
        found.append(drawn.edition.incoming.terms(call["from"].lstrip("+anoymus"), drawn.start))
    return [terms.setup + terms.first_price for terms in found if isinstance(terms, Terms)]


def _some(luck: Random, prices: list[int]) -> int:
    what = luck.random()
    if what < 0.1:
        return luck.choice([-1000, -1, 0, 0, 1])
    if what < 0.2:
        return luck.randint(0, 100_000)
    return sum(luck.choices(prices, k=luck.randint(1, 8))) + luck.choice([-1, 0, 0, 1, 50])


def _lines(drawn: Drawn, word: str, count: int, sign: int) -> list[Told]:
    return [
        {
            "at": drawn.luck.randint(0, 500),
            "account": ACCOUNT,
            "amount": _roubles(sign * drawn.luck.choice([1, 120, 500, 3000])),
            "ref": f"{word}-{place}",
        }
        for place in range(count)
    ]


def _guarantees(drawn: Drawn, numbers: list[Told]) -> list[Told]:
    luck = drawn.luck
    if not drawn.edition.incoming or luck.random() < 0.8:
        return []
    return [
        {
            "at": luck.randint(0, 300),
            "account": ACCOUNT,
            "number": luck.choice(numbers)["number"],
            "amount": _roubles(luck.choice([100, 1000, 100_000])),
        }
    ]


def _roubles(kopecks: int) -> str:
    sign = "-" if kopecks < 0 else ""
    return f"{sign}{abs(kopecks) // 100}.{abs(kopecks) % 100:02}"


def _kopecks(roubles: str) -> int:
    return int(roubles.replace(".", ""))
