"""What is said of a scheme that is wrong: every mistake, each with its line and path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.check import Source, check_scheme, read_scheme, read_source
from dialplan.known import Known, Sale
from dialplan.reading import DEPTH_MAX
from dialplan.scheme import Scheme
from dialplan.ways import circles, groups, reached, turned
from tests.dialplan.drawn_schemes import scheme_texts

NO_END = "to an end or to somebody who answers: add one"
RING = 'kind: forward, to: ["79161110002"]'


def faults(text: str) -> list[str]:
    read = read_scheme(text)
    assert not isinstance(read, Scheme), "this is a sound scheme"
    return [str(fault) for fault in read]


def scheme_of(*nodes: str) -> str:
    """Each node on a line of its own, the first on line 3; it is the start."""
    start = nodes[0].partition(":")[0]
    return "\n".join([f"start: {start}", "nodes:", *(f"  {node}" for node in nodes)])


WRONG: dict[str, tuple[str, list[str]]] = {
    "a way to nowhere": (
        scheme_of(f"a: {{{RING}, otherwise: gone}}"),
        ["line 3: nodes.a.otherwise: there is no node 'gone' (nodes: a)"],
    ),
    "a crossing to nowhere": (
        scheme_of("a: {kind: goto, to: gone}"),
        ["line 3: nodes.a.to: there is no node 'gone' (nodes: a)"],
    ),
    "a start that is not there": (
        "start: gone\nnodes:\n  a: {kind: hang_up}",
        ["line 1: start: there is no node 'gone' (nodes: a)"],
    ),
    "a way to nowhere, deep in a node": (
        "start: m\nnodes:\n  m:\n    kind: menu\n    prompt: hello\n"
        "    keys:\n      '1': bye\n      '2': gone\n  bye: {kind: hang_up}",
        ["line 8: nodes.m.keys.2: there is no node 'gone' (nodes: m, bye)"],
    ),
    "a node that nothing leads to": (
        scheme_of("a: {kind: hang_up}", "b: {kind: hang_up}"),
        ["line 4: nodes.b: no way leads here from the start"],
    ),
    "a loop on which nobody is waited for": (
        scheme_of(f"a: {{{RING}, busy: b}}", "b: {kind: goto, to: a}"),
        [
            "line 3: nodes.a: goes round for ever: its exits lead back to it",
            "line 4: nodes.b: goes round for ever: its exits lead back to it",
        ],
    ),
    "a node that leads to itself": (
        scheme_of("a: {kind: goto, to: a}"),
        ["line 3: nodes.a: goes round for ever: its exits lead back to it"],
    ),
    "a menu without a way out": (
        scheme_of("a: {kind: menu, prompt: hello, keys: {'1': a}, wrong: a, silence: a}"),
        [f"line 3: nodes.a: no way leads from here {NO_END}"],
    ),
    "a menu that only ends by itself": (
        scheme_of("a: {kind: menu, prompt: hello, keys: {'1': b}}", "b: {kind: play, prompt: c, then: a}"),
        [f"line 3: nodes.a: no way leads from here, nor from b {NO_END}"],
    ),
    "a queue without members": (
        scheme_of("q: {kind: queue, members: []}"),
        ["line 3: nodes.q.members: List should have at least 1 item after validation, not 0"],
    ),
    "a queue whose members lack a skill": (
        scheme_of("q: {kind: queue, needs: [french], members: [{seat: a, skills: [english]}, {seat: b}]}"),
        ["line 3: nodes.q: no member has all the skills that it `needs` (french): nobody could answer"],
    ),
    "a name twice": (
        scheme_of("a: {kind: hang_up}", "a: {kind: hang_up, cause: busy}"),
        ["line 4: nodes.a: this name stands twice"],
    ),
    "a field twice, in a list": (
        "start: a\nnodes:\n  a:\n    kind: forward\n    to:\n"
        "      - '79161110002'\n      - seat: anna\n        seat: boris",
        ["line 8: nodes.a.to[1].seat: this name stands twice"],
    ),
    "a field that is not there": (
        scheme_of("a: {kind: hang_up, couse: busy}"),
        ["line 3: nodes.a.couse: Extra inputs are not permitted"],
    ),
    "a field that is missing": (
        scheme_of("a: {kind: forward}"),
        ["line 3: nodes.a.to: Field required"],
    ),
    "a number that is none": (
        "start: a\nnodes:\n  a:\n    kind: forward\n    to:\n      - all: ['79161110002', 12]",
        ["line 6: nodes.a.to[0].all[1]: not a telephone number"],
    ),
    "a kind that is none": (
        scheme_of("a: {kind: dance}"),
        [
            "line 3: nodes.a: Input tag 'dance' found using 'kind' does not match any of the expected tags: "
            "'schedule', 'by_caller', 'share', 'by_balance', 'by_state', 'goto', 'forward', 'extension', "
            "'menu', 'queue', 'play', 'tell_balance', 'voicemail', 'record', 'set_name', 'hang_up'"
        ],
    ),
    "several at once": (
        scheme_of("a: {kind: hang_up, cause: hunger}", "b: {kind: hang_up}", f"b: {{{RING}, busy: gone}}"),
        [
            "line 5: nodes.b: this name stands twice",
            "line 3: nodes.a.cause: Input should be 'normal', 'busy', 'no_answer', 'rejected', 'congestion', "
            "'unavailable' or 'not_found'",
            "line 5: nodes.b.busy: there is no node 'gone' (nodes: a, b)",
        ],
    ),
    "nothing": ("", ["line 1: a scheme is a mapping with `start` and `nodes`"]),
    "a list": ("- a", ["line 1: a scheme is a mapping with `start` and `nodes`"]),
    "a word": ("a", ["line 1: a scheme is a mapping with `start` and `nodes`"]),
    "an alias": ("start: &a b\nnodes: *a", ["line 2: aliases (*) are not used here: write it out"]),
    "an alias to itself": ("start: &a [*a]", ["line 1: aliases (*) are not used here: write it out"]),
    "too deep": ("a: " + "[" * 3000, ["line 1: nested too deep for a scheme"]),
    "as deep as may be": (
        "[" * DEPTH_MAX + "]" * DEPTH_MAX,
        ["line 1: a scheme is a mapping with `start` and `nodes`"],
    ),
    "a list for a name": (
        "start: a\n? [a]\n: b",
        ["line 2: a list or mapping cannot be a name: write one word"],
    ),
    "two documents": (
        "start: a\n---\nstart: b",
        ["line 2: a second document (---): give each scheme a file of its own"],
    ),
    "a NUL": (
        "start: a\nb: \0",
        ["line 2: special characters are not allowed ('\\x00'): save it as plain text"],
    ),
    "half a letter": (
        "a: \ud800",
        ["line 1: special characters are not allowed ('\\ud800'): save it as plain text"],
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_line_and_path(text: str, said: list[str]) -> None:
    assert faults(text) == said


def test_broken_yaml_is_said_with_its_line() -> None:
    (said,) = faults("start: a\nnodes:\n  a: [")
    assert said.startswith("line 3: "), said


def test_a_loop_that_waits_for_somebody_is_sound() -> None:
    assert isinstance(
        read_scheme(scheme_of(f"a: {{{RING}, no_answer: b}}", "b: {kind: goto, to: a}")), Scheme
    )


def test_names_that_yaml_takes_for_something_else_are_names() -> None:
    scheme = read_scheme("start: no\nnodes:\n  no: {kind: hang_up}")
    assert isinstance(scheme, Scheme) and scheme.start == "no"


def test_ten_thousand_nodes_in_a_ring_are_looked_through() -> None:
    nodes = [f"n{i}: {{{RING}, busy: n{(i + 1) % 10_000}}}" for i in range(10_000)]
    said = faults(scheme_of(*nodes))
    assert len(said) == 10_000 and all("goes round for ever" in one for one in said)


def test_the_name_of_a_node_is_printable() -> None:
    refused = read_scheme('start: "a\\0"\nnodes:\n  "a\\0": {kind: hang_up}\n')
    assert not isinstance(refused, Scheme)
    assert "the name of a node is printable" in str(refused)


def test_thousands_of_ways_to_nowhere_do_not_list_all_names_each_time() -> None:
    said = faults(scheme_of(*(f"n{i}: {{{RING}, busy: gone, no_answer: n{i + 1}}}" for i in range(2_000))))
    assert "(nodes: n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11 and 1988 more)" in said[0]


# --- with a subscriber ------------------------------------------------------------------------------------

SUBSCRIBER = scheme_of(
    "a: {kind: forward, accept: {prompt: take-it}, otherwise: b, to: [\n"
    "    '74951234567',\n    '74951234568',\n    '79161110002',\n    {seat: anna}, '112']}",
    "b: {kind: play, prompt: [hello,\n    service/goodbye, prices]}",
)


def said_to(known: Known) -> list[str]:
    source = read_source(SUBSCRIBER)
    assert isinstance(source, Source)
    return [f"{'warning: ' if fault.is_warning else ''}{fault}" for fault in check_scheme(source, known)]


def sells_nothing(sale: Sale) -> Known:
    return Known(sale=lambda number: sale if number == "79161110002" else Sale.SOLD)


DOUBTS: dict[str, tuple[Known, list[str]]] = {
    "nothing is known": (Known(), []),
    "his own number": (
        Known(number="74951234567", numbers=frozenset({"74951234567"})),
        ["line 4: nodes.a.to[0]: rings the number that this scheme is for: the call would come back here"],
    ),
    "another number of his own": (
        Known(number="74991112233", numbers=frozenset({"74991112233", "74951234568"})),
        ["warning: line 5: nodes.a.to[1]: rings a number of the subscriber's own: both ways are paid"],
    ),
    "no seats": (
        Known(seats=frozenset()),
        ["line 7: nodes.a.to[3]: there is no seat 'anna' (seats: none)"],
    ),
    "other prompts": (
        Known(sounds=frozenset({"hello", "bye"})),
        [
            "line 3: nodes.a.accept.prompt[0]: there is no prompt 'take-it' (prompts: bye, hello)",
            "line 9: nodes.b.prompt[2]: there is no prompt 'prices' (prompts: bye, hello)",
        ],
    ),
    "no price": (
        sells_nothing(Sale.UNPRICED),
        ["line 6: nodes.a.to[2]: the plan has no price for this number: it would never be rung"],
    ),
    "not sold": (
        sells_nothing(Sale.NOT_SOLD),
        ["line 6: nodes.a.to[2]: the plan does not sell this number: it would never be rung"],
    ),
    "barred": (
        sells_nothing(Sale.BARRED),
        ["line 6: nodes.a.to[2]: this number is barred: it would never be rung"],
    ),
    "dear by what it begins with": (
        Known(premium=("7916",)),
        ["warning: line 6: nodes.a.to[2]: a premium number: each minute is dear"],
    ),
    "dear, and not sold": (
        Known(premium=("7916",), sale=lambda number: Sale.NOT_SOLD if number[0] == "7" else Sale.SOLD),
        [
            f"line {4 + at}: nodes.a.to[{at}]: the plan does not sell this number: it would never be rung"
            for at in range(3)
        ],
    ),
    "dear by the plan": (
        sells_nothing(Sale.PREMIUM),
        ["warning: line 6: nodes.a.to[2]: a premium number: each minute is dear"],
    ),
}


@pytest.mark.parametrize(("known", "said"), DOUBTS.values(), ids=DOUBTS)
def test_what_is_wrong_for_a_subscriber_is_said_of_the_target_or_prompt(
    known: Known, said: list[str]
) -> None:
    assert said_to(known) == said


def test_numbers_for_emergencies_need_no_price() -> None:
    assert not any("to[4]" in said for said in said_to(Known(sale=lambda _number: Sale.UNPRICED)))


@pytest.mark.parametrize("number", ["88091234567", "+88216123456", "+870773123456"])
def test_paid_services_and_satellites_are_dear_by_themselves(number: str) -> None:
    source = read_source(scheme_of(f"a: {{kind: forward, to: ['{number}']}}"))
    assert isinstance(source, Source)
    assert ["premium" in fault.message for fault in check_scheme(source, Known())] == [True]


# --- laws -------------------------------------------------------------------------------------------------

GRAPHS = st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=3))


@given(GRAPHS)
def test_groups_are_those_who_reach_each_other(ways: dict[str, list[str]]) -> None:
    near = {name: reached([name], ways) for name in reached(ways, ways)}
    mutual = {frozenset(b for b in near if b in near[a] and a in near[b]) for a in near}
    found = list(groups(ways))
    assert {frozenset(group) for group in found} == mutual and len(found) == len(mutual)


@given(GRAPHS)
def test_a_group_comes_after_those_to_which_it_leads(ways: dict[str, list[str]]) -> None:
    seen: set[str] = set()
    for group in groups(ways):
        seen |= group
        assert all(to in seen for name in group for to in ways.get(name, ()))


@given(GRAPHS)
def test_whoever_stands_in_a_circle_comes_back_to_himself(ways: dict[str, list[str]]) -> None:
    in_circles = set[str]().union(*circles(ways))
    assert in_circles == {name for name in ways if name in reached(ways[name], ways)}


@given(GRAPHS)
def test_the_ways_turned_round_lead_back(ways: dict[str, list[str]]) -> None:
    back = turned(ways)
    assert sorted((a, b) for a in ways for b in ways[a]) == sorted((b, a) for a in back for b in back[a])


@given(scheme_texts(), st.integers(0))
def test_each_fault_has_a_line_of_the_text(text: str, cut: int) -> None:
    """Whatever the text is cut off at."""
    text = text[: cut % len(text)]
    read = read_scheme(text)
    assert not isinstance(read, Scheme)
    assert all(1 <= fault.line <= text.count("\n") + 1 for fault in read)
