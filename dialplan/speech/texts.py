"""What each sound says: a language's TOML text into words by name, and a row of names into a sentence.

Rule 1: every sound has its words and every text its sound; a name that is not there is a defect of ours.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping


def read_texts(language: str, toml: str) -> dict[str, str]:
    """`{"ru/digits/1": "один", …}`; the tables of the file are the folders of the names."""
    return dict(_flat(language, tomllib.loads(toml)))


def text_of(sounds: Iterable[str], texts: Mapping[str, str]) -> str:
    return " ".join(texts[sound] for sound in sounds)


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}/{key}", inner)
    elif isinstance(value, str) and value.strip():
        yield name, value
    else:
        raise ValueError(f"{name}: {value!r} is no text: write what is to be said, in quotes")
