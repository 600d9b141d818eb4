"""How a scheme names what is said.

Rule 1: a prompt is one sound or several, said one after the other: the subscriber's own by their names, or
    what the service says, `service/refused/closed`.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from dialplan.several import ONE_OR_SEVERAL
from dialplan.speech.phrases import Phrase
from dialplan.speech.say import say
from dialplan.steps import Sounds
from dialplan.targets import is_word

SOUNDS_MAX = 10
SERVICE = "service/"

_PHRASES = {SERVICE + phrase: phrase for phrase in Phrase}


def _sound_name(text: str) -> str:
    if text.startswith(SERVICE) and text not in _PHRASES:
        raise ValueError(f"the service does not say this, but: {', '.join(_PHRASES)}")
    if not text.startswith(SERVICE) and not is_word(text):
        raise ValueError(
            "a sound is named by 1 to 32 of a-z, 0-9, - and _; the service's begin with service/"
        )
    return text


SoundName = Annotated[str, AfterValidator(_sound_name)]
Prompt = Annotated[tuple[SoundName, ...], Field(min_length=1, max_length=SOUNDS_MAX), ONE_OR_SEVERAL]


def said(prompt: Prompt, language: str) -> Sounds:
    return tuple(sound for name in prompt for sound in _said(name, language))


def said_or(prompt: Prompt | None, phrase: Phrase, language: str) -> Sounds:
    return say(phrase, language) if prompt is None else said(prompt, language)


def own_sounds(field: str, prompt: Prompt | None) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The subscriber's own of a node's field, each with its place."""
    return (((field, index), name) for index, name in enumerate(prompt or ()) if name not in _PHRASES)


def _said(name: str, language: str) -> Sounds:
    return say(_PHRASES[name], language) if name in _PHRASES else (f"own/{name}",)
