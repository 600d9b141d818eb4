"""What is said, as tables for people who know the language."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from callctl.prompts.texts import texts
from dialplan.speech.phrases import Offer
from dialplan.speech.say import (
    say_balance,
    say_call_back_to,
    say_number,
    say_offer,
    say_position,
    say_talk_time,
    say_wait,
)
from dialplan.speech.texts import text_of

TABLES = Path(__file__).parent / "tables"
SAYERS: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "number": lambda value, language: say_number(int(value), language),
    "balance": lambda value, language: say_balance(int(value.replace(".", "")), language),
    "talk": lambda value, language: say_talk_time(int(value), language),
    "place": lambda value, language: say_position(int(value), language),
    "wait": lambda value, language: say_wait(int(value) * 1000, language),
    "key": lambda value, language: say_offer(Offer.CALL_BACK, value, language),
    "call-back": say_call_back_to,
}
RUSSIAN = ("число", "баланс", "разговор", "место", "ожидание", "клавиша", "перезвонить")
WHAT = {word: word for word in SAYERS} | dict(zip(RUSSIAN, SAYERS, strict=True))


def rows() -> list[object]:
    """A parameter for each row, named by its table and line."""
    return [
        pytest.param(table.stem, *re.split(r"\s*\|\s*", line), id=f"{table.stem}:{number}")
        for table in sorted(TABLES.glob("*.txt"))
        for number, line in enumerate(table.read_text("utf-8").splitlines(), 1)
        if line and not line.startswith("# ")
    ]


@pytest.mark.parametrize(("language", "said", "heard"), rows())
def test_it_is_heard_as_the_table_has_it(language: str, said: str, heard: str) -> None:
    what, value = said.split()
    assert text_of(SAYERS[WHAT[what]](value, language), texts()) == heard
