"""Tariffs for tests, without files: one price for every number unless a deck is given."""

from array import array
from collections.abc import Mapping

from rating.deck import Deck, Destination, Key
from rating.funds import Funds
from rating.money import Money
from rating.prefixes import PrefixTable
from rating.profile import Profile, Tariffs
from rating.tariff import Plan, Rate, Side, Terms, Version

ANY_NUMBER = PrefixTable([""])


def rate(price: int = 169, unit_s: int = 60, setup: int = 0, threshold_s: int = 0, prefix: str = "") -> Rate:
    terms = Terms("t@1", unit_s, unit_s, Money(setup), threshold_s)
    return Rate(terms, Side.OUTGOING, "everywhere", prefix, Money(price), Money(price))


def deck(prices: Mapping[str, Destination], key: Key = Key.CALLED) -> Deck:
    """Destinations by prefix."""
    return Deck(
        "deck", key, tuple(prices.values()), PrefixTable(list(prices)), array("i", range(len(prices)))
    )


def everywhere(price: int, first: int | None = None) -> Deck:
    destination = Destination("everywhere", Money(price if first is None else first), Money(price))
    return Deck("deck", Key.CALLED, (destination,), ANY_NUMBER, array("i", [0]))


def plan(name: str, price: int, terms: Terms, funds: Funds | None = None) -> Plan:
    return Plan(name, name, funds or Funds(), [Version("1", 0, None, terms, everywhere(price))])


def tariffs(*plans: Plan) -> Tariffs:
    """All in the profile `test`."""
    return Tariffs({"test": Profile("test", "Test", {plan.name: plan for plan in plans}, True)})


def simple(name: str, unit_s: int, price: int, setup: int = 0, threshold_s: int = 0) -> Plan:
    terms = Terms(f"test/{name}@1", unit_s, unit_s, Money(setup), threshold_s)
    return plan(name, price, terms)


def rated(plan: Plan, called: str = "79161110002", caller: str = "79031112233", at_ms: int = 0) -> Rate:
    version = plan.version_at(at_ms)
    assert version
    found = version.rate(Side.OUTGOING, caller, called, at_ms)
    assert isinstance(found, Rate), found
    return found
