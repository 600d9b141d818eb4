"""`callctl prompts check` and `convert`: somebody's own sounds; need no service."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callctl.commands.show import print_json
from callctl.commands.tariff_folders import progress
from callctl.complaint import Complaint, one_line
from callctl.prompts.companding import to_alaw
from callctl.prompts.shelf import SUFFIX, WAV
from callctl.prompts.sound_check import BYTES_MAX, Sound, check_sound


def add_check(words: Any) -> None:
    check = words.add_parser(
        "check",
        help="whether files can be played to callers",
        description="Prints what each file is, or all that is wrong with it. Exit code 2 if one is refused.",
    )
    check.add_argument("files", metavar="FILE", type=Path, nargs="+", help="WAV")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=_check)


def add_convert(words: Any) -> None:
    convert = words.add_parser(
        "convert",
        help="a file into one that Asterisk plays: 8 kHz, mono, as loud as the others",
        description="The suffix of OUT says which kind it becomes: .wav (16 bit) or .alaw.",
    )
    convert.add_argument("source", metavar="IN", type=Path, help="WAV")
    convert.add_argument("target", metavar="OUT", type=Path, help="is replaced if it is there")
    convert.set_defaults(run=_convert)


def _check(options: Namespace) -> None:
    found = {file: check_file(file) for file in options.files}
    refused = [str(file) for file, sound in found.items() if not isinstance(sound, Sound)]
    if options.json:
        print_json([_show(file, sound) for file, sound in found.items()])
    else:
        for file, sound in found.items():
            _print(file, sound)
    if refused:
        raise Complaint(f"refused: {', '.join(refused)}")


def _convert(options: Namespace) -> None:
    if options.target.suffix not in (WAV, SUFFIX):
        raise Complaint(f"{options.target}: name it with {WAV} or {SUFFIX} at the end")
    sound = check_file(options.source)
    if not isinstance(sound, Sound):
        raise Complaint(*(f"{options.source}: {fault}" for fault in sound))
    write_bytes(options.target, sound.wav if options.target.suffix == WAV else to_alaw(sound.samples))
    _print(options.target, sound)


def check_file(file: Path) -> Sound | list[str]:
    data = read_bytes(file, BYTES_MAX + 1)
    with progress() as told:
        return check_sound(data, lambda done, total: told(str(file), done, total))


def read_bytes(file: Path, most: int = -1) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise Complaint(f"{file}: {error.strerror}: name a file that can be read") from error


def write_bytes(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Complaint(f"{file}: {error.strerror}: name a file that can be written") from error


def _print(file: Path, found: Sound | Sequence[str]) -> None:
    if isinstance(found, Sound):
        channels = "mono" if found.channels == 1 else "stereo"
        about = (
            f"{found.seconds:.1f} s, {found.rate} Hz, {channels}, {found.encoding}, {found.level_db:.0f} dB"
        )
        print(one_line("; ".join([f"{file}: good, {about}", *found.notes])))
    else:
        print(*(one_line(f"{file}: {fault}") for fault in found), sep="\n")


def _show(file: Path, found: Sound | Sequence[str]) -> dict[str, Any]:
    if not isinstance(found, Sound):
        return {"file": str(file), "ok": False, "faults": found}
    told = {field: value for field, value in asdict(found).items() if field != "samples"}
    return {"file": str(file), "ok": True, "faults": []} | told
