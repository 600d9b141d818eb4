"""Forward and extension: whom they ring, and where each outcome leads."""

import pytest

from dialplan.nodes.forward import Forward
from dialplan.steps import Accept, EndCall, Hears, NotReached, Ring
from dialplan.targets import Outside, Seat
from tests.dialplan.words import DONE, come_to, complaints

A, B, C = Outside("79161110001"), Outside("79161110002"), Outside("79161110003")
EXITS = "busy: engaged, no_answer: nobody, unreachable: gone, refused: poor"
FORWARD = "{kind: forward, to: ['79161110001']"
EXTENSION = "{kind: extension, seat: anna"
KINDS = pytest.mark.parametrize("node", [FORWARD, EXTENSION])
OUTCOMES = [
    (NotReached.BUSY, "engaged", "BUSY"),
    (NotReached.NO_ANSWER, "nobody", "NO_ANSWER"),
    (NotReached.UNREACHABLE, "gone", "CONGESTION"),
    (NotReached.REFUSED, "poor", "REJECTED"),
]


def test_an_extension_rings_its_seat() -> None:
    assert come_to(f"{EXTENSION}, patience_s: 9, hears: music}}").step == Ring(
        (Seat("anna"),), 9000, Hears.MUSIC
    )


@KINDS
@pytest.mark.parametrize(("outcome", "exit", "cause"), OUTCOMES)
def test_each_outcome_has_its_exit(node: str, outcome: NotReached, exit: str, cause: str) -> None:
    assert come_to(f"{node}, {EXITS}}}").after(outcome).at == exit


@KINDS
@pytest.mark.parametrize(("outcome", "exit", "cause"), OUTCOMES)
def test_otherwise_is_for_the_outcomes_without_an_exit(
    node: str, outcome: NotReached, exit: str, cause: str
) -> None:
    assert come_to(f"{node}, otherwise: bye}}").after(outcome).at == "bye"


@KINDS
@pytest.mark.parametrize(("outcome", "exit", "cause"), OUTCOMES)
def test_without_an_exit_the_caller_is_told_which_it_was(
    node: str, outcome: NotReached, exit: str, cause: str
) -> None:
    assert come_to(f"{node}}}").after(outcome).end == cause


@KINDS
def test_ringing_again_after_no_answer_is_sound(node: str) -> None:
    assert come_to(f"{node}, no_answer: x}}").after(NotReached.NO_ANSWER).at == "x"


@KINDS
@pytest.mark.parametrize("exit", ["busy", "unreachable", "refused", "otherwise"])
def test_ringing_again_after_no_time_at_all_goes_round_for_ever(node: str, exit: str) -> None:
    found = complaints(f"{node}, {exit}: x}}".replace("x}", "x, no_answer: bye}"))
    assert found == ["nodes.x: goes round for ever: its exits lead back to it"]


@KINDS
def test_otherwise_may_ring_again_when_the_hasty_ways_go_elsewhere(node: str) -> None:
    assert come_to(f"{node}, busy: bye, unreachable: bye, refused: bye, otherwise: x}}").at == "x"


def test_targets_are_rung_one_after_the_other() -> None:
    trip = come_to(
        "{kind: forward, to: ['79161110001', {number: '79161110002', patience_s: 5}], otherwise: a}"
    )
    assert trip.step == Ring((A,), 30_000)
    assert trip.after(NotReached.BUSY).step == Ring((B,), 5000)
    assert trip.after(NotReached.BUSY).at == "a"


def test_targets_of_a_wave_are_rung_at_once() -> None:
    trip = come_to("{kind: forward, to: [{all: ['79161110001', {seat: anna}], patience_s: 15}]}")
    assert trip.step == Ring((A, Seat("anna")), 15_000)


def test_whom_a_forward_may_ring_is_named_with_its_place() -> None:
    node = Forward.model_validate(
        {"kind": "forward", "to": [A.number, {"all": [B.number, {"seat": "anna"}]}]}
    )
    assert list(node.targets()) == [
        (("to", 0), A),
        (("to", 1, "all", 0), B),
        (("to", 1, "all", 1), Seat("anna")),
    ]


def test_of_several_outcomes_the_most_telling_has_the_exit() -> None:
    to = "to: ['79161110001', '79161110002', '79161110003']"
    trip = come_to(f"{{kind: forward, {to}, {EXITS}}}")
    assert trip.after(NotReached.REFUSED, NotReached.BUSY, NotReached.UNREACHABLE).at == "engaged"


def test_the_target_may_be_asked_to_accept() -> None:
    trip = come_to(f"{FORWARD}, accept: {{digit: 2}}}}")
    assert isinstance(trip.step, Ring)
    assert trip.step.accept == Accept(("ru/accept", "ru/digits/2"), "2", 10_000)


def test_the_target_may_be_asked_in_the_subscriber_s_own_words() -> None:
    trip = come_to(f"{FORWARD}, accept: {{prompt: take, patience_s: 3}}}}")
    assert isinstance(trip.step, Ring)
    assert trip.step.accept == Accept(("own/take",), "1", 3000)


def test_the_own_number_may_be_shown() -> None:
    trip = come_to(f"{FORWARD}, shows: own}}")
    assert isinstance(trip.step, Ring)
    assert not trip.step.shows_caller


@KINDS
def test_something_said_is_no_outcome_of_ringing(node: str) -> None:
    with pytest.raises(AssertionError):
        come_to(f"{node}}}").after(DONE)


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("{kind: extension}", "nodes.x.seat: Field required"),
        ("{kind: extension, seat: Anna}", "nodes.x.seat: a name is 1 to 32 of a-z, 0-9, - and _"),
        ("{kind: extension, seat: anna, patience_s: 601}", "nodes.x.patience_s: "),
        ("{kind: extension, seat: anna, to: bye}", "nodes.x.to: Extra inputs"),
        ("{kind: forward, to: [{}]}", "nodes.x.to[0]: give one of `number`, `seat` and `all`"),
    ],
)
def test_a_node_that_rings_is_refused_with_the_place(node: str, complaint: str) -> None:
    found = complaints(node)
    assert any(line.startswith(complaint) for line in found), found


def test_hanging_up_says_its_cause() -> None:
    trip = come_to("{kind: hang_up, cause: busy}")
    assert isinstance(trip.step, EndCall)
    assert trip.end == "BUSY"
