"""The shipped sounds and their list: which file was made from which words.

Rule 1: only a file that is as we made it is made anew; any other is somebody's recording and stays.
Rule 2: the list is written after each file, so that whoever stops us leaves nothing of ours that looks
    like a recording, but the one sound that was at hand.
"""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from callctl.prompts.shelf import SUFFIX

LIST: Final = "list.json"


class State(Enum):
    BUILT = "built"
    OLD = "old"  # made from other words
    MISSING = "missing"
    RECORDED = "recorded"  # not by us


class Made(NamedTuple):
    recipe: str  # digests
    file: str


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def read_list(folder: Path) -> dict[str, Made]:
    file = folder / LIST
    return (
        {sound: Made(*made) for sound, made in json.loads(file.read_text()).items()} if file.exists() else {}
    )


def state_of(folder: Path, sound: str, recipe: str, made: Mapping[str, Made]) -> State:
    file = _file(folder, sound)
    if not file.exists():
        return State.MISSING
    ours = made.get(sound)
    if ours is None or digest(file.read_bytes()) != ours.file:
        return State.RECORDED
    return State.BUILT if ours.recipe == digest(recipe.encode()) else State.OLD


class Built(NamedTuple):
    new: list[str]
    kept: list[str]  # recordings
    gone: list[str]


def build(folder: Path, recipes: Mapping[str, str], speak: Callable[[str], bytes]) -> Built:
    """`speak` makes a sound by its name."""
    made = read_list(folder)
    built = Built([], [], [])
    for sound, recipe in recipes.items():
        state = state_of(folder, sound, recipe, made)
        if state is State.RECORDED:
            built.kept.append(sound)
        elif state is not State.BUILT:
            content = speak(sound)
            _write(_file(folder, sound), content)
            made[sound] = Made(digest(recipe.encode()), digest(content))
            _write_list(folder, made)
            built.new.append(sound)
    for sound in sorted(made.keys() - recipes.keys()):
        file = _file(folder, sound)
        if file.exists() and digest(file.read_bytes()) == made[sound].file:
            file.unlink()
            built.gone.append(sound)
        del made[sound]
        _write_list(folder, made)
    return built


def _write_list(folder: Path, made: Mapping[str, Made]) -> None:
    _write(folder / LIST, (json.dumps(dict(sorted(made.items())), indent=0) + "\n").encode())


def _file(folder: Path, sound: str) -> Path:
    return folder / f"{sound}{SUFFIX}"


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(content)
    part.replace(file)
