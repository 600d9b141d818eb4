"""The ready schemes and the examples of the page: each is sound, says for whom it is, does what it says."""

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from dialplan.check import read_scheme
from dialplan.facts import Facts, Standing
from dialplan.scheme import Crossings, Scheme, Stations
from dialplan.steps import Digits, EndCall, LeftQueue, NotReached, Outcome, Ring
from dialplan.walk import Walk
from tests.dialplan.words import DONE, FACTS, at

DOCS = Path(__file__).parents[2] / "docs"
FILES = sorted((DOCS / "schemes").glob("*.yaml"))
PAGE = (DOCS / "schemes.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NODES = {get_args(node.model_fields["kind"].annotation)[0]: node for node in get_args(Crossings | Stations)}
KINDS = set(NODES)

BUSY, NO_ANSWER = NotReached.BUSY, NotReached.NO_ANSWER
WORKDAY, NIGHT = at("2026-11-18 10:30:00"), at("2026-11-18 23:00:00")
HOLIDAY, WORKED_SATURDAY = at("2026-11-04 10:30:00"), at("2027-02-20 10:30:00")
VIP, MOSCOW = (
    replace(FACTS, caller="79161234567"),
    replace(FACTS, caller="74991234567", available_kopecks=100_000),
)


def read(text: str) -> Scheme:
    found = read_scheme(text)
    assert isinstance(found, Scheme), [str(fault) for fault in found]
    return found


def ready(name: str) -> Scheme:
    return read((DOCS / "schemes" / f"{name}.yaml").read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_ready_scheme_is_sound_and_says_for_whom_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    assert isinstance(read(text), Scheme)
    assert text.startswith("# For ")


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_page_is_a_sound_scheme(text: str) -> None:
    assert isinstance(read(text), Scheme)


def test_every_kind_of_node_stands_in_a_ready_scheme_or_an_example() -> None:
    kinds = {node.kind for path in FILES for node in ready(path.stem).nodes.values()}
    kinds |= {node.kind for text in EXAMPLES for node in read(text).nodes.values()}
    assert kinds == KINDS


def test_the_page_names_every_kind_of_node() -> None:
    table = PAGE.split("| kind | what it does |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == KINDS


def test_the_page_names_every_field_of_every_kind() -> None:
    written = set(re.findall(r"`(\w+)`", PAGE))
    unwritten = {(kind, field) for kind, node in NODES.items() for field in node.model_fields} - {
        (kind, field) for kind in KINDS for field in {*written, "kind"}
    }
    assert not unwritten


STORIES: list[tuple[str, Facts, list[Outcome], str]] = [
    ("forward", FACTS, [NO_ANSWER], "ring bye"),
    ("in-turn", FACTS, [BUSY, NO_ANSWER, DONE, DONE], "ring mailbox"),
    ("all-at-once", FACTS, [BUSY, DONE, DONE], "ring engaged later"),
    ("all-at-once", FACTS, [NO_ANSWER, DONE], "ring later"),
    ("accept", FACTS, [NO_ANSWER, NO_ANSWER, DONE, DONE], "ring mailbox"),
    ("office-hours", WORKDAY, [NO_ANSWER, NO_ANSWER, DONE, DONE, DONE], "hours office mobile closed mailbox"),
    ("office-hours", HOLIDAY, [DONE, DONE, DONE], "hours closed mailbox"),
    ("office-hours", WORKED_SATURDAY, [], "hours office"),
    ("office-hours", at("2026-12-30 10:30:00"), [], "hours closed"),
    ("menu", FACTS, [Digits("1"), BUSY, NO_ANSWER], "greeting sales secretary"),
    ("menu", FACTS, [Digits("2"), Digits("*"), Digits("101")], "greeting support greeting"),
    ("menu", FACTS, [Digits("2"), Digits("2"), BUSY], "greeting support telephony secretary"),
    ("menu", FACTS, [Digits("")] * 3, "greeting secretary"),
    ("queue", FACTS, [DONE, LeftQueue.FULL, NO_ANSWER, DONE, DONE], "record line partner mailbox"),
    ("queue", FACTS, [DONE, Digits("0")], "record line mailbox"),
    ("queue", FACTS, [DONE, LeftQueue.CALL_BACK, DONE], "record line"),
    ("queue", FACTS, [DONE, LeftQueue.TIMEOUT], "record line mailbox"),
    ("vip-and-blacklist", VIP, [DONE, LeftQueue.TIMEOUT, BUSY], "who dear first-in-line owner mailbox"),
    ("vip-and-blacklist", replace(FACTS, caller="79160000013"), [], "who never"),
    ("vip-and-blacklist", replace(FACTS, caller=""), [DONE], "who nameless"),
    ("vip-and-blacklist", FACTS, [LeftQueue.EMPTY], "who others mailbox"),
    ("night-voicemail", WORKDAY, [NO_ANSWER, NO_ANSWER], "hours day mailbox"),
    ("night-voicemail", NIGHT, [Digits(""), DONE, DONE, DONE], "hours night mailbox thanks"),
    ("night-voicemail", NIGHT, [Digits("1")], "hours night urgent"),
    ("campaign", FACTS, [DONE, DONE, DONE, BUSY, NO_ANSWER], "notice record named centres @ own mailbox"),
    ("hotline", MOSCOW, [NotReached.REFUSED], "standing money where moscow seats"),
    ("hotline", replace(MOSCOW, available_kopecks=100), [], "standing money seats"),
    ("hotline", replace(MOSCOW, standing=Standing.SUSPENDED_PARTIAL), [], "standing seats"),
]


@pytest.mark.parametrize(
    ("name", "facts", "outcomes", "way"),
    STORIES,
    ids=[f"{s[0]}: {s[3].replace(' ', ' → ')}" for s in STORIES],
)
def test_a_caller_of_a_ready_scheme_comes_this_way(
    name: str, facts: Facts, outcomes: list[Outcome], way: str
) -> None:
    walk = Walk(ready(name))
    walk.begin(facts)
    for outcome in outcomes:
        walk.go_on(outcome, facts)
    met = [passed.node for passed in walk.trail]
    assert " ".join("@" if node in ("first", "second") else node for node in met) == way


def test_every_ready_scheme_has_a_story() -> None:
    assert {path.stem for path in FILES} == {story[0] for story in STORIES}


def test_a_regular_caller_goes_before_the_others_of_the_same_line() -> None:
    nodes = ready("vip-and-blacklist").nodes
    first, others = nodes["first-in-line"], nodes["others"]
    assert first.kind == others.kind == "queue"
    assert first.name == others.name and first.priority > others.priority


def test_the_masters_mobile_must_accept() -> None:
    step = Walk(ready("accept")).begin(FACTS)
    assert isinstance(step, Ring) and step.accept and step.accept.digit == "1"


def test_a_blacklisted_caller_is_turned_away_unanswered() -> None:
    step = Walk(ready("vip-and-blacklist")).begin(replace(FACTS, caller="79160000013"))
    assert isinstance(step, EndCall) and step.cause.name == "REJECTED"
