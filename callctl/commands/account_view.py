"""An account for people: its money in a table, its terms in sentences."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from callctl.commands.show import print_json, print_table, roubles

COLUMNS = {
    "account_id": "account",
    "profile": "profile",
    "plan": "plan",
    "balance_kopecks": "balance",
    "held_kopecks": "held",
    "available_kopecks": "available",
}
STOPPED = {"everything": "everything stops", "paid": "paid calls stop"}
STANDINGS = {
    "suspended_partial": "Suspended in part: what costs money is off",
    "suspended_full": "Suspended: all but emergency calls is off",
    "blocked_voluntary": "Blocked by its own wish: all but emergency calls is off",
    "terminated": "Ended: all but emergency calls is off",
}
LIMITED = {"limit": "paid calls end", "stop": "all but emergency calls end"}


def print_account(options: Namespace, account: dict[str, Any]) -> None:
    if options.json:
        print_json(account)
        return
    print_table("RUB", COLUMNS, [account])
    for line in told(account):
        print(line)


def told(account: dict[str, Any]) -> Iterator[str]:
    own = account["own"]

    def whose(field: str) -> str:
        return "the plan's" if own[field] is None else "its own"

    if standing := STANDINGS.get(account["standing"]):
        yield f"{standing}."
    yield f"Credit {roubles(account['credit_kopecks'])} ({whose('credit_kopecks')})."
    yield f"Lowest balance {roubles(account['threshold_kopecks'])} ({whose('threshold_kopecks')})."
    yield f"Without money {STOPPED[account['stops']]} ({whose('stops')})."
    if account["barred"]:
        yield f"Barred: {', '.join(account['barred'])}."
    if gift := account["gift"]:
        left, given = _minutes(gift["left_s"]), _minutes(gift["given_s"])
        yield f"Gift minutes ({gift['name']}): {left} of {given} left."
    for paid in account["paid"]:
        left = roubles(paid["left_kopecks"])
        yield f"Paid beforehand for {paid['number']} in {paid['month']}: {left} left."
    for limit in account["limits"]:
        spent, most = roubles(limit["spent_kopecks"]), roubles(limit["most_kopecks"])
        yield f"Limit of {limit['number']}: {spent} of {most} a month spent; there {LIMITED[limit['kind']]}."


def _minutes(seconds: int) -> str:
    minutes, rest = divmod(max(0, seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
