"""The words of the sounds: all that can be said has some, and none is there for nothing."""

import pytest

from callctl.prompts.texts import texts
from dialplan.speech.phrases import Offer, Phrase
from dialplan.speech.russian import Gender
from dialplan.speech.say import (
    KEYS,
    LANGUAGES,
    say,
    say_balance,
    say_call_back_to,
    say_money,
    say_number,
    say_offer,
    say_position,
    say_talk_time,
    say_wait,
)
from dialplan.speech.texts import read_texts

COUNTED = [*range(1000), *(n * 10**zeros for n in (1, 2, 5) for zeros in (3, 6, 9))]


def sayable(language: str) -> set[str]:
    said = [say(phrase, language) for phrase in Phrase]
    said += [say_offer(offer, key, language) for offer in Offer for key in KEYS]
    said += [say_number(n, language, gender) for n in COUNTED for gender in Gender]
    said += [say_money(-n, language) for n in range(1, 1000)]
    said += [say_talk_time(n, language) for n in range(10)]
    said += [say_wait(minutes * 60_000, language) for minutes in range(100)]
    said += [say_balance(0, language), say_position(2, language), say_call_back_to("7", language)]
    return {sound for sounds in said for sound in sounds}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_said_is_what_has_words(language: str) -> None:
    assert sayable(language) == {sound for sound in texts() if sound.startswith(f"{language}/")}


@pytest.mark.parametrize("toml", ["a = 1", "[a]\nb = ['x']", "a = ' '"])
def test_what_is_no_text_is_refused_with_its_name(toml: str) -> None:
    with pytest.raises(ValueError, match="ru/a"):
        read_texts("ru", toml)
