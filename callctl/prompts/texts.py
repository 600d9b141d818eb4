"""The words of every sound, out of the files beside `dialplan/speech`."""

from collections.abc import Mapping
from functools import cache

from callctl.places import SPEECH
from dialplan.speech.say import LANGUAGES
from dialplan.speech.texts import read_texts


@cache
def texts() -> Mapping[str, str]:
    """By name, `ru/digits/1`."""
    return {
        sound: words
        for language in LANGUAGES
        for sound, words in read_texts(language, (SPEECH / f"{language}.toml").read_text("utf-8")).items()
    }
