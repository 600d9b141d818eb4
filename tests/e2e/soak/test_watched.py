"""What our objects keep is counted by class and attribute, in slots and out of them."""

from callctl.asterisk.evidence import Channel, Evidence
from tests.e2e.soak.census import more
from tests.e2e.soak.watched import collections_of


def test_what_is_kept_is_counted_by_where_it_is_kept() -> None:
    evidence = [Evidence(calls={"a": {}, "b": {"c": Channel()}}), Evidence(hosts={"here"})]
    found = collections_of([*evidence, {"not": "ours"}])
    assert found["Evidence.calls"] == 2
    assert found["Evidence.hosts"] == 1


def test_only_what_became_more_is_told_the_most_first() -> None:
    assert more({"a": 5, "b": 1, "c": 1}, {"a": 5, "b": 3, "c": 9, "d": 1}) == {"c": 8, "b": 2, "d": 1}
