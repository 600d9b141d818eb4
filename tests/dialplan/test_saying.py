"""Play, tell_balance, voicemail, record and set_name: what is done; what fails strands no caller."""

from dataclasses import replace

import pytest

from dialplan.speech.say import say_balance
from dialplan.steps import NameCaller, NotReached, Outcome, Play, RecordTalk, TakeMessage
from tests.dialplan.words import DONE, FACTS, FAILED, come_to, complaints

PLAY = "{kind: play, prompt: [hello, service/goodbye]"
VOICEMAIL = "{kind: voicemail"
RECORD = "{kind: record, then: talk"


def test_play_says_its_prompt() -> None:
    assert come_to(f"{PLAY}}}", language="en").step == Play(("own/hello", "en/goodbye"))


def test_play_may_speak_before_the_answer() -> None:
    assert come_to("{kind: play, prompt: hello, early: true}").step == Play(("own/hello",), early=True)


@pytest.mark.parametrize(
    ("exits", "outcome", "node"),
    [
        (", then: a, failed: b", DONE, "a"),
        (", then: a, failed: b", FAILED, "b"),
        (", then: a", FAILED, "a"),
        (", failed: b", FAILED, "b"),
    ],
)
def test_play_goes_on(exits: str, outcome: Outcome, node: str) -> None:
    assert come_to(f"{PLAY}{exits}}}").after(outcome).at == node


def test_play_without_a_next_node_ends_the_call() -> None:
    assert come_to(f"{PLAY}}}").after(DONE).end == "NORMAL"


def test_play_that_could_not_be_heard_ends_the_call_as_unavailable() -> None:
    assert come_to(f"{PLAY}}}").after(FAILED).end == "UNAVAILABLE"


def test_the_balance_is_told_in_the_schemes_language() -> None:
    facts = replace(FACTS, available_kopecks=-250)
    told = [come_to("{kind: tell_balance}", facts, language).step for language in ("ru", "en")]
    assert told == [Play(say_balance(-250, "ru")), Play(say_balance(-250, "en"))]


def test_after_the_balance_the_call_goes_on_or_ends() -> None:
    assert come_to("{kind: tell_balance, then: a}").after(DONE).at == "a"
    assert come_to("{kind: tell_balance}").after(DONE).end == "NORMAL"


def test_a_balance_that_cannot_be_told_leads_to_failed() -> None:
    assert come_to("{kind: tell_balance, then: a, failed: b}").after(FAILED).at == "b"


def test_a_mailbox_greets_and_then_takes_the_message() -> None:
    trip = come_to(f"{VOICEMAIL}}}")
    assert trip.step == Play(("ru/voicemail/leave-message",))
    assert trip.after(DONE).step == TakeMessage("x", 180_000, 5000, beep=True)


def test_all_that_is_written_of_a_mailbox_reaches_the_step() -> None:
    fields = "name: office, greeting: away, length_s_max: 60, silence_s_max: 3, beep: false"
    trip = come_to(f"{VOICEMAIL}, {fields}}}")
    assert trip.step == Play(("own/away",))
    assert trip.after(DONE).step == TakeMessage("office", 60_000, 3000, beep=False)


def test_after_the_message_the_call_goes_on() -> None:
    assert come_to(f"{VOICEMAIL}, then: thanks, failed: sorry}}").after(DONE, DONE).at == "thanks"


def test_after_the_message_the_call_ends() -> None:
    assert come_to(f"{VOICEMAIL}}}").after(DONE, DONE).end == "NORMAL"


def test_a_greeting_that_cannot_be_heard_leads_to_failed() -> None:
    assert come_to(f"{VOICEMAIL}, failed: sorry}}").after(FAILED).at == "sorry"


def test_a_greeting_that_cannot_be_heard_does_not_keep_the_caller_from_speaking() -> None:
    assert isinstance(come_to(f"{VOICEMAIL}}}").after(FAILED).step, TakeMessage)


@pytest.mark.parametrize(
    ("exits", "node"), [(", then: thanks, failed: sorry", "sorry"), (", then: on", "on")]
)
def test_a_message_that_was_not_recorded_goes_on(exits: str, node: str) -> None:
    assert come_to(f"{VOICEMAIL}{exits}}}").after(DONE, FAILED).at == node


def test_a_message_that_was_not_recorded_ends_the_call_as_unavailable() -> None:
    assert come_to(f"{VOICEMAIL}}}").after(DONE, FAILED).end == "UNAVAILABLE"


def test_record_asks_for_a_recording_and_goes_on() -> None:
    trip = come_to(f"{RECORD}, beep: true, keep_days: 90}}")
    assert trip.step == RecordTalk(beep=True, keep_days=90)
    assert trip.after(DONE).at == "talk"


def test_without_days_a_recording_is_kept_as_long_as_the_operator_says() -> None:
    assert come_to(f"{RECORD}}}").step == RecordTalk(beep=False, keep_days=None)


@pytest.mark.parametrize("outcome", [DONE, FAILED])
def test_a_caller_is_named_and_goes_on(outcome: Outcome) -> None:
    trip = come_to("{kind: set_name, name: Заказ с сайта, then: ring}")
    assert trip.step == NameCaller("Заказ с сайта")
    assert trip.after(outcome).at == "ring"


@pytest.mark.parametrize("node", [f"{PLAY}}}", f"{VOICEMAIL}}}"])
def test_busy_is_no_outcome_of_saying(node: str) -> None:
    with pytest.raises(AssertionError):
        come_to(node).after(NotReached.BUSY)


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("{kind: play}", "nodes.x.prompt: Field required"),
        ("{kind: play, prompt: []}", "nodes.x.prompt: "),
        ("{kind: play, prompt: hello, then: x}", "nodes.x: goes round for ever"),
        ("{kind: voicemail, length_s_max: 601}", "nodes.x.length_s_max: "),
        ("{kind: voicemail, name: My box}", "nodes.x.name: a name is 1 to 32 of a-z"),
        ("{kind: record}", "nodes.x.then: Field required"),
        ("{kind: record, then: bye, keep_days: 0}", "nodes.x.keep_days: "),
        ("{kind: set_name, name: ' ', then: bye}", "nodes.x.name: a name is printable"),
        ("{kind: set_name, name: 'a\"b', then: bye}", "nodes.x.name: a name is printable"),
        ("{kind: set_name, name: shop}", "nodes.x.then: Field required"),
    ],
)
def test_a_node_that_speaks_is_refused_with_the_place(node: str, complaint: str) -> None:
    found = complaints(node)
    assert any(line.startswith(complaint) for line in found), found
