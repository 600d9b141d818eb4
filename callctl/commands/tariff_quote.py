"""`callctl tariff quote`: what one connection would cost, without a running service.

Rule 1: a number that is not sold is an answer, not an error.
"""

import os
from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from callctl.calls.money.estimate import Asked, Estimate, Estimator, NoPrice
from callctl.clock import Clock, moment, rfc3339
from callctl.commands.arguments import id_argument
from callctl.commands.show import print_json
from callctl.commands.tariff_folders import find_profile, read_profile_at
from callctl.complaint import Complaint
from callctl.explain.bill import LANGUAGES, explain_leg, language_of
from dialplan.numbers import normal_number
from rating.calendar import DAY_MS, moment_of
from rating.profile import Profile, Tariffs
from rating.reading.profile_words import YEARS
from rating.refusal import Refusal

SECONDS_MAX = 7 * DAY_MS // 1000
GIFT_MINUTES_MAX = 1_000_000


def add_quote(words: Any) -> None:
    quote = words.add_parser(
        "quote",
        help="what one connection would cost; needs no service",
        description="What one connection would cost, by the ledger and meter that charge real ones. "
        'A number that is not sold is an answer as well: {"refused": KIND} and exit code 0.',
    )
    quote.add_argument("--profile", required=True, metavar="P", type=id_argument, help="such as clovertel")
    quote.add_argument("--plan", required=True, metavar="N", type=id_argument, help="such as go")
    quote.add_argument(
        "--to",
        required=True,
        metavar="NUMBER",
        type=number_argument,
        help="who is called; an own 8-800 number of a plan with incoming prices: the way in from --from",
    )
    quote.add_argument(
        "--from", dest="caller", metavar="NUMBER", type=number_argument, help="who calls (hidden)"
    )
    quote.add_argument("--seconds", required=True, metavar="S", type=seconds_argument, help="of talk")
    quote.add_argument("--at", metavar="TIME", type=moment_argument, help="of the answer, Moscow's (now)")
    quote.add_argument(
        "--bundle", default=0, metavar="MIN", type=minutes_argument, help="gift minutes that are left (0)"
    )
    quote.add_argument("--dir", metavar="DIR", type=Path, help="a profile's folder, or one of many (shipped)")
    quote.add_argument("--json", action="store_true", help="print JSON")
    quote.add_argument(
        "--lang", choices=sorted(LANGUAGES), default=language_of(os.environ), help="of the explanation"
    )
    quote.set_defaults(run=_quote)


def number_argument(text: str) -> str:
    number = normal_number(text)
    if number is None:
        raise ArgumentTypeError(f"{text!r} is no telephone number: give it as 79161110002")
    return number


def seconds_argument(text: str) -> int:
    return _whole(text, 1, SECONDS_MAX, "whole seconds")


def minutes_argument(text: str) -> int:
    return _whole(text, 0, GIFT_MINUTES_MAX, "whole minutes")


def moment_argument(text: str) -> int:
    """A day is its midnight; a time without a zone is Moscow's."""
    is_day = len(text) <= len("2026-11-01")
    try:
        at: date = date.fromisoformat(text) if is_day else datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time: give it as 2026-11-01 or 2026-11-01T12:30") from None
    if at.year not in YEARS:
        raise ArgumentTypeError(f"{text!r}: give a time of the years {YEARS[0]} to {YEARS[-1]}")
    return moment_of(at)


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most):
        raise ArgumentTypeError(f"{text!r}: give {what}, {least} to {most}")
    return int(text)


def _quote(options: Namespace) -> None:
    profile = read_profile_at(find_profile(options.dir, options.profile), options.profile)
    at_ms = Clock().now_ms() if options.at is None else options.at
    asked = Asked(options.caller or "", options.to, options.to, at_ms, options.seconds)
    found = estimate(profile, options.plan, asked, options.bundle * 60)
    if options.json:
        print_json(_show(found))
        return
    told = explain_leg(_as_leg(asked, found), options.lang)
    print("\n".join(told))
    if isinstance(found, NoPrice):
        print(f"refused: {found.kind}")


def estimate(profile: Profile, plan: str, asked: Asked, gift_s: int) -> Estimate | NoPrice:
    if plan not in profile.plans:
        plans = ", ".join(sorted(profile.plans))
        raise Complaint(f"profile {profile.name!r} has no plan {plan!r} (plans: {plans})")
    estimator = Estimator(Tariffs({profile.name: profile}))
    account = estimator.account("", profile.name, plan)
    estimator.leave_gift(account, asked.answered_ms, gift_s)
    return estimator.price(account, asked)


def _show(found: Estimate | NoPrice) -> dict[str, Any]:
    if isinstance(found, NoPrice):
        return {"refused": found.kind}
    charge, rate = found.charge, found.rate
    minutes, rest_s = divmod(charge.gift_s, 60)
    return {
        "charge_kopecks": charge.amount,
        "vat_kopecks": charge.vat,
        "seconds": charge.seconds,
        "units": charge.units,
        "destination": rate.destination if rate else "emergency",
        "prefix": rate.prefix if rate else "",
        "band": rate.band if rate else "",
        "tariff": rate.terms.tariff if rate else None,
        "price_kopecks": rate.next_price if rate else 0,
        "first_price_kopecks": rate.first_price if rate else 0,
        "setup_kopecks": rate.terms.setup_fee if rate else 0,
        "bundle_minutes_used": charge.gift_s / 60 if rest_s else minutes,
        "is_cut": found.is_cut,
        "lines": [asdict(line) for line in charge.lines],
    }


def _as_leg(asked: Asked, found: Estimate | NoPrice) -> dict[str, Any]:
    """As if it had been, for who explains bills."""
    answered_at = rfc3339(moment(asked.answered_ms))
    leg: dict[str, Any] = {"leg_id": "(quote)", "account_id": "", "line": "", "held_at": answered_at}
    leg |= {"from": asked.caller, "to": asked.called, "rate": None, "refusal": None}
    if isinstance(found, NoPrice):
        known = {refusal.value for refusal in Refusal}
        return leg | {"refusal": found.kind if found.kind in known else Refusal.NOT_SOLD.value}
    charge = found.charge
    return leg | {
        "answered_at": answered_at,
        "ended_at": rfc3339(moment(asked.answered_ms + charge.seconds * 1000)),
        "ended_by": "longest" if found.is_cut else "caller",
        "cause": 16,
        "seconds": charge.seconds,
        "charge_kopecks": charge.amount,
        "vat_kopecks": charge.vat,
        "rate": found.rate,
        "lines": list(charge.lines),
        "draws": list(charge.draws),
    }
