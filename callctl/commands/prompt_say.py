"""`callctl prompts say`: what a caller would hear, as words, as names of sounds, or as a file."""

import os
from argparse import ArgumentTypeError, Namespace
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from callctl.commands.arguments import change_argument, phone_argument, roubles_argument
from callctl.commands.prompt_files import write_bytes
from callctl.commands.prompt_set import add_own_option
from callctl.commands.show import print_json
from callctl.complaint import Complaint
from callctl.explain.bill import language_of
from callctl.places import SOUNDS
from callctl.prompts.shelf import Shelf, samples_of
from callctl.prompts.texts import texts
from callctl.prompts.wav import Unreadable, write_wav
from dialplan.speech.phrases import Phrase
from dialplan.speech.say import (
    LANGUAGES,
    NUMBER_MAX,
    say,
    say_balance,
    say_call_back_to,
    say_number,
    say_position,
    say_talk_time,
    say_wait,
)
from dialplan.speech.texts import text_of

Sayer = Callable[[str, str], tuple[str, ...]]  # value and language into sounds

WAIT_S_MAX: Final = 86_400


def add_say(words: Any) -> None:
    said = words.add_parser(
        "say",
        help="what a caller would hear; needs no service",
        description="WHAT is one of: " + ", ".join(f"{what} ({of})" for what, (of, _) in SAYERS.items()),
    )
    said.add_argument("what", metavar="WHAT", choices=SAYERS, help="such as balance")
    said.add_argument("value", metavar="VALUE", help="such as 123.45")
    said.add_argument("--lang", choices=LANGUAGES, default=language_of(os.environ), help="the language")
    add_own_option(said)
    said.add_argument("--out", metavar="FILE", type=Path, help="write it there as WAV, to listen to")
    said.add_argument("--json", action="store_true", help="print JSON")
    said.set_defaults(run=_say)


def _say(options: Namespace) -> None:
    try:
        sounds = SAYERS[options.what][1](options.value, options.lang)
    except ArgumentTypeError as error:
        raise Complaint(str(error)) from None
    text = text_of(sounds, texts())
    if options.out:
        write_bytes(options.out, _joined(sounds, Shelf(*([options.own] if options.own else []), SOUNDS)))
    if options.json:
        print_json({"text": text, "sounds": sounds})
    else:
        print(text, *sounds, sep="\n")


def _joined(sounds: tuple[str, ...], shelf: Shelf) -> bytes:
    joined = array("h")
    for sound in sounds:
        file = shelf.file(sound)
        if file is None:
            raise Complaint(f"there is no sound {sound}: `callctl prompts build` makes it")
        try:
            joined += samples_of(file)
        except Unreadable as fault:
            raise Complaint(f"{file}: {fault}") from None
    return write_wav(joined)


def _balance(text: str, language: str) -> tuple[str, ...]:
    return say_balance(change_argument(text) if text.startswith("-") else roubles_argument(text), language)


def _phrase(text: str, language: str) -> tuple[str, ...]:
    if text not in list(Phrase):
        raise ArgumentTypeError(f"there is no phrase {text!r}: `callctl prompts list` names them all")
    return say(Phrase(text), language)


def _whole(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise ArgumentTypeError(f"{text!r}: give a whole number, {least} to {most}")
    return int(text)


SAYERS: Final[dict[str, tuple[str, Sayer]]] = {
    "number": ("whole", lambda text, language: say_number(_whole(text, 0, NUMBER_MAX), language)),
    "balance": ("roubles", _balance),
    "talk-time": ("minutes", lambda text, language: say_talk_time(_whole(text, 0, NUMBER_MAX), language)),
    "position": ("in a queue", lambda text, language: say_position(_whole(text, 1, NUMBER_MAX), language)),
    "wait": ("seconds", lambda text, language: say_wait(_whole(text, 0, WAIT_S_MAX) * 1000, language)),
    "call-back": (
        "telephone number",
        lambda text, language: say_call_back_to(phone_argument(text), language),
    ),
    "phrase": ("its name", _phrase),
}
