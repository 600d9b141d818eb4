"""What is counted in a scheme has a least, a most, and a value when nothing is said: those of the page."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dialplan.scheme import Node

NODES: dict[str, dict[str, Any]] = {
    "forward": {"to": ["79161110002"]},
    "extension": {"seat": "anna"},
    "menu": {"prompt": "hello", "keys": {"1": "x"}},
    "queue": {"members": ["79161110002"]},
    "voicemail": {},
    "record": {"then": "x"},
}
# Kind, field, least, most, and what it is when nothing is said.
BOUNDS: list[tuple[str, str, int, int, int | None]] = [
    ("forward", "patience_s", 1, 600, 30),
    ("extension", "patience_s", 1, 600, 30),
    ("menu", "patience_s", 1, 600, 30),
    ("menu", "first_digit_s", 1, 60, 5),
    ("menu", "next_digit_s", 1, 20, 3),
    ("menu", "tries", 1, 10, 3),
    ("queue", "member_patience_s", 1, 600, 20),
    ("queue", "wrap_up_s", 0, 3600, 0),
    ("queue", "penalty_s", 0, 3600, 0),
    ("queue", "priority", 0, 100, 0),
    ("queue", "length_max", 1, 1000, None),
    ("queue", "wait_s_max", 1, 14_400, None),
    ("voicemail", "length_s_max", 5, 600, 180),
    ("voicemail", "silence_s_max", 2, 60, 5),
    ("record", "keep_days", 1, 1098, None),
]
# Kind, the field that is a list or a mapping, and the most that it holds.
LENGTHS: list[tuple[str, dict[str, Any], str, int]] = [
    ("forward", {}, "to", 20),
    ("menu", {}, "keys", 100),
    ("menu", {}, "extensions", 1000),
    ("menu", {}, "prompt", 10),
    ("queue", {}, "members", 200),
    ("share", {}, "ways", 20),
    ("by_balance", {"otherwise": "x"}, "rules", 20),
    ("by_caller", {"otherwise": "x"}, "rules", 100),
    ("schedule", {"otherwise": "x"}, "rules", 100),
]

_NODE: TypeAdapter[Node] = TypeAdapter(Node)


def is_sound(kind: str, **fields: object) -> bool:
    try:
        _NODE.validate_python({"kind": kind, **NODES.get(kind, {}), **fields})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "field", "least", "most", "unsaid"), BOUNDS)
def test_a_count_is_taken_from_its_least_to_its_most(
    kind: str, field: str, least: int, most: int, unsaid: int | None
) -> None:
    taken = [is_sound(kind, **{field: value}) for value in (least - 1, least, most, most + 1)]
    assert taken == [False, True, True, False]


@pytest.mark.parametrize(("kind", "field", "least", "most", "unsaid"), BOUNDS)
def test_a_count_has_a_value_when_nothing_is_said(
    kind: str, field: str, least: int, most: int, unsaid: int | None
) -> None:
    assert getattr(_NODE.validate_python({"kind": kind, **NODES[kind]}), field) == unsaid


def filled(field: str, kind: str, count: int) -> object:
    match field:
        case "keys":
            return {f"{n:03}": "x" for n in range(count)}
        case "extensions":
            return {f"{n:04}": "anna" for n in range(count)}
        case "prompt":
            return ["hello"] * count
        case "to" | "members":
            return [f"7916{n:07}" for n in range(count)]
        case "ways":
            return [{"percent": 100 - count + 1 if n == 0 else 1, "go": "x"} for n in range(count)]
        case _:
            return [{**rule(kind, n), "go": "x"} for n in range(count)]


def rule(kind: str, n: int) -> dict[str, str]:
    return {
        "by_balance": {"below": str(n)},
        "by_caller": {"prefixes": "+7"},
        "schedule": {"days": "mon"},
    }[kind]


@pytest.mark.parametrize(("kind", "others", "field", "most"), LENGTHS)
def test_a_list_holds_so_many_and_no_more(kind: str, others: dict[str, Any], field: str, most: int) -> None:
    taken = [is_sound(kind, **others, **{field: filled(field, kind, count)}) for count in (most, most + 1)]
    assert taken == [True, False]


@pytest.mark.parametrize(("field", "least", "most"), [("first_after_s", 0, 600), ("every_s", 10, 600)])
def test_announcements_have_their_bounds(field: str, least: int, most: int) -> None:
    values = (least - 1, least, most, most + 1)
    taken = [is_sound("queue", announce={"wait": True, field: value}) for value in values]
    assert taken == [False, True, True, False]


def test_a_member_s_weight_is_1_to_100() -> None:
    taken = [is_sound("queue", members=[{"seat": "anna", "weight": weight}]) for weight in (0, 1, 100, 101)]
    assert taken == [False, True, True, False]


def test_a_target_is_given_1_to_60_seconds_to_accept() -> None:
    taken = [is_sound("forward", accept={"patience_s": patience}) for patience in (0, 1, 60, 61)]
    assert taken == [False, True, True, False]


def test_a_name_shown_has_up_to_40_characters() -> None:
    assert [is_sound("set_name", name="я" * length, then="x") for length in (40, 41)] == [True, False]
