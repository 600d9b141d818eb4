"""A bill in plain words."""

from collections.abc import Mapping
from typing import Any

from callctl.commands.show import clock_time, date_time, roubles

ENDED_BY = {
    "caller": "the caller hung up",
    "callee": "the called side ended it",
    "balance": "the money ended with the last paid unit",
    "second_cut": "Asterisk released it by its own time limit, as the service did not",
    "service": "the service ended it",
    "refused": "it was not admitted: its hold could not be written down",
    "lost": "it was found ended afterwards",
}

REFUSALS = {
    "no_account": "the number belongs to no account here",
    "no_plan": "the account's plan is none that is sold here",
    "no_price": "the plan does not sell this destination",
    "not_enough": "the balance did not cover the first unit (S-8)",
    "not_recorded": "the hold could not be written down, so nothing was spent",
}


def explain_leg(leg: Mapping[str, Any]) -> list[str]:
    told = [f"Connection {leg['leg_id']}: {leg['from']} -> {leg['to']}, account {leg['account_id'] or '-'}."]
    if leg["refusal"]:
        told.append(f"Refused: {REFUSALS.get(leg['refusal'], leg['refusal'])}. Nothing is charged.")
        return told
    if leg["ended_at"] is None:
        told.append("It runs; the bill is made when it ends.")
        return told
    if leg["answered_at"]:
        began, ended = (clock_time(leg[name], "milliseconds") for name in ("answered_at", "ended_at"))
        day = date_time(leg["answered_at"])[:10]
        told.append(
            f"Answered on {day}, {began} to {ended} MSK: {leg['seconds']} s; {ENDED_BY[leg['ended_by']]}."
        )
    else:
        told.append(f"Not answered; {ENDED_BY[leg['ended_by']]} (cause {leg['cause']}).")
    if leg["rate"]:
        told.append(_terms(leg["rate"]))
    told += [_line(line, leg["rate"] or {}) for line in leg["lines"]]
    told.append(f"Charged: {roubles(leg['charge_kopecks'])} RUB.")
    return told


def _terms(rate: Mapping[str, Any]) -> str:
    prefix = f"prefix {rate['prefix']}" if rate["prefix"] else "every prefix"
    terms = f"{roubles(rate['unit_price'])} RUB for each {rate['unit_s']} s begun"
    if rate["setup_fee"]:
        terms += f", {roubles(rate['setup_fee'])} RUB for the set-up"
    if rate["threshold_s"]:
        terms += f", free below {rate['threshold_s']} s"
    return f"Tariff {rate['tariff']}, {rate['destination']} ({prefix}): {terms}."


def _line(line: Mapping[str, Any], rate: Mapping[str, Any]) -> str:
    amount = roubles(line["amount"])
    price = roubles(line["unit_price"])
    words = {
        "units": f"{line['quantity']} units of {rate.get('unit_s')} s at {price} = {amount} RUB",
        "setup": f"set-up = {amount} RUB",
        "threshold": f"shorter than {line['quantity']} s: free",
        "capped": f"{line['quantity']} units more were talked than secured: not charged",
        "unanswered": "nobody answered: free",
        "not_connected": "the caller had left, or could not be answered: free",
        "emergency": "an emergency number: free, whatever the balance",
        "unsecured": "nothing was secured for it any more: not charged",
    }
    return f"  - {words.get(line['what'], line['what'])} ({line['rule']})"
