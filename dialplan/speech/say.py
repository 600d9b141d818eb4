"""What the service says, as the names of the sounds to be played one after the other.

Rule 1: a name begins with its language, `ru/queue/next`; what it says stands in the language's TOML file.
Rule 2: numbers stand where their form is that of counting (Ваш номер в очереди: пять), so that one set of
    words is enough; waiting times, which Russian bends (около пяти минут), are whole sounds.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from dialplan.speech import english, russian
from dialplan.speech.phrases import Offer, Phrase
from dialplan.speech.russian import Gender

LANGUAGES: Final = ("ru", "en")
NUMBER_MAX: Final = 10**12 - 1
KEYS: Final = {"*": "keys/star", "#": "keys/hash"} | {digit: f"digits/{digit}" for digit in "0123456789"}

_MINUTE_MS: Final = 60_000
# A longer time is known less well. After the last one there is only "more than an hour".
WAITS_MIN: Final = (*range(1, 10), *range(10, 61, 5))


def say(phrase: Phrase, language: str) -> tuple[str, ...]:
    return _in(language, [phrase])


def say_offer(offer: Offer, key: str, language: str) -> tuple[str, ...]:
    """`To be called back, press` `two`."""
    return _in(language, [offer, KEYS[key]])


def say_number(number: int, language: str, gender: Gender = Gender.MASCULINE) -> tuple[str, ...]:
    return _in(language, _signed(number, _number(abs(number), language, gender)))


def say_digits(text: str, language: str) -> tuple[str, ...]:
    """A telephone number, digit by digit."""
    return _in(language, [KEYS[digit] for digit in text])


def say_money(kopecks: int, language: str) -> tuple[str, ...]:
    """Kopecks are not said when there are none, nor roubles when there are only kopecks."""
    roubles, rest = divmod(abs(kopecks), 100)
    words = _counted(roubles, "roubles", language) if roubles or not rest else []
    if rest:
        words += _counted(rest, "kopecks", language)
    return _in(language, _signed(kopecks, words))


def say_balance(kopecks: int, language: str) -> tuple[str, ...]:
    return (*_in(language, ["money/balance"]), *say_money(kopecks, language))


def say_talk_time(minutes: int, language: str) -> tuple[str, ...]:
    """How long the money lasts."""
    return _in(language, ["money/talk-time", *_counted(minutes, "minutes", language)])


def say_position(place: int, language: str) -> tuple[str, ...]:
    """In a queue, from 1 on."""
    if place == 1:
        return say(Phrase.QUEUE_NEXT, language)
    words = ["queue/you-are-number", *_number(place, language, Gender.MASCULINE)]
    return _in(language, [*words, "queue/in-the-queue"] if language == "en" else words)


def say_wait(wait_ms: int, language: str) -> tuple[str, ...]:
    return _in(language, ["queue/wait", f"wait/{_wait(wait_ms)}"])


def say_call_back_to(number: str, language: str) -> tuple[str, ...]:
    return (*_in(language, ["call-back/to-number"]), *say_digits(number, language))


def _wait(wait_ms: int) -> str:
    if wait_ms < _MINUTE_MS:
        return "under-1"
    minutes = wait_ms / _MINUTE_MS
    above = bisect_left(WAITS_MIN, minutes)
    if above == len(WAITS_MIN):
        return f"over-{WAITS_MIN[-1]}"
    near = WAITS_MIN[max(above - 1, 0) : above + 1]
    return str(min(reversed(near), key=lambda step: abs(step - minutes)))


def _number(value: int, language: str, gender: Gender) -> list[str]:
    assert 0 <= value <= NUMBER_MAX, value
    return russian.number(value, gender) if language == "ru" else english.number(value)


def _counted(value: int, noun: str, language: str) -> list[str]:
    assert 0 <= value <= NUMBER_MAX, value
    return russian.counted(value, noun) if language == "ru" else english.counted(value, noun)


def _signed(value: int, words: list[str]) -> list[str]:
    return ["minus", *words] if value < 0 else words


def _in(language: str, words: Iterable[str]) -> tuple[str, ...]:
    assert language in LANGUAGES, language
    return tuple(f"{language}/{word}" for word in words)
