"""What another price list changes, told by what numbers meet; and what calls would have cost by it."""

from dataclasses import replace

import pytest

from callctl.calls.money.estimate import Asked
from callctl.calls.money.repricing import PastCall, Sums, reprice
from rating.comparison import Change, DeckComparison, Kind, Met, as_if_always, compare
from rating.deck import Deck, Destination
from rating.money import Money
from rating.prefixes import PrefixTable
from rating.profile import Profile
from rating.tariff import Bundle, Plan, Terms, Version
from tests.plans import deck

MOBILE, FIXED = "79161110002", "74951234567"
NOVEMBER_MS = 1_793_880_000_000


def sold(name: str, price: int, first: int | None = None) -> Destination:
    return Destination(name, Money(price if first is None else first), Money(price))


def unsold(kind: str) -> Destination:
    return Destination(kind, Money(0), Money(0), kind)


def version(prices: Deck, from_ms: int = 0, gift_s: int = 0, **terms: int) -> Version:
    bundle = Bundle("gift", gift_s, frozenset({"mobile"}), "CLV-P3") if gift_s else None
    return Version(str(from_ms), from_ms, None, Terms(f"p/a@{from_ms}", **terms), prices, bundle=bundle)  # type: ignore[arg-type]


def profile(*versions: Version, plan: str = "a") -> Profile:
    from rating.funds import Funds

    return Profile("p", "P", {plan: Plan(plan, plan, Funds(), versions)}, True)


def decks_of(old: dict[str, Destination], new: dict[str, Destination]) -> DeckComparison:
    compared = compare(profile(version(deck(old))), profile(version(deck(new))))
    assert len(compared.decks) == 1
    return compared.decks[0]


@pytest.mark.parametrize(
    "prefixes",
    [[""], ["7", "79", "791"], ["79", *(f"79{n}" for n in range(10))], ["1", "", "999999999999999"]],
)
def test_a_table_gives_back_the_prefixes_it_was_made_of(prefixes: list[str]) -> None:
    assert PrefixTable(prefixes).prefixes() == prefixes


def test_equal_lists_change_nothing() -> None:
    old = profile(version(deck({"7": sold("russia", 10), "78": unsold("premium_rate")})))
    assert compare(old, old) == compare(
        old, profile(version(deck({"78": unsold("premium_rate"), "7": sold("russia", 10)})))
    )
    assert not any((compare(old, old).decks, compare(old, old).terms, compare(old, old).plans_added))


def test_prices_move_by_what_a_number_meets() -> None:
    told = decks_of(
        {"7": sold("fixed", 10), "79": sold("mobile", 20), "77": sold("kz", 5), "1": sold("usa", 9)},
        {"7": sold("fixed", 12), "79": sold("mobile", 15), "1": sold("usa", 9), "44": sold("uk", 3)},
    )
    assert {(change.kind, change.prefixes) for change in told.changes} == {
        (Kind.DEARER, ("7",)),
        (Kind.CHEAPER, ("79",)),
        (Kind.DEARER, ("77",)),  # its numbers meet `7` now
        (Kind.ADDED, ("44",)),
    }
    assert (told.destinations_added, told.destinations_removed) == (("uk",), ("kz",))
    assert (told.prefixes_added, told.prefixes_removed) == (1, 1)
    assert told.used_by == ("a outgoing",)


def test_many_prefixes_that_change_alike_are_one_change() -> None:
    old = {f"79{n}": sold("mobile", 20) for n in range(10)}
    told = decks_of(old, {prefix: sold("mobile", 21) for prefix in old})
    met = Met("mobile", Money(20), Money(20)), Met("mobile", Money(21), Money(21))
    assert told.changes == (Change(Kind.DEARER, *met, tuple(sorted(old))),)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (sold("x", 10), unsold("premium_rate"), Kind.REMOVED),
        (unsold("premium_rate"), sold("x", 10), Kind.ADDED),
        (unsold("premium_rate"), unsold("country"), Kind.OTHER),
        (sold("x", 10), sold("y", 10), Kind.OTHER),
        (sold("x", 10, first=20), sold("x", 10, first=19), Kind.CHEAPER),
        (sold("x", 10, first=20), sold("x", 11, first=19), Kind.OTHER),
        (sold("x", 10), unsold("freephone"), Kind.CHEAPER),
    ],
)
def test_each_change_has_its_name(old: Destination, new: Destination, kind: Kind) -> None:
    assert [change.kind for change in decks_of({"7": old}, {"7": new}).changes] == [kind]


def test_counting_terms_and_plans_are_told_by_name() -> None:
    prices = deck({"": sold("all", 10)})
    old = profile(version(prices, first_s=60, threshold_s=3))
    new = profile(version(prices, first_s=30, threshold_s=3, gift_s=600))
    assert {(term.plan, term.what, term.old, term.new) for term in compare(old, new).terms} == {
        ("a", "first_s", 60, 30),
        ("a", "bundle_minutes", 0, 10),
        ("a", "bundle_destinations", "", "mobile"),
    }
    other = compare(old, profile(version(prices), plan="b"))
    assert (other.plans_added, other.plans_removed) == (("b",), ("a",))


# --- calls ----------------------------------------------------------------------------------------------


def call(called: str = MOBILE, seconds: int = 61, account: str = "ann", at_ms: int = NOVEMBER_MS) -> PastCall:
    return PastCall(account, "a", Asked(FIXED, called, called, at_ms, seconds))


OLD = profile(version(deck({"79": sold("mobile", 100), "7": sold("fixed", 50)})))
NEW = profile(version(deck({"79": sold("mobile", 130)})))


def test_calls_are_summed_by_both_lists_for_plans_and_accounts() -> None:
    found = reprice([call(), call(FIXED), call(account="bob", seconds=1)], OLD, NEW)
    assert found.total == Sums(calls=3, old=200 + 100 + 100, new=260 + 130, new_unsold=1)
    assert found.accounts == {
        "ann": Sums(calls=2, old=300, new=260, new_unsold=1),
        "bob": Sums(calls=1, old=100, new=130),
    }
    assert (found.plans, dict(found.unsold)) == ({"a": found.total}, {"no_price": 1})


def test_the_newest_version_counts_as_if_it_had_always_been_in_force() -> None:
    later = version(deck({"79": sold("mobile", 130)}), from_ms=NOVEMBER_MS + 1)
    dated = profile(*OLD.plans["a"].versions, later)
    assert reprice([call()], OLD, dated).total.new == 200
    assert reprice([call()], OLD, as_if_always(dated)).total.new == 260


def test_gift_minutes_are_spent_by_each_account_once_a_month() -> None:
    gifted = profile(version(deck({"79": sold("mobile", 100)}), gift_s=120))
    calls = [
        call(seconds=60),
        call(seconds=61),
        call(seconds=60, account="bob"),
        call(seconds=60, account=""),
    ]
    later = replace(call(seconds=60).asked, answered_ms=NOVEMBER_MS + 31 * 86_400_000)
    found = reprice([*calls, PastCall("ann", "a", later)], gifted, NEW)
    assert {name: sums.old for name, sums in found.accounts.items()} == {"ann": 100, "bob": 0}
    assert found.total.old == 200  # a call of nobody known has no gift
