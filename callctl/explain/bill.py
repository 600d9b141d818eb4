"""A bill in plain words: who called whom, by which tariff, how it was counted, and who paid what.

Rule 1: the input is a connection as `GET /legs/{id}` gives it; everything that is said is in it.
Rule 2: each sentence about money or time names the rule that made it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from callctl.calls.records import EndedBy
from callctl.complaint import one_line
from callctl.explain.english import ENGLISH
from callctl.explain.russian import RUSSIAN
from callctl.explain.words import Words
from rating.charge import ChargeLine
from rating.pots import BALANCE, PAID, Draw, is_gift, month_of_pot
from rating.refusal import Refusal
from rating.tariff import Rate, Side, Terms

Leg = Mapping[str, Any]

LANGUAGES: Final = {"en": ENGLISH, "ru": RUSSIAN}
LATE: Final = "late-"

_RATE = TypeAdapter(Rate | None)
_LINES = TypeAdapter(list[ChargeLine])
_DRAWS = TypeAdapter(list[Draw])


def explain_leg(leg: Leg, language: str = "en") -> list[str]:
    return [one_line(told) for told in _told(leg, LANGUAGES[language])]


def language_of(environment: Mapping[str, str]) -> str:
    """`ru` for whoever reads Russian, `en` for everybody else."""
    locale = environment.get("LC_ALL") or environment.get("LANG", "")
    return "ru" if locale.startswith("ru") else "en"


def _told(leg: Leg, words: Words) -> Iterator[str]:
    rate = _RATE.validate_python(leg["rate"])
    yield _who(leg, words)
    if leg["leg_id"].startswith(LATE):
        yield words.late.format(day=words.date(datetime.fromisoformat(leg["held_at"])))
    if leg["refusal"]:
        refusal = words.refusals[Refusal(leg["refusal"])]
        yield _tried(leg, words)
        yield words.refused.format(why=refusal.why)
        yield words.remedy.format(remedy=refusal.remedy)
        return
    if rate:
        yield words.incoming if rate.side is Side.INCOMING else words.outgoing
    if leg["ended_at"] is None or leg["answered_at"] is None:
        yield _tried(leg, words)
    if leg["ended_at"]:
        yield _when(leg, rate, words)
    if rate and leg["answered_at"]:
        yield _tariff(rate, words)
        yield words.counting.format(terms="; ".join(_counting(rate.terms, words)))
    if leg["ended_at"] is None:
        yield words.running
        return
    yield from _bill(leg, rate, words)


def _who(leg: Leg, words: Words) -> str:
    line = leg["line"]
    is_forwarded = line and line not in (leg["from"], leg["to"])
    return (words.forwarded if is_forwarded else words.called).format(
        leg=leg["leg_id"],
        account=leg["account_id"] or words.nobody,
        caller=words.caller.format(number=leg["from"]) if leg["from"] else words.hidden,
        line=line,
        number=leg["to"],
    )


def _tried(leg: Leg, words: Words) -> str:
    at = datetime.fromisoformat(leg["held_at"])
    return words.tried.format(day=words.date(at), time=words.time(at))


def _when(leg: Leg, rate: Rate | None, words: Words) -> str:
    ended_by = _ended_by(leg, rate, words)
    if leg["answered_at"] is None:
        return words.not_answered.format(ended_by=ended_by, cause=leg["cause"])
    began, ended = (datetime.fromisoformat(leg[name]) for name in ("answered_at", "ended_at"))
    days = words.date(began), words.date(ended)
    seconds = leg["seconds"]
    span = words.span(seconds)
    answered = words.answered.format(
        day=days[0],
        began=words.time(began),
        ended=words.time(ended) if days[0] == days[1] else f"{days[1]} {words.time(ended)}",
        duration=span if seconds < 60 else words.seconds_too.format(span=span, seconds=seconds),
    )
    return f"{answered}; {ended_by}."


def _ended_by(leg: Leg, rate: Rate | None, words: Words) -> str:
    longest = ""
    if rate and rate.terms.longest_s:
        longest = f"{words.span(rate.terms.longest_s)}, {rate.terms.rule('longest', 'GAZ-5.3.2')}"
    return words.ended_by[EndedBy(leg["ended_by"])].format(longest=longest)


def _tariff(rate: Rate, words: Words) -> str:
    plan, _, version = rate.terms.tariff.partition("@")
    return words.tariff.format(
        tariff=words.version.format(plan=plan, version=version) if version else plan,
        destination=rate.destination,
        prefix=words.prefix.format(prefix=rate.prefix) if rate.prefix else words.every_prefix,
        band=words.band.format(band=rate.band) if rate.band else "",
        price=_price(rate, words),
        rule=rate.terms.rule("price", "S-5"),
    )


def _price(rate: Rate, words: Words) -> str:
    terms = rate.terms
    first, after = words.roubles(rate.first_price), words.roubles(rate.next_price)
    if not rate.first_price and not rate.next_price:
        return words.no_price
    if (terms.first_s, rate.first_price) == (terms.next_s, rate.next_price):
        return words.one_price.format(price=after, each=words.each(terms.next_s))
    return words.two_prices.format(first=first, next=after)


def _counting(terms: Terms, words: Words) -> Iterator[str]:
    rule = terms.rule("threshold", "S-4")
    if terms.free_s:
        yield words.offset.format(span=words.span(terms.free_s), rule=rule)
    elif terms.threshold_s:
        yield words.threshold.format(span=words.span(terms.threshold_s), rule=rule)
    yield (words.one_unit if terms.first_s == terms.next_s else words.two_units).format(
        first=words.span(terms.first_s), next=words.span(terms.next_s), rule=terms.rule("unit", "S-5")
    )
    if terms.setup_fee:
        yield words.setup.format(price=words.roubles(terms.setup_fee), rule=terms.rule("setup", "S-5"))
    if terms.longest_s:
        yield words.longest.format(span=words.span(terms.longest_s), rule=terms.rule("longest", "GAZ-5.3.2"))


def _bill(leg: Leg, rate: Rate | None, words: Words) -> Iterator[str]:
    terms = rate.terms if rate else Terms("")
    begun = 0
    for line in _LINES.validate_python(leg["lines"]):
        yield f"  - {_line(line, terms, begun, words)} ({line.rule})"
        begun += line.quantity if line.what in ("first_unit", "units", "gift") else 0
    draws = _DRAWS.validate_python(leg["draws"])
    if draws:
        yield words.paid
    for draw in draws:
        yield f"  - {_draw(draw, terms, words)}"
    total = words.charged.format(amount=words.roubles(leg["charge_kopecks"]))
    yield f"{total} {_vat(leg, terms, words)}" if leg["charge_kopecks"] else total


def _line(line: ChargeLine, terms: Terms, begun: int, words: Words) -> str:
    first_s = terms.next_s if begun else terms.first_s
    return words.lines[line.what].format(
        quantity=line.quantity,
        price=words.roubles(line.unit_price),
        amount=words.roubles(line.amount),
        time=words.span(line.quantity),
        first=words.span(terms.first_s),
        units=words.units(line.quantity, terms.next_s),
        gift=words.span(first_s + (line.quantity - 1) * terms.next_s),
    )


def _draw(draw: Draw, terms: Terms, words: Words) -> str:
    if draw.pot == BALANCE:
        return words.from_balance.format(amount=words.roubles(draw.amount))
    month = words.month_of(month_of_pot(draw.pot))
    if is_gift(draw.pot):
        rule = terms.rule("gift", "CLV-P3")
        return words.from_gift.format(month=month, span=words.span(draw.amount), rule=rule)
    number = draw.pot.removeprefix(f"{PAID}/").partition("/")[0]
    return words.from_pool.format(number=number, month=month, amount=words.roubles(draw.amount))


def _vat(leg: Leg, terms: Terms, words: Words) -> str:
    if terms.vat_percent is None:
        return words.no_vat
    return words.vat.format(percent=terms.vat_percent, amount=words.roubles(leg["vat_kopecks"]))
