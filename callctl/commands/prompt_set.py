"""`callctl prompts list` and `build`: the sounds that the service has."""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from callctl.commands.show import print_json, print_table
from callctl.commands.tariff_folders import waiting
from callctl.places import SOUNDS
from callctl.prompts.shelf import Shelf, samples_of
from callctl.prompts.sound_set import build, read_list, state_of
from callctl.prompts.texts import texts
from callctl.prompts.tones import TONES
from callctl.prompts.tones import sound as sound_of
from callctl.prompts.voice import recipe, speak
from callctl.prompts.wav import Unreadable

COLUMNS = {"sound": "sound", "state": "state", "text": "text"}
OWN, UNKNOWN = "own", "own: replaces nothing, see its name"


def add_list(words: Any) -> None:
    listed = words.add_parser(
        "list",
        help="every sound, its words and whose it is",
        description="States: built (by callctl), recorded (put in its place by somebody), old (its words "
        "have changed), missing, own (stands in --own).",
    )
    add_own_option(listed)
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=_list)


def add_own_option(parser: Any) -> None:
    parser.add_argument("--own", metavar="DIR", type=_folder, help="recordings that replace shipped sounds")


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise ArgumentTypeError(f"{text!r} is no folder: name the one with the recordings")
    return Path(text)


def add_build(words: Any) -> None:
    built = words.add_parser(
        "build",
        help="make the sounds that are missing or old, with espeak-ng",
        description="A recording that stands in the place of a sound is never touched.",
    )
    built.add_argument("--dir", metavar="DIR", type=Path, default=SOUNDS, help="where they stand (shipped)")
    built.set_defaults(run=_build)


def recipes() -> dict[str, str]:
    spoken = {sound: recipe(_language(sound), words) for sound, words in texts().items()}
    return spoken | {sound: str(tone) for sound, tone in TONES.items()}


def _list(options: Namespace) -> None:
    made, own = read_list(SOUNDS), Shelf(*([options.own] if options.own else []))
    rows = []
    for sound, made_from in recipes().items():
        file = own.file(sound)
        state = _own_state(file) if file else state_of(SOUNDS, sound, made_from, made).value
        rows.append({"sound": sound, "state": state, "text": texts().get(sound, made_from)})
    rows += [{"sound": sound, "state": UNKNOWN, "text": ""} for sound in own if sound not in recipes()]
    if options.json:
        print_json(rows)
    else:
        print_table("", COLUMNS, rows)


def _own_state(file: Path) -> str:
    try:
        samples_of(file)
    except Unreadable as fault:
        return f"own: {fault}"
    return OWN


def _build(options: Namespace) -> None:
    with waiting("making sounds"):
        built = build(options.dir, recipes(), _made)
    for sound in built.kept:
        print(f"kept: {sound}, a recording")
    print(f"{len(built.new)} made, {len(built.gone)} removed, {len(built.kept)} recordings kept")


def _made(sound: str) -> bytes:
    tone = TONES.get(sound)
    return sound_of(tone) if tone else speak(_language(sound), texts()[sound])


def _language(sound: str) -> str:
    return sound.partition("/")[0]
