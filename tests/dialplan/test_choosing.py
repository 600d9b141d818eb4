"""By caller, by balance, by state and goto: which way each caller is sent."""

from dataclasses import replace

import pytest

from dialplan.facts import Standing
from dialplan.regions import CODES_BY_REGION, region_of
from tests.dialplan.words import FACTS, complaints, way

LISTS = """{kind: by_caller, otherwise: rest, rules: [
    {numbers: ["8 903 111-22-33"], go: black}, {numbers: ["+79030000001", "+49301234567"], go: vip},
    {regions: [saint_petersburg, moscow], go: capitals}, {prefixes: ["+7 (903)", "49"], go: prefix},
    {anonymous: true, go: hidden}]}"""
MONEY = "{kind: by_balance, rules: [{below: -500, go: deep}, {below: 99.50, go: low}], otherwise: rich}"
STATES = "{kind: by_state, states: {suspended_partial: partly, terminated: over}, otherwise: fine}"


@pytest.mark.parametrize(
    ("caller", "node"),
    [
        ("79031112233", "black"),
        ("79030000001", "vip"),
        ("49301234567", "vip"),
        ("78121234567", "capitals"),
        ("74951234567", "capitals"),
        ("79035556677", "prefix"),
        ("493099999999", "prefix"),
        ("79161112233", "rest"),
        ("74961234567", "rest"),
        ("", "hidden"),
    ],
)
def test_a_caller_goes_by_the_first_rule_that_fits_him(caller: str, node: str) -> None:
    assert way(LISTS, replace(FACTS, caller=caller)) == node


def test_a_caller_without_a_number_fits_no_other_rule() -> None:
    node = "{kind: by_caller, rules: [{prefixes: '7', go: russia}], otherwise: rest}"
    assert way(node, replace(FACTS, caller="")) == "rest"


def test_a_rule_fits_when_any_of_what_it_lists_does() -> None:
    node = "{kind: by_caller, rules: [{numbers: '79161112233', anonymous: true, go: in}], otherwise: out}"
    found = [way(node, replace(FACTS, caller=caller)) for caller in ("79161112233", "", "79161112234")]
    assert found == ["in", "in", "out"]


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("74951234567", "moscow"),
        ("74991234567", "moscow"),
        ("78121234567", "saint_petersburg"),
        ("78621234567", "krasnodar"),
        ("79161112233", None),  # a mobile
        ("78001234567", None),  # toll-free
        ("77271234567", None),  # Kazakhstan
        ("4951234567", None),  # another country that begins like Moscow
        ("", None),
    ],
)
def test_a_region_is_found_by_the_area_code_of_a_fixed_number(number: str, region: str | None) -> None:
    assert region_of(number) == region


def test_an_area_code_is_of_one_region() -> None:
    codes = [code for codes in CODES_BY_REGION.values() for code in codes.split()]
    assert len(codes) == len(set(codes))
    assert all(code[0] in "348" and len(code) == 3 for code in codes)


@pytest.mark.parametrize(
    ("kopecks", "node"),
    [
        (-50_001, "deep"),
        (-50_000, "low"),
        (0, "low"),
        (9949, "low"),
        (9950, "rich"),
        (1_000_000, "rich"),
    ],
)
def test_money_is_below_a_sum_to_the_kopeck(kopecks: int, node: str) -> None:
    assert way(MONEY, replace(FACTS, available_kopecks=kopecks)) == node


@pytest.mark.parametrize("written", ["1000", "1000.00", "'1000,00'", "1 000"])
def test_roubles_are_written_as_people_do(written: str) -> None:
    node = f"{{kind: by_balance, rules: [{{below: {written}, go: low}}], otherwise: rich}}"
    assert way(node, replace(FACTS, available_kopecks=99_999)) == "low"
    assert way(node, replace(FACTS, available_kopecks=100_000)) == "rich"


@pytest.mark.parametrize(
    ("standing", "node"),
    [
        (Standing.ACTIVE, "fine"),
        (Standing.SUSPENDED_PARTIAL, "partly"),
        (Standing.SUSPENDED_FULL, "fine"),
        (Standing.BLOCKED_VOLUNTARY, "fine"),
        (Standing.TERMINATED, "over"),
    ],
)
def test_a_state_has_its_way(standing: Standing, node: str) -> None:
    assert way(STATES, replace(FACTS, standing=standing)) == node


def test_goto_leads_on() -> None:
    assert way("{kind: goto, to: there}") == "there"


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("{kind: goto, to: x}", "nodes.x: goes round for ever"),
        ("{kind: goto}", "nodes.x.to: Field required"),
        ("{kind: by_state, states: {}, otherwise: bye}", "nodes.x.states: "),
        ("{kind: by_state, states: {asleep: bye}, otherwise: bye}", "nodes.x.states.asleep"),
        ("{kind: by_state, states: {active: bye}}", "nodes.x.otherwise: Field required"),
        ("{kind: by_state, states: {active: gone}, otherwise: bye}", "nodes.x.states.active: there is no"),
        (
            "{kind: by_balance, rules: [{below: many, go: bye}], otherwise: bye}",
            "nodes.x.rules[0].below: not a sum in roubles",
        ),
        (
            "{kind: by_balance, rules: [{below: 1.5, go: bye}], otherwise: bye}",
            "nodes.x.rules[0].below: not a sum in roubles",
        ),
        (
            "{kind: by_balance, rules: [{below: 100, go: bye}, {below: 100, go: bye}], otherwise: bye}",
            "nodes.x: the sums of the rules must rise",
        ),
        ("{kind: by_balance, rules: [{below: 1, go: bye}]}", "nodes.x.otherwise: Field required"),
        (
            "{kind: by_caller, rules: [{prefixes: '8495', go: bye}], otherwise: bye}",
            "nodes.x.rules[0].prefixes: begins with 8: write +7… for Russia",
        ),
        (
            "{kind: by_caller, rules: [{prefixes: abc, go: bye}], otherwise: bye}",
            "nodes.x.rules[0].prefixes: not the beginning of a number",
        ),
        (
            "{kind: by_caller, rules: [{numbers: ['12'], go: bye}], otherwise: bye}",
            "nodes.x.rules[0].numbers[0]: not a telephone number",
        ),
        (
            "{kind: by_caller, rules: [{regions: atlantis, go: bye}], otherwise: bye}",
            "nodes.x.rules[0].regions: no region of that name",
        ),
        ("{kind: by_caller, rules: [{go: bye}], otherwise: bye}", "nodes.x.rules[0]: give `numbers`"),
        ("{kind: by_caller, rules: [{anonymous: true, go: bye}]}", "nodes.x.otherwise: Field required"),
    ],
)
def test_a_crossing_is_refused_with_the_place(node: str, complaint: str) -> None:
    found = complaints(node)
    assert any(line.startswith(complaint) for line in found), found


def test_another_country_s_prefix_that_begins_with_8_is_refused_as_doubtful() -> None:
    node = "{kind: by_caller, rules: [{prefixes: '+86', go: china}], otherwise: rest}"
    assert way(node, replace(FACTS, caller="861012345678")) == "china"
