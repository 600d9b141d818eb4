"""Bills in words, as subscribers and support read them, in both languages.

Each file in `bills/` is one call of `bill_legs.py`. After a wanted change write them anew, and read the
difference as a subscriber would:

    python -m tests.golden.test_bills && git diff tests/golden/bills
"""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from callctl.calls.records import EndedBy
from callctl.commands import calls
from callctl.explain.bill import LANGUAGES, explain_leg, language_of
from callctl.explain.words import Words
from rating.charge import LineKind
from rating.refusal import Refusal
from tests.golden.bill_legs import DESKS, legs

BILLS = Path(__file__).parent / "bills"
BOTH = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES.keys())

# No call ends in it: a connection that could not be written down gets a bill, `not_written_down` here.
UNHEARD = {Refusal.NOT_RECORDED}


def told(name: str) -> str:
    bills = [explain_leg(leg, language) for language in ("en", "ru") for leg in legs(name)]
    return "\n\n".join("\n".join(bill) for bill in bills) + "\n"


@pytest.mark.parametrize("name", DESKS)
def test_a_bill_says_what_its_golden_file_says(name: str) -> None:
    assert told(name) == (BILLS / f"{name}.txt").read_text("utf-8")


def test_every_golden_file_is_of_a_call() -> None:
    assert {file.stem for file in BILLS.iterdir()} == set(DESKS)


@BOTH
def test_everything_that_can_happen_has_words(words: Words) -> None:
    assert set(words.lines) == set(get_args(LineKind))
    assert set(words.ended_by) == set(EndedBy)
    assert set(words.refusals) == set(Refusal)
    assert len(words.months) == 12


def test_both_languages_fill_the_same_holes() -> None:
    english, russian = (list(holes(words)) for words in (LANGUAGES["en"], LANGUAGES["ru"]))
    assert english == russian


def holes(words: Words) -> Iterator[tuple[str, set[str]]]:
    """Which facts each sentence tells; the words for one place need not be the other's."""
    for name in Words.__slots__:
        value = getattr(words, name)
        texts = value.items() if isinstance(value, dict) else [("", value)]
        for key, text in texts:
            if isinstance(text, str):
                yield f"{name} {key}", {hole for _, hole, _, _ in Formatter().parse(text) if hole is not None}


def test_the_bills_here_tell_of_everything_that_can_happen() -> None:
    """A kind of line, an end or a refusal that no call here comes to would be words that nobody read."""
    told = [leg for name in DESKS for leg in legs(name)]
    assert {line["what"] for leg in told for line in leg["lines"]} == set(get_args(LineKind))
    assert {leg["ended_by"] for leg in told if leg["ended_by"]} == values(EndedBy)
    assert {leg["refusal"] for leg in told if leg["refusal"]} == values(Refusal) - {
        refusal.value for refusal in UNHEARD
    }


def values(kinds: type[Enum]) -> set[str]:
    return {kind.value for kind in kinds}


@pytest.mark.parametrize("refusal", Refusal)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_what_can_be_done(refusal: Refusal, language: str) -> None:
    (leg,) = legs("refused_barred")
    said = explain_leg({**leg, "refusal": refusal.value}, language)
    assert LANGUAGES[language].refusals[refusal].remedy in said[-1]


@pytest.mark.parametrize("name", DESKS)
def test_the_lines_and_the_payments_of_a_bill_add_up_to_its_total(name: str) -> None:
    for leg in legs(name):
        if leg["refusal"] or leg["ended_at"] is None:
            continue
        *_, total = explain_leg(leg, "en")
        assert total.startswith(f"Charged: {leg['charge_kopecks'] / 100:.2f} RUB")
        said = "\n".join(explain_leg(leg, "en"))
        parts = re.findall(r"^  - .*= (\d+)\.(\d\d) RUB", said, re.MULTILINE)
        paid = re.findall(r"^  - (?:the balance|money paid).*: (\d+)\.(\d\d) RUB", said, re.MULTILINE)
        assert kopecks(parts) == kopecks(paid) == leg["charge_kopecks"]


def kopecks(amounts: list[tuple[str, str]]) -> int:
    return sum(int(roubles) * 100 + int(rest) for roubles, rest in amounts)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 секунд"),
        (1, "1 секунда"),
        (2, "2 секунды"),
        (5, "5 секунд"),
        (11, "11 секунд"),
        (21, "21 секунда"),
        (60, "1 минута"),
        (124, "2 минуты 4 секунды"),
        (301, "5 минут 1 секунда"),
        (12 * 60, "12 минут"),
        (22 * 60 + 14, "22 минуты 14 секунд"),
        (111 * 60, "111 минут"),
        (121 * 60, "121 минута"),
    ],
)
def test_russian_counts_in_its_three_forms(seconds: int, told: str) -> None:
    assert LANGUAGES["ru"].span(seconds) == told


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_ALL": "ru"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "ru"),
    ],
)
def test_the_language_is_that_of_the_environment(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_the_language_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    parser = ArgumentParser()
    calls.add_commands(parser.add_subparsers())
    assert parser.parse_args(["explain", "leg1-a"]).lang == "ru"
    assert parser.parse_args(["explain", "leg1-a", "--lang", "en"]).lang == "en"


def test_what_a_caller_calls_itself_breaks_no_line() -> None:
    (leg,) = legs("plain")
    assert "\x1b" not in "".join(explain_leg({**leg, "from": "\x1b[2J\nCharged: 0.00"}))


if __name__ == "__main__":
    for name in DESKS:
        (BILLS / f"{name}.txt").write_text(told(name), "utf-8")
