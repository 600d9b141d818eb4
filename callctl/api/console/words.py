"""What can be typed after `callctl`, and what was typed.

Rule 1: Asterisk joins what was typed by spaces, without its quotation marks: so no argument has a space.
Rule 2: each word has an alias in asterisk-conf/cli_aliases.conf, by which Asterisk completes it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from callctl.api.console.screen import Screen
from callctl.complaint import Complaint
from callctl.storage.tokens import Right

TYPED_MAX = 300
PAGE_MAX = 99_999


@dataclass(frozen=True, slots=True)
class Word:
    """`usage`: the word and its arguments; those in brackets may be left out."""

    usage: str
    about: str
    answer: Callable[..., Awaitable[Screen]]
    right: Right = Right.READ

    @property
    def name(self) -> str:
        return self.usage.partition(" ")[0]

    def arguments(self, typed: Sequence[str]) -> Sequence[str]:
        wanted = self.usage.split()[1:]
        least = sum(not name.startswith("[") for name in wanted)
        if not least <= len(typed) <= len(wanted):
            raise Complaint(f"type it as `callctl {self.usage}`")
        return typed


def find(words: Iterable[Word], typed: str) -> tuple[Word, Sequence[str]]:
    if len(typed) > TYPED_MAX:
        raise Complaint(f"that is too long: at most {TYPED_MAX} signs")
    name, *arguments = typed.split() or ["help"]
    for word in words:
        if word.name == name:
            return word, word.arguments(arguments)
    raise Complaint(f"there is no `callctl {name}`: `callctl help` lists what there is")


def page_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))):
        raise Complaint(f"{text!r} is no page: give a number such as 2")
    return int(text)
