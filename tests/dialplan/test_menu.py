"""A menu asks, takes digits and leads on; each way out of it is a test."""

import pytest

from dialplan.nodes.menu import TRIES_MAX, Menu
from dialplan.steps import Ask, Digits, NotReached, Ring
from dialplan.targets import Seat
from tests.dialplan.words import DONE, FAILED, Trip, come_to, complaints

KEYS = "{kind: menu, prompt: hello, keys: {1: sales, 2: help, 10: office}, tries: 2}"
SEATS = "{kind: menu, prompt: hello, keys: {1: sales}, extensions: {101: anna, 102: boris}, tries: 2}"
SAYS_ALL = (
    "{kind: menu, prompt: hello, keys: {1: sales}, tries: 1, wrong: confused, silence: shy, failed: broken}"
)
SILENCE, WRONG = Digits(""), Digits("9")


def asked(trip: Trip) -> Ask:
    assert isinstance(trip.step, Ask), trip.step
    return trip.step


def test_a_menu_asks_for_as_many_digits_as_its_longest_key_has() -> None:
    assert come_to(KEYS).step == Ask(
        sounds=("own/hello",),
        digits_max=2,
        first_digit_ms=5000,
        next_digit_ms=3000,
        ends_with="#",
        barge_in=True,
        keys=frozenset({"1", "2", "10"}),
    )


def test_a_prompt_may_be_several_sounds_and_the_service_s_words() -> None:
    prompt = "prompt: [hello, service/record/notice]"
    trip = come_to(f"{{kind: menu, {prompt}, keys: {{1: a}}, barge_in: false}}", language="en")
    assert asked(trip).sounds == ("own/hello", "en/record/notice")
    assert asked(trip).barge_in is False


@pytest.mark.parametrize(("digits", "node"), [("1", "sales"), ("2", "help"), ("10", "office")])
def test_a_key_leads_to_its_node(digits: str, node: str) -> None:
    assert come_to(KEYS).after(Digits(digits)).at == node


@pytest.mark.parametrize(
    ("pressed", "enough"), [("", False), ("1", False), ("2", True), ("10", True), ("9", True), ("11", True)]
)
def test_digits_are_enough_when_no_longer_key_begins_with_them(pressed: str, enough: bool) -> None:
    assert asked(come_to(KEYS)).is_enough(pressed) is enough


def test_without_keys_digits_are_enough_when_there_are_as_many_as_were_asked_for() -> None:
    ask = Ask((), 3, 5000, 3000)
    assert not ask.is_enough("12")
    assert ask.is_enough("123")


def test_a_menu_with_the_hash_among_its_keys_does_not_take_it_for_the_end() -> None:
    trip = come_to('{kind: menu, prompt: hello, keys: {"#": operator, "*": back}}')
    assert asked(trip).ends_with == ""
    assert trip.after(Digits("#")).at == "operator"


def test_a_wrong_digit_is_named_and_asked_again() -> None:
    assert asked(come_to(KEYS).after(WRONG)).sounds == ("ru/menu/wrong-choice", "own/hello")


def test_silence_is_named_and_asked_again() -> None:
    assert asked(come_to(KEYS).after(SILENCE)).sounds == ("ru/menu/no-choice", "own/hello")


@pytest.mark.parametrize("digits", ["103", "19"])
def test_a_wrong_extension_is_named_as_one(digits: str) -> None:
    assert asked(come_to(SEATS).after(Digits(digits))).sounds == ("ru/menu/no-extension", "own/hello")


@pytest.mark.parametrize(("node", "digits"), [(KEYS, "11"), (SEATS, "9")])
def test_a_wrong_digit_is_no_extension_of_a_menu_without_them_nor_when_it_is_one(
    node: str, digits: str
) -> None:
    assert asked(come_to(node).after(Digits(digits))).sounds == ("ru/menu/wrong-choice", "own/hello")


def test_the_own_sounds_of_a_menu_are_named_with_their_places() -> None:
    node = Menu.model_validate(
        {"kind": "menu", "prompt": ["service/goodbye", "a"], "wrong_prompt": "b", "silence_prompt": "c"}
        | {"keys": {"1": "x"}}
    )
    assert list(node.sounds()) == [
        (("prompt", 1), "a"),
        (("wrong_prompt", 0), "b"),
        (("silence_prompt", 0), "c"),
    ]


def test_the_subscriber_s_own_words_replace_the_service_s() -> None:
    node = "{kind: menu, prompt: hello, keys: {1: a}, wrong_prompt: oops, silence_prompt: [still, there]}"
    assert asked(come_to(node).after(WRONG)).sounds == ("own/oops", "own/hello")
    assert asked(come_to(node).after(SILENCE)).sounds == ("own/still", "own/there", "own/hello")


def test_a_right_digit_after_a_wrong_one_counts() -> None:
    assert come_to(KEYS).after(WRONG, Digits("2")).at == "help"


@pytest.mark.parametrize(("outcome", "node"), [(WRONG, "confused"), (SILENCE, "shy"), (FAILED, "broken")])
def test_each_outcome_of_the_last_try_has_its_exit(outcome: Digits, node: str) -> None:
    assert come_to(SAYS_ALL).after(outcome).at == node


@pytest.mark.parametrize("outcome", [WRONG, SILENCE, FAILED])
def test_otherwise_is_for_the_outcomes_without_an_exit(outcome: Digits) -> None:
    node = "{kind: menu, prompt: hello, keys: {1: sales}, tries: 1, otherwise: bye}"
    assert come_to(node).after(outcome).at == "bye"


