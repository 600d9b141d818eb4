"""A scheme tried out: what happens, told what comes of each ringing and which keys are pressed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.causes import Cause
from dialplan.check import read_scheme
from dialplan.scheme import Scheme
from dialplan.steps import Digits, Done, EndCall, LeftQueue, NotReached
from dialplan.targets import Outside, Seat, Target
from dialplan.trial import TALK_S, Came, DoesNotFit, Stepped, Talked, Told, Trial
from dialplan.walk import STEPS_MAX
from tests.dialplan.drawn_schemes import scheme_texts
from tests.dialplan.words import FACTS

SCHEME = """
start: menu
nodes:
  menu:
    kind: menu
    prompt: hello
    keys: {"1": ring, "2": line, "30": menu}
    extensions: {"101": anna}
    first_digit_s: 4
    tries: 2
    silence: box
  ring:
    kind: forward
    to: ["79161110001", {all: ["79161110002", {seat: boris}]}]
    patience_s: 20
    otherwise: box
  line:
    kind: queue
    members: [{seat: anna, skills: [french]}, {seat: boris}, "79161110003"]
    wait_s_max: 90
    leave: {"0": box}
    call_back_digit: "9"
    otherwise: box
  box: {kind: voicemail}
"""


def scheme(text: str = SCHEME) -> Scheme:
    read = read_scheme(text)
    assert isinstance(read, Scheme), [str(fault) for fault in read]
    return read


def told(*words: str) -> list[Told]:
    return [Told(word) for word in words]


def nothing_forbids(target: Target, at_ms: int) -> str | None:
    return None


def tried(
    digits: Sequence[str] = (), answers: Sequence[Told] = (), forbidden: Sequence[Target] = ()
) -> Trial:
    return Trial(scheme(), digits, answers, lambda target, at_ms: "not_sold" if target in forbidden else None)


def run(
    digits: Sequence[str] = (), answers: Sequence[Told] = (), forbidden: Sequence[Target] = ()
) -> list[tuple[str, int, object]]:
    """Nodes and what came of their steps, with the seconds since the call came."""
    happened = tried(digits, answers, forbidden).run(FACTS)
    return [(one.node, one.at_ms // 1000, None if isinstance(one, Came) else one.outcome) for one in happened]


BOX = [("box", None), ("box", Done()), ("box", Done()), ("box", None)]


def in_box(at_s: int) -> list[tuple[str, int, object]]:
    """The way through the mailbox to the end."""
    return [(node, at_s, outcome) for node, outcome in BOX]


def test_who_is_rung_first_answers_when_nothing_is_told() -> None:
    assert run(["1"]) == [
        ("menu", 0, None),
        ("menu", 0, Digits("1")),
        ("ring", 0, None),
        ("ring", 0, Talked(Outside("79161110001"), TALK_S)),
    ]


def test_a_talk_is_as_long_as_told() -> None:
    trial = tried(["1"], [Told("answer", 90)])
    happened = list(trial.run(FACTS))
    assert isinstance(happened[-1], Stepped) and happened[-1].outcome == Talked(Outside("79161110001"), 90)
    assert trial.end_ms == 90_000


def test_answers_are_taken_one_a_ringing_and_time_goes_on() -> None:
    assert run(["1"], told("no_answer", "busy"))[2:] == [
        ("ring", 0, None),
        ("ring", 0, NotReached.NO_ANSWER),
        ("ring", 20, NotReached.BUSY),
        *in_box(20),
    ]


def test_who_is_forbidden_is_not_rung_and_the_next_one_answers() -> None:
    outside = [Outside("79161110001"), Outside("79161110002")]
    happened = [one for one in tried(["1"], forbidden=outside).run(FACTS) if isinstance(one, Stepped)]
    assert [(one.outcome, one.forbidden) for one in happened[1:]] == [
        (NotReached.REFUSED, {outside[0]: "not_sold"}),
        (Talked(Seat("boris"), TALK_S), {outside[1]: "not_sold"}),
    ]


def test_a_ringing_of_nobody_takes_no_answer_from_what_is_told() -> None:
    assert run(["1"], told("busy"), [Outside("79161110001")])[3:5] == [
        ("ring", 0, NotReached.REFUSED),
        ("ring", 0, NotReached.BUSY),
    ]


def test_silence_takes_its_time() -> None:
    assert run() == [("menu", 0, None), ("menu", 0, Digits("")), ("menu", 4, Digits("")), *in_box(8)]


def test_digits_are_taken_menu_by_menu() -> None:
    assert [outcome for _, _, outcome in run(["7", "30", "", "101"]) if outcome] == [
        Digits("7"),
        Digits("30"),
        Digits(""),
        Digits("101"),
        Talked(Seat("anna"), TALK_S),
    ]


def test_a_hash_ends_the_digits() -> None:
    assert run(["3#"])[1] == ("menu", 0, Digits("3"))


def test_more_digits_than_a_menu_takes_are_refused() -> None:
    with pytest.raises(DoesNotFit, match=r"^menu: of the digits 21 it takes 2 only: write 2,1$"):
        run(["21"])


QUEUE: dict[str, tuple[Told, int, object]] = {
    "answer": (Told("answer", 30), 0, Talked(Seat("anna"), 30)),
    "timeout": (Told("timeout"), 90, LeftQueue.TIMEOUT),
    "empty": (Told("empty"), 0, LeftQueue.EMPTY),
    "a digit": (Told("0"), 0, Digits("0")),
    "the digit for a call back": (Told("9"), 0, LeftQueue.CALL_BACK),
    "call_back": (Told("call_back"), 0, LeftQueue.CALL_BACK),
}


@pytest.mark.parametrize(("answer", "waited_s", "outcome"), QUEUE.values(), ids=QUEUE)
def test_what_comes_of_a_queue(answer: Told, waited_s: int, outcome: object) -> None:
    happened = run(["2"], [answer])
    assert happened[3] == ("line", 0, outcome)
    if outcome is LeftQueue.CALL_BACK:
        assert happened[4:] == [("line", 0, Done()), ("line", 0, None)]
    else:
        assert happened[4:] == ([] if isinstance(outcome, Talked) else in_box(waited_s))


def test_a_caller_without_a_number_is_not_called_back() -> None:
    trial = tried(["2"], told("call_back"))
    with pytest.raises(DoesNotFit, match="line: the caller cannot be called back: he hides his number"):
        list(trial.run(replace(FACTS, caller="")))


def test_a_caller_whose_number_may_not_be_called_is_not_called_back() -> None:
    with pytest.raises(DoesNotFit, match="line: the caller cannot be called back: not_sold"):
        run(["2"], told("call_back"), [Outside(FACTS.caller)])


def test_a_queue_without_anybody_who_may_be_rung_is_empty() -> None:
    everybody: list[Target] = [Seat("anna"), Seat("boris"), Outside("79161110003")]
    assert run(["2"], [], everybody)[3] == ("line", 0, LeftQueue.EMPTY)


def test_only_members_with_the_skills_answer() -> None:
    skilled = scheme(SCHEME.replace("kind: queue", "kind: queue\n    needs: [french]"))
    happened = list(
        Trial(skilled, ["2"], [], lambda target, _: "x" if target != Seat("anna") else None).run(FACTS)
    )
    assert isinstance(happened[-1], Stepped) and happened[-1].outcome == Talked(Seat("anna"), TALK_S)
    assert happened[-1].forbidden == {}


MISFITS: dict[str, tuple[list[str], str, str]] = {
    "a queue's word of a ringing": (
        ["1"],
        "full",
        "ring: full cannot come of ringing: tell answer, busy, no_answer, unreachable, refused",
    ),
    "a ringing's word of a queue": (
        ["2"],
        "busy",
        "line: busy cannot come of this queue: tell answer, timeout, empty, call_back, 0",
    ),
    "a full queue without a bound": (["2"], "full", "line: full cannot come of this queue"),
    "a digit that does not leave": (["2"], "5", "line: 5 cannot come of this queue"),
}


@pytest.mark.parametrize(("digits", "answer", "words"), MISFITS.values(), ids=MISFITS)
def test_what_cannot_happen_is_refused_with_what_can(digits: list[str], answer: str, words: str) -> None:
    with pytest.raises(DoesNotFit) as refused:
        run(digits, told(answer))
    assert str(refused.value).startswith(words)


def test_a_queue_in_which_nobody_may_be_rung_is_not_answered() -> None:
    with pytest.raises(
        DoesNotFit, match="answer cannot come of this queue: tell timeout, empty, call_back, 0"
    ):
        run(["2"], told("answer"), [Seat("anna"), Seat("boris"), Outside("79161110003")])


def test_what_was_told_and_not_needed_is_kept() -> None:
    trial = tried(["1", "2"], [Told("answer", 5), Told("busy")])
    list(trial.run(FACTS))
    assert trial.unused == ["2", "busy"]


def test_the_clock_goes_on_for_a_schedule_behind_a_ringing() -> None:
    text = """
start: ring
nodes:
  ring: {kind: forward, to: ["79161110001"], patience_s: 60, otherwise: hours}
  hours: {kind: schedule, rules: [{hours: "03:01-04:00", go: late}], otherwise: early}
  late: {kind: hang_up, cause: busy}
  early: {kind: hang_up}
"""
    happened = Trial(scheme(text), [], told("no_answer"), nothing_forbids).run(FACTS)
    assert [one.node for one in happened if isinstance(one, Came)] == ["ring", "hours", "late"]


@given(scheme_texts(), st.lists(st.sampled_from(["1", "2", "7", "", "0"])), st.integers(0, 10**12))
def test_every_trial_comes_to_an_end(text: str, digits: list[str], at_ms: int) -> None:
    happened = list(Trial(scheme(text), digits, [], nothing_forbids).run(replace(FACTS, at_ms=at_ms)))
    last = happened[-1]
    assert isinstance(last, Stepped)
    assert isinstance(last.outcome, Talked) or isinstance(last.step, EndCall)
    if isinstance(last.step, EndCall) and last.step.cause is Cause.CONGESTION:
        assert sum(isinstance(one, Came) for one in happened) <= STEPS_MAX
