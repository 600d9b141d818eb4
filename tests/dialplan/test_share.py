"""Share: the percentages hold over many callers, and a caller keeps his way."""

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.facts import Facts
from dialplan.nodes.share import Share
from tests.dialplan.words import FACTS, complaints, way

CALLERS = 2000
PERCENTAGES = st.lists(st.integers(0, 100), max_size=5).map(
    lambda cuts: [b - a for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True) if b > a]
)


def share(percentages: list[int], same_caller: bool = True, names: str = "n") -> Share:
    ways = [{"percent": percent, "go": f"{names}{index}"} for index, percent in enumerate(percentages)]
    return Share.model_validate({"kind": "share", "ways": ways, "same_caller": same_caller})


def strangers(first: int = 79_030_000_000) -> list[Facts]:
    return [replace(FACTS, caller=str(first + n), call_id=f"call-{n}") for n in range(CALLERS)]


def assert_shared(node: Share, facts: list[Facts], percentages: list[int]) -> None:
    met = Counter(node.way(fact) for fact in facts)
    for index, percent in enumerate(percentages):
        # Four standard deviations, the draws being always the same: a share that is off by more is wrong.
        allowed = 4 * (CALLERS * percent * (100 - percent)) ** 0.5 / 100
        assert abs(met[f"n{index}"] - CALLERS * percent / 100) <= allowed, (met, percentages)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(PERCENTAGES, st.integers(70_000_000_000, 79_990_000_000))
def test_many_callers_are_shared_out_by_the_percentages(percentages: list[int], first: int) -> None:
    assert_shared(share(percentages), strangers(first), percentages)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(PERCENTAGES)
def test_many_calls_of_one_caller_are_shared_out_when_that_is_wished(percentages: list[int]) -> None:
    calls = [replace(fact, caller=FACTS.caller) for fact in strangers()]
    assert_shared(share(percentages, same_caller=False), calls, percentages)


@given(
    PERCENTAGES, st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True), st.text(min_size=1), st.text(min_size=1)
)
def test_a_caller_who_calls_again_goes_the_same_way(
    percentages: list[int], caller: str, first: str, second: str
) -> None:
    node = share(percentages)
    ways = {node.way(replace(FACTS, caller=caller, call_id=call_id)) for call_id in (first, second)}
    assert len(ways) == 1


def test_a_caller_keeps_his_way_when_nothing_is_said_of_it() -> None:
    assert Share.model_validate({"kind": "share", "ways": [{"percent": 100, "go": "n0"}]}).same_caller


def test_a_hundredth_is_a_hundredth() -> None:
    node = share([1, 99])
    met = sum(node.way(replace(FACTS, caller=str(79_030_000_000 + n))) == "n0" for n in range(20_000))
    assert abs(met - 200) < 60


def test_callers_without_a_number_are_shared_out_call_by_call() -> None:
    assert_shared(share([50, 50]), [replace(fact, caller="") for fact in strangers()], [50, 50])


def test_two_shares_one_after_the_other_do_not_draw_alike() -> None:
    first, second = share([50, 50]), share([50, 50], names="m")
    went = [fact for fact in strangers() if first.way(fact) == "n0"]
    assert {second.way(fact) for fact in islice(went, 100)} == {"m0", "m1"}


def test_a_draw_is_the_same_in_every_version_and_on_every_machine() -> None:
    drawn = [share([25, 25, 25, 25]).way(fact) for fact in strangers()[:8]]
    assert drawn == ["n3", "n2", "n0", "n0", "n3", "n3", "n0", "n0"]


def test_a_whole_way_takes_everybody() -> None:
    assert way("{kind: share, ways: [{percent: 100, go: all}]}") == "all"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (
            "ways: [{percent: 60, go: bye}, {percent: 30, go: bye}]",
            "nodes.x: the percentages make 90, not 100",
        ),
        ("ways: []", "nodes.x.ways: "),
        ("ways: [{percent: 0, go: bye}, {percent: 100, go: bye}]", "nodes.x.ways[0].percent: "),
        ("ways: [{percent: 100, go: gone}]", "nodes.x.ways[0].go: there is no node 'gone'"),
        ("ways: [{percent: 100, go: x}]", "nodes.x: goes round for ever"),
        ("ways: [{percent: 50.5, go: bye}, {percent: 49.5, go: bye}]", "nodes.x.ways[0].percent: "),
    ],
)
def test_a_share_is_refused_with_the_place(fields: str, complaint: str) -> None:
    found = complaints(f"{{kind: share, {fields}}}")
    assert any(line.startswith(complaint) for line in found), found