@pytest.mark.parametrize("outcome", [WRONG, SILENCE])
def test_without_exits_the_call_ends_normally_after_the_last_try(outcome: Digits) -> None:
    assert come_to(KEYS).after(outcome, outcome).end == "NORMAL"


def test_a_menu_that_cannot_be_said_is_not_asked_again() -> None:
    assert come_to(KEYS).after(FAILED).end == "UNAVAILABLE"


def test_the_last_try_decides_by_which_exit_the_caller_leaves() -> None:
    two = SAYS_ALL.replace("tries: 1", "tries: 2")
    assert come_to(two).after(WRONG, SILENCE).at == "shy"
    assert come_to(two).after(SILENCE, WRONG).at == "confused"


@pytest.mark.parametrize("tries", range(1, TRIES_MAX + 1))
@pytest.mark.parametrize("outcome", [WRONG, SILENCE])
def test_a_menu_of_n_tries_asks_n_times(tries: int, outcome: Digits) -> None:
    trip = come_to(f"{{kind: menu, prompt: hello, keys: {{1: a}}, tries: {tries}, otherwise: bye}}")
    asks = 0
    while isinstance(trip.step, Ask):
        asks += 1
        trip.after(outcome)
    assert (asks, trip.at) == (tries, "bye")


def test_an_extension_s_digits_ring_the_seat() -> None:
    node = SEATS.replace("tries: 2", "patience_s: 12")
    assert come_to(node).after(Digits("102")).step == Ring((Seat("boris"),), 12_000)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (NotReached.BUSY, "ru/refused/busy"),
        (NotReached.NO_ANSWER, "ru/refused/no-answer"),
        (NotReached.UNREACHABLE, "ru/refused/unavailable"),
        (NotReached.REFUSED, "ru/refused/unavailable"),
    ],
)
def test_after_a_seat_that_was_not_reached_the_menu_says_so_and_asks_again(
    outcome: NotReached, said: str
) -> None:
    assert asked(come_to(SEATS).after(Digits("101"), outcome)).sounds == (said, "own/hello")


def test_a_seat_that_was_not_reached_has_an_exit() -> None:
    node = SEATS.replace("tries: 2", "unanswered: mailbox")
    assert come_to(node).after(Digits("101"), NotReached.BUSY).at == "mailbox"


def test_a_seat_that_was_not_reached_at_the_last_try_leads_to_otherwise() -> None:
    node = SEATS.replace("tries: 2", "tries: 1, otherwise: bye")
    assert come_to(node).after(Digits("101"), NotReached.NO_ANSWER).at == "bye"


def test_a_seat_that_was_not_reached_at_the_last_try_tells_the_caller_which_it_was() -> None:
    node = SEATS.replace("tries: 2", "tries: 1")
    assert come_to(node).after(Digits("101"), NotReached.BUSY).end == "BUSY"


def test_a_sub_menu_leads_back() -> None:
    trip = come_to("{kind: menu, prompt: hello, keys: {1: inner, 9: x}, tries: 1}")
    assert asked(trip.after(Digits("9"))).sounds == ("own/hello",)
    assert trip.at == "x"


def test_a_menu_that_comes_back_by_its_silence_is_sound() -> None:
    assert come_to("{kind: menu, prompt: hello, keys: {1: a}, silence: x}").at == "x"


def test_a_menu_that_comes_back_by_what_failed_goes_round_for_ever() -> None:
    found = complaints("{kind: menu, prompt: hello, keys: {1: bye}, failed: x}")
    assert found == ["nodes.x: goes round for ever: its exits lead back to it"]


def test_otherwise_may_come_back_when_what_failed_goes_elsewhere() -> None:
    found = complaints("{kind: menu, prompt: hello, keys: {1: bye}, otherwise: x}")
    assert found == ["nodes.x: goes round for ever: its exits lead back to it"]
    assert come_to("{kind: menu, prompt: hello, keys: {1: a}, otherwise: x, failed: bye}").at == "x"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("prompt: hello", "nodes.x: give `keys`, `extensions` or both: there is nothing to choose"),
        (
            "prompt: hello, keys: {12: bye, 13: bye}, extensions: {13: anna, 12: anna}",
            "nodes.x: a key and an extension at once: 12, 13",
        ),
        ("keys: {1: bye}", "nodes.x.prompt: Field required"),
        ("prompt: hello, keys: {1: gone}", "nodes.x.keys.1: there is no node 'gone' (nodes: x, bye)"),
        ("prompt: hello, keys: {1: bye}, tries: 0", "nodes.x.tries: "),
        ("prompt: hello, keys: {a: bye}", "nodes.x.keys.a: "),
        ("prompt: hello, extensions: {1: Анна}", "nodes.x.extensions.1: a name is 1 to 32 of a-z"),
        ("prompt: Привет, keys: {1: bye}", "nodes.x.prompt: a sound is named by 1 to 32 of a-z"),
        ("prompt: service/nonsense, keys: {1: bye}", "nodes.x.prompt: the service does not say this, but: "),
        ("prompt: hello, keys: {1: bye}, key: 1", "nodes.x.key: Extra inputs"),
    ],
)
def test_a_menu_is_refused_with_the_place(fields: str, complaint: str) -> None:
    found = complaints(f"{{kind: menu, {fields}}}")
    assert any(line.startswith(complaint) for line in found), found


def test_what_was_said_is_no_outcome_of_a_question() -> None:
    with pytest.raises(AssertionError):
        come_to(KEYS).after(DONE)
