"""What a check finds in a profile that can be read: mistakes refuse it, doubts do not."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.calendar import earliest_effect
from rating.money import Money
from rating.reading.check import check_profile
from rating.reading.notice import begins_of_units, dearer
from rating.tariff import Terms
from tests.tariffs.small_profiles import (
    PREFIXES,
    PRICES,
    RATES,
    SPLIT,
    TOML,
    UNSOLD_TOML,
    errors,
    folder,
    split,
    warnings,
)

HEADER = "prefix,destination,price_rub\n"
NEXT = """
[decks.new]
key = "called"
rates = "new.csv"
[[plans.go.versions]]
version = "2"
from = 2026-03-12
published = 2026-03-02
outgoing = "new"
"""
NIGHT = (
    'bands = [{ name = "n", begin = "23:00", until = "07:00", days = ["off"], percent = 50, rule = "X" }]\n'
)
INCOMING = 'incoming = "out"\nincoming_numbers = ["7800"]\n'
FIRST = "prefix,destination,price_rub,first_price_rub\n"
GIFT = 'bundle = { name = "g", minutes = 50, destinations = ["Russia"], rule = "X" }\n'


def two(new: str = RATES, more: str = "", *, first: str = "", old: str = RATES) -> dict[str, bytes]:
    """A second version, a day too early for anything worse; `first` and `more`: fields of the two."""
    return folder(TOML + first + NEXT + more, old, new=new)


def test_two_versions_have_two_names_and_two_beginnings() -> None:
    assert errors(folder(TOML + NEXT.replace('"2"', '"1"'), RATES, new=RATES)) == [
        "profile.toml:20:1: version '1' of plan go stands twice: give one another name"
    ]
    assert errors(
        folder(TOML + NEXT.replace("2026-03-12", "2026-01-01T00:00:00+03:00"), RATES, new=RATES)
    ) == ["profile.toml:21:1: version '1' of plan go begins at the same moment: change one"]


def test_who_pays_for_incoming_calls_has_numbers_and_a_deck() -> None:
    [without_numbers] = errors(folder(TOML + 'incoming = "out"'))
    assert without_numbers.startswith("profile.toml:15:1: `incoming` without `incoming_numbers`: add")
    [without_deck] = errors(folder(TOML + 'incoming_numbers = ["7800"]'))
    assert without_deck.startswith("profile.toml:15:1: `incoming_numbers` without `incoming`: name the deck")


def test_a_threshold_is_no_longer_than_the_first_unit() -> None:
    counting = "counting = { first_s = 5, next_s = 1, threshold_s = %d%s }\n"
    [fault] = errors(folder(TOML + counting % (6, ""), RATES))
    assert "the threshold of 6 s is longer than the first unit of 5 s" in fault
    assert not errors(folder(TOML + counting % (5, ""), RATES))
    assert not errors(folder(TOML + counting % (6, ", offset = true"), RATES))


def test_gift_minutes_are_for_destinations_of_the_deck() -> None:
    assert errors(folder(TOML + GIFT.replace('"Russia"', '"Russia", "Rusia"'))) == [
        "profile.toml:15:64: the deck 'out' has no destination 'Rusia': write it as there"
    ]
    [no_deck] = errors(folder(TOML.replace('outgoing = "out"', GIFT)))
    assert no_deck.startswith("profile.toml:14:1: gift minutes without an `outgoing` deck")


def test_a_discount_is_for_destinations_of_a_deck_and_has_an_order() -> None:
    step = "{ from_kopecks = 1, percent = 7 }"
    discount = (
        f'[[discounts]]\nname = "v"\nfrom = 2026-01-01\nuntil = 2026-01-01\n'
        f'destinations = ["Russia", "Peru"]\nsteps = [{step}, {step}]\nrule = "X"'
    )
    assert errors(folder(TOML + discount)) == [
        "profile.toml:18:1: it ends before it begins: write a later `until`",
        "profile.toml:19:27: no deck has a destination 'Peru': write it as there",
        "profile.toml:20:1: two steps from the same sum (1): leave one",
    ]


# A second version published ten days before its start, nine of them full (S-12): what may be in it?
WORSE: dict[str, tuple[dict[str, bytes], str]] = {
    "a price": (
        two(RATES.replace("1.50", "1.51")),
        "'7' is dearer in the long run: 1.51 for 60 s after 1.50 for 60 s",
    ),
    "a part": (two(RATES + "79,Mobile,1.60\n"), "'79' is dearer in the long run: 1.60 for 60 s after 1.50"),
    "set-up": (two(more="counting.setup_kopecks = 1\n"), "'44' is dearer: 1 s cost 2.01 after 2.00"),
    "a first unit": (
        two(
            more="counting.next_s = 1\n",
            new=FIRST + "7,R,0.01,1.51\n44,U,0.01,2\n",
        ),
        "'7' is dearer: 1 s cost 1.51 after 1.50",
    ),
    "a shorter unit": (
        two(more="counting.next_s = 30\n"),
        "'44' is dearer in the long run: 2.00 for 30 s after 2.00 for 60 s",
    ),
    "a cheap second": (
        two(
            more="counting.next_s = 60\n",
            first="counting.next_s = 1\n",
            old=RATES.replace("1.50", "0.02"),
            new=RATES.replace("1.50", "1.19").replace("2.00", "1.00"),
        ),
        "'7' is dearer: 1 s cost 1.19 after 0.02",
    ),
    "a long unit": (
        two(
            more="counting.next_s = 90\n",
            new=FIRST + "7,R,2.25,1.50\n44,U,2,2\n",
        ),
        "'7' is dearer: 61 s cost 3.75 after 3.00",
    ),
    "a threshold": (two(first="counting.threshold_s = 3\n"), "'44' is dearer: 1 s cost 2.00 after 0.00"),
    "seconds taken off": (
        two(first="counting.threshold_s = 3\ncounting.offset = true\n", more="counting.threshold_s = 3\n"),
        "'44' is dearer: 61 s cost 4.00 after 2.00",
    ),
    "a night": (
        two(first=NIGHT),
        "'44' is dearer in the long run: 2.00 for 60 s after 1.00",
    ),
    "not sold": (two(RATES.replace("44", "441")), "'44' is not sold any more"),
    "no deck": (
        folder(TOML + NEXT.replace('outgoing = "new"\n', ""), RATES, new=RATES),
        "nothing can be called any more",
    ),
    "another key": (
        folder(TOML + NEXT.replace("called", "caller"), RATES, new=RATES),
        "another number decides on the price",
    ),
    "no gift": (two(first=GIFT), "there are fewer gift minutes than the 50 of before"),
    "a smaller gift": (
        two(first=GIFT, more=GIFT.replace("50", "49")),
        "there are fewer gift minutes than the 50",
    ),
    "a gift elsewhere": (
        two(first=GIFT, more=GIFT.replace("Russia", "United Kingdom")),
        "gift minutes are no longer for 'Russia'",
    ),
    "a cap": (two(more="counting.longest_s = 3600\n"), "connections are cut after 3600 s"),
    "paid by the called": (
        two(
            first=INCOMING,
            more=INCOMING.replace('"]', '", "7804"]'),
        ),
        "incoming calls to 7804 are paid for",
    ),
    "dearer for the called": (
        folder(
            TOML
            + INCOMING
            + NEXT.replace('outgoing = "new"', 'outgoing = "out"')
            + INCOMING.replace("out", "new"),
            RATES,
            new=RATES.replace("1.50", "1.51"),
        ),
        "'7' is dearer in the long run: 1.51 for 60 s after 1.50 for 60 s",
    ),
}


@pytest.mark.parametrize(("files", "why"), WORSE.values(), ids=WORSE)
def test_what_gets_worse_needs_ten_full_days_of_notice(files: dict[str, bytes], why: str) -> None:
    [found] = errors(files)
    assert ":1: published on 2026-03-02, so it may begin on 2026-03-13 at the earliest (S-12)" in found
    assert why in found, found
    assert errors(files | {"profile.toml": files["profile.toml"].replace(b"03-12", b"03-13")}) == []


BETTER: dict[str, dict[str, bytes]] = {
    "the same": two(),
    "a lower price": two(RATES.replace("1.50", "1.49")),
    "the same, written otherwise": two(RATES + "74,Russia,1.50\n"),
    "a country more": two(RATES + "33,France,9.00\n"),
    "a lower price by longer units": two(more="counting.first_s = 61\ncounting.next_s = 61\n"),
    "by the second": two(FIRST + "7,R,0.02,1.50\n44,U,0.03,2.00\n", "counting.next_s = 1\n"),
    "a threshold": two(more="counting.threshold_s = 3\n"),
    "a night": two(more=NIGHT),
    "no cap": two(first="counting.longest_s = 3600\n"),
    "a gift": two(more=GIFT),
    "a shorter prefix without own numbers": two(
        HEADER + "44,United Kingdom,2.00\n" + "".join(f"7{digit},Russia,1.50\n" for digit in range(10)),
        old=RATES,
    ),
    "incoming calls free": two(first=INCOMING),
    "outgoing calls at last": folder(
        TOML.replace('outgoing = "out"\n', INCOMING) + NEXT + INCOMING, RATES, new=RATES
    ),
}


@pytest.mark.parametrize("files", BETTER.values(), ids=BETTER)
def test_what_gets_better_may_begin_at_once(files: dict[str, bytes]) -> None:
    assert errors(files) == []


TERMS = st.builds(
    Terms,
    st.just("t"),
    first_s=st.sampled_from([1, 4, 6, 10]),
    next_s=st.sampled_from([1, 4, 6, 10]),
    setup_fee=st.sampled_from([Money(0), Money(3)]),
    threshold_s=st.sampled_from([0, 1, 3, 15]),
    is_offset=st.booleans(),
)
PRICES_OF_UNITS = st.tuples(*[st.integers(0, 12).map(Money)] * 2)


def cost(terms: Terms, prices: tuple[Money, Money], seconds: int) -> int:
    units = terms.units(seconds)
    return terms.setup_fee + prices[0] + (units - 1) * prices[1] if units else 0


@settings(deadline=None)
@given(TERMS, PRICES_OF_UNITS, TERMS, PRICES_OF_UNITS)
def test_dearer_is_what_some_second_says(
    old: Terms, before: tuple[Money, Money], new: Terms, after: tuple[Money, Money]
) -> None:
    """The longest common period is 30 s, a difference of a kopeck in 100 s shows within 4000."""
    said = dearer(old, before, new, after, begins_of_units(old, new))
    assert (said is not None) == any(cost(new, after, s) > cost(old, before, s) for s in range(1, 4000)), said


def test_the_days_of_the_rule() -> None:
    """S-12: published on 1 September 2025, in force from 12 September."""
    assert earliest_effect(date(2025, 9, 1), 10) == date(2025, 9, 12)


def test_a_later_version_that_is_worse_says_when_it_was_published() -> None:
    unsaid = TOML + NEXT.replace("published = 2026-03-02\n", "").replace("2026-03-12", "2126-03-12")
    [fault] = check_profile("op", folder(unsaid, RATES, new=RATES.replace("1.50", "1.51")))
    assert str(fault).startswith("profile.toml:19:1: no `published`: say when it was, 10 full days before")
    assert (fault.is_error, fault.is_notice) == (True, True)
    assert warnings(folder(unsaid, RATES, new=RATES)) == []


def test_a_version_that_sells_nothing() -> None:
    [found] = warnings(folder(TOML.replace('outgoing = "out"\n', "")))
    assert found == "profile.toml:11:1: neither `outgoing` nor `incoming`: nobody can call"


def band(name: str, begin: str, until: str, days: str) -> str:
    hours = f'begin = "{begin}", until = "{until}"'
    return f'{{ name = "{name}", {hours}, days = [{days}], percent = 1, rule = "X"}},\n'


@pytest.mark.parametrize(
    ("bands", "dead"),
    [
        (band("a", "00:00", "24:00", '"all"') + band("b", "10:00", "11:00", '"monday"'), ["b"]),
        (band("a", "10:00", "11:00", '"all"') + band("b", "00:00", "24:00", '"monday"'), []),
        (band("a", "22:00", "06:00", '"all"') + band("b", "23:00", "05:00", '"off"'), ["b"]),
        (band("a", "22:00", "06:00", '"all"') + band("b", "23:00", "06:01", '"off"'), []),
        (band("a", "08:00", "12:00", '"working", "off"') + band("b", "08:00", "12:00", '"all"'), ["b"]),
        (band("a", "08:00", "12:00", '"working"') + band("b", "08:00", "12:00", '"monday"'), []),
        (
            band("a", "00:00", "12:00", '"all"') + band("x", "12:00", "00:00", '"all"')
            + band("b", "01:00", "02:00", '"all"'),
            ["b"],
        ),
    ],
)  # fmt: skip
def test_a_band_that_never_applies(bands: str, dead: list[str]) -> None:
    found = warnings(folder(TOML + f"bands = [\n{bands}]"))
    assert [told.split("'")[1] for told in found if "never applies: the bands before it" in told] == dead
    assert len(found) == len(dead)


def test_a_price_that_jumps_above_its_shorter_prefix() -> None:
    [found] = warnings(folder(TOML, RATES + "7954,GlobalTel,150.00\n7955,GlobalTel,150.00\n"))
    assert found == (
        "rates.csv:4: 'GlobalTel' costs 150.00 for prefix '7954', "
        "'Russia' costs 1.50 for '7' above it: is it a slip?"
    )
    assert warnings(folder(TOML, RATES + "7954,GlobalTel,149.99\n")) == []
    assert warnings(folder(TOML, RATES + "7800,Freephone,0\n")) == []
    [cheap] = warnings(folder(TOML, RATES + "7800,Freephone,0.01\n"))
    assert cheap.startswith("rates.csv:4: 'Freephone' costs 0.01")
    [priced] = warnings(split(PREFIXES + "79,Mobile\n", PRICES + "Mobile,200\n"))
    assert priced.startswith("prices.csv:4: 'Mobile' costs 200.00 for prefix '79'")


def test_a_price_that_jumps_from_one_version_to_the_next() -> None:
    cheap = two(RATES.replace("1.50", "0.01"))
    assert warnings(cheap) == [
        "new.csv:2: 'Russia' costs 0.01 for prefix '7', 'Russia' costs 1.50 in version 1: is it a slip?"
    ]
    # By the second it is the same price.
    assert (
        warnings(
            two(
                RATES.replace("1.50", "0.01").replace("2.00", "0.03"),
                more="counting.first_s = 1\ncounting.next_s = 1\n",
            )
        )
        == []
    )
    new = '[decks.new]\nkey = "called"\nprefixes = "prefixes.csv"\nprices = "new.csv"\n'
    files = folder(
        SPLIT + NEXT.replace(NEXT[1 : NEXT.index("[[")], new), None,
        prefixes=PREFIXES, prices=PRICES, new=PRICES.replace("2.00", "0.02"),
    )  # fmt: skip
    assert warnings(files) == [
        "new.csv:3: 'United Kingdom' costs 0.02 for prefix '44', "
        "'United Kingdom' costs 2.00 in version 1: is it a slip?"
    ]


def rows(*prefixes: object, name: str = "D") -> str:
    return "".join(f"{prefix},{name},1\n" for prefix in prefixes)


def test_a_prefix_that_is_hidden_for_ever() -> None:
    ten = [f"7{digit}" for digit in range(10)]
    assert warnings(folder(TOML, HEADER + rows(7, *ten))) == [
        "rates.csv:2: prefix '7' never applies: all that follow it are listed"
    ]
    deeper = [*ten[:9], *(f"79{digit}" for digit in range(10))]
    assert warnings(folder(TOML, HEADER + rows(7, *deeper))) == [
        "rates.csv:2: prefix '7' never applies: all that follow it are listed"
    ]
    assert warnings(folder(TOML, HEADER + rows(7, *ten[:9]))) == []
    unsold = "prefix,kind\n" + "".join(f"{prefix},shared_cost\n" for prefix in ten)
    assert warnings(folder(UNSOLD_TOML, RATES, unsold=unsold)) == [
        "rates.csv:2: prefix '7' never applies: all that follow it are listed"
    ]
    swapped = folder(UNSOLD_TOML, HEADER + rows(*ten), unsold="prefix,kind\n7,shared_cost\n")
    assert warnings(swapped) == ["unsold.csv:2: prefix '7' never applies: all that follow it are listed"]


def test_a_gap_among_siblings() -> None:
    assert warnings(folder(TOML, HEADER + rows(*range(4950, 4955), 4957, 49581))) == [
        "rates.csv:2: no prefix fits 4955, 4956, 4959, only their siblings: add them if they are sold"
    ]
    assert warnings(folder(TOML, HEADER + rows(*range(4950, 4954)))) == []
    assert warnings(folder(TOML, HEADER + rows(49, *range(4950, 4955)))) == []
    assert warnings(folder(TOML, HEADER + rows("", *range(4950, 4955)))) == []


def test_of_many_gaps_twenty_are_shown() -> None:
    found = warnings(
        folder(TOML, HEADER + rows(*(f"{stem}{digit}" for stem in range(100, 130) for digit in range(9))))
    )
    assert len(found) == 21 and found[-1] == "rates.csv:182: and 10 more gaps among prefixes"


def test_decks_of_the_same_files_are_warned_of_once() -> None:
    again = '[decks.again]\nkey = "called"\nrates = "rates.csv"\n'
    rates = RATES + rows(*range(4950, 4955), name="D") + "7954,G,150\n7955,G,150\n"
    assert len(warnings(folder(TOML + again, rates.replace("44,", "45,")))) == 2
    later = RATES.replace("1.50", "0.01") + "75,Russia,0.01\n"
    assert len(warnings(two(later, old=RATES))) == 1


def test_a_price_without_a_prefix() -> None:
    assert warnings(split(prices=PRICES + "Peru,3\n")) == [
        "prices.csv:4: destination 'Peru' has no prefix in prefixes.csv: nobody can call it"
    ]


def test_findings_come_in_the_order_of_files_and_lines() -> None:
    found = warnings(
        folder(TOML + NEXT, RATES + "7954,G,150\n7955,G,150\n", new=RATES + "7954,G,150\n7955,H,150\n", a="")
    )
    assert [told.split(": ")[0] for told in found] == ["a.csv", "new.csv:4", "new.csv:5", "rates.csv:4"]
