"""What a scheme changes, said of nodes and fields."""

import pytest
from hypothesis import given

from dialplan.check import read_scheme
from dialplan.diff import differences
from dialplan.scheme import Scheme
from tests.dialplan.drawn_schemes import scheme_texts

OLD = """
start: hours
nodes:
  hours:
    kind: schedule
    rules:
      - {days: mon-fri, hours: "09:00-18:00", go: menu}
      - {calendar: holiday, go: box}
    otherwise: box
  menu:
    kind: menu
    prompt: hello
    keys: {"1": sales, "2": money}
    silence: sales
  sales:
    {kind: forward, to: ["79161110001", {seat: anna}, {all: [{seat: boris}, {seat: vera}]}], otherwise: box}
  money:
    kind: by_balance
    rules: [{below: "100", go: box}]
    otherwise: sales
  box: {kind: voicemail}
"""

CHANGES: dict[str, tuple[str, str, list[str]]] = {
    "nothing": ("OLD", "OLD", []),
    "the layout of the file": ('{"1": sales, "2": money}', "\n      1: sales\n      2: money", []),
    "a default that is written": ("kind: voicemail", "kind: voicemail, beep: true", []),
    "a number written otherwise": ('"79161110001"', '"8 916 111-00-01"', []),
    "the language": ("start: hours", "start: hours\nlanguage: en", ["speaks en, before ru"]),
    "another word": (
        "kind: menu\n",
        "kind: menu\n    tries: 5\n",
        ["menu: tries is 5, was 3"],
    ),
    "other hours": (
        "09:00-18:00",
        "10:00-18:00",
        ["hours: rules[0].hours[0] is 10:00-18:00, was 09:00-18:00"],
    ),
    "another sum": ('below: "100"', 'below: "99.50"', ["money: rules[0].below is 99.50 RUB, was 100 RUB"]),
    "another way": ("silence: sales", "silence: box", ["menu: silence is box, was sales"]),
    "a way more": ("silence: sales", "silence: sales\n    wrong: box", ["menu: wrong added: box"]),
    "a way less": ("    silence: sales\n", "", ["menu: silence removed, was sales"]),
    "a key more": ('"2": money', '"2": money, "3": box', ["menu: keys.3 added: box"]),
    "a target more, in the midst": (
        '"79161110001", ',
        '"79161110001", "79161110009", ',
        ["sales: to with 79161110009"],
    ),
    "a target less": ('"79161110001", ', "", ["sales: to without 79161110001"]),
    "another target": (
        '"79161110001"',
        '"79161110007"',
        ["sales: to[0].number is 79161110007, was 79161110001"],
    ),
    "the order of targets": (
        '"79161110001", {seat: anna}',
        '{seat: anna}, "79161110001"',
        ["sales: to in another order: {seat: anna}, 79161110001, {all: [{seat: boris}, {seat: vera}]}"],
    ),
    "a rule more, at the beginning": (
        "    rules:\n      - {days",
        "    rules:\n      - {dates: 12-31, go: box}\n      - {days",
        ["hours: rules with {dates: [12-31], go: box}"],
    ),
    "a node more": (
        "silence: sales",
        "silence: bye\n  bye: {kind: hang_up, cause: busy}",
        ["menu: silence is bye, was sales", "bye added: hang_up (busy)"],
    ),
    "a node of another kind": (
        "otherwise: sales\n  box: {kind: voicemail}",
        "otherwise: box\n  box: {kind: goto, to: end}\n  end: {kind: hang_up}",
        [
            "money: otherwise is box, was sales",
            "box is another node now: goto",
            "end added: hang_up (normal)",
        ],
    ),
    "another name": ("sales", "desk", ["sales is called desk now"]),
}


def scheme(text: str) -> Scheme:
    read = read_scheme(text)
    assert isinstance(read, Scheme), [str(fault) for fault in read]
    return read


@pytest.mark.parametrize(("old", "new", "said"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_said_once_and_nothing_else(old: str, new: str, said: list[str]) -> None:
    assert old in OLD or old == new
    assert differences(scheme(OLD), scheme(OLD.replace(old, new))) == said


def test_another_start_is_said() -> None:
    other = scheme(OLD).model_copy(update={"start": "menu"})
    assert differences(scheme(OLD), other) == ["starts at menu, before at hours"]


def test_the_same_change_back_removes_what_was_added() -> None:
    new = scheme(OLD.replace("silence: sales", "silence: bye\n  bye: {kind: hang_up, cause: busy}"))
    assert differences(new, scheme(OLD)) == [
        "bye removed: hang_up (busy)",
        "menu: silence is sales, was bye",
    ]


def test_the_order_of_a_list_of_callers_is_no_change() -> None:
    rules = "start: a\nnodes:\n  a: {kind: by_caller, rules: [{numbers: [%s], go: b}], otherwise: b}\n"
    old, new = (
        scheme((rules + "  b: {kind: hang_up}") % numbers)
        for numbers in ("79160000001, 79160000002, 79160000003", "79160000003, 79160000004, 79160000001")
    )
    assert differences(old, new) == [
        "a: rules[0].numbers without 79160000002",
        "a: rules[0].numbers with 79160000004",
    ]


@given(scheme_texts(), scheme_texts())
def test_schemes_differ_when_and_only_when_something_is_said(one: str, other: str) -> None:
    assert (differences(scheme(one), scheme(other)) == []) == (scheme(one) == scheme(other))
