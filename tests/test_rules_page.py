"""The page of the rules is complete, and what it says is done is shown somewhere.

Rule 1: a rule that works promises a row of the golden tables (`golden: ID`) or names the test that shows it.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.golden.rows import rules_shown

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "rules.md"

# The clauses of the five offers, and the shared rules: 174.
CLAUSES = {
    "S": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "DELO": "1.1 2.3 1.4 7.2 6.1.7 7.3 7.4 7.5 7.6 7.8 7.10 6.1.1 6.1.3 7.9 9.1 9.2 10.1 5.1.8 6.1.5 0 3.3"
    " 3.7 4.3 5.1.2 5.2.1 6.1.4 6.1.6 6.1.8 10.5 11.2.2",
    "ISS": "1.5 1.9 1.13 4.3.2 4.1.1 4.1.6 5.12 5.8 5.4 5.5 5.6 5.7 5.3 5.9 5.11 1.6 4.4.1 4.1.5 4.2.3 6.1"
    " 4.2.4 4.4.3 1.1 3.1 4.1.3 4.1.4 4.3.1 4.4.4 5.1 6.4 8.1",
    "CLV": "P1 P2 P3 P4 P5 P6 P7 D3.4 D3.1 D3.3 D3.5 U4.3.2 U4.3.1 D2.6 D2.4 D1.3 D1.4 D1.7 D4.3 D4.5 D4.6"
    " U5.1 U5.4 U4.2.1 U7.4 U7.6 U7.8 U1",
    "MANGO": "12.6 12.7 12.8 12.5 2.1.19 12.3 12.4 8.3 8.4 2.1.9 13.2 2.1.21 2.1.3 14.2 14.4 14.5.3 5.7"
    " 2.1.31 18.1.5 16.2 18.1.4 6.1 16.3 20.3 20.4 2.1.12 15.6 15.2 22.1 22.4 22.10 22.12 9.1 17.1.5"
    " 22.13 19.4 10.1 19.3 19.6 19.7 18.1.2 18.1.3 3.4 3.7 7.3 17.7 24.4 2.1.5",
    "GAZ": "5.3.1 2.14 15.3 5.3.2 5.2 18.3 15.1 15.8 14.1 14.3 15.6 13.5 2.7 9.4 12.4 10.6 11.2 8.1 7.1"
    " 12.3 6.1 17.2",
}
IDS = [f"{offer}-{clause}" for offer, clauses in CLAUSES.items() for clause in clauses.split()]
STATUSES = {"done", "part", "later", "out"}

_ROW = re.compile(rf"\| ((?:{'|'.join(CLAUSES)})-\S+) \|")
_GOLDEN = re.compile(r"golden: ([^\s;]+)")
_PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)(?:::(\w+))?`")


@dataclass(frozen=True)
class Rule:
    id: str
    status: str
    where: str


def text() -> str:
    return PAGE.read_text("utf-8")


def rules() -> list[Rule]:
    lines = [line for line in text().splitlines() if _ROW.match(line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Rule(id, status, where) for id, _, status, where in cells]


def test_the_page_has_every_rule_once() -> None:
    assert len(set(IDS)) == len(IDS) == 174
    assert sorted(rule.id for rule in rules()) == sorted(IDS)
    assert {rule.status for rule in rules()} == STATUSES


def test_the_page_counts_its_rules_rightly() -> None:
    counts = {status: sum(rule.status == status for rule in rules()) for status in STATUSES}
    told = re.search(r"174 rules: (\d+) `done`, (\d+) `part`, (\d+) `later`, (\d+) `out`", text())
    assert told
    assert [int(count) for count in told.groups()] == [counts[s] for s in ("done", "part", "later", "out")]


def test_every_row_that_is_promised_is_in_a_golden_table() -> None:
    shown = rules_shown()
    promised = {id for rule in rules() for id in _GOLDEN.findall(rule.where)}
    assert promised - shown == set()
    assert shown - promised == set(), "a golden row whose rule does not promise it"
    assert all(_GOLDEN.findall(rule.where) in ([], [rule.id]) for rule in rules())


def test_what_is_done_is_shown_by_a_row_or_a_test() -> None:
    unshown = [
        rule.id
        for rule in rules()
        if rule.status == "done" and "golden: " not in rule.where and "`tests/" not in rule.where
    ]
    assert unshown == []


@pytest.mark.parametrize(("path", "test"), sorted(set(_PLACE.findall(text()))), ids=str)
def test_what_the_page_names_exists(path: str, test: str) -> None:
    assert (ROOT / path).exists()
    assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8")
