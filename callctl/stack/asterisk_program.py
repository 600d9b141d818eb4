"""Which Asterisk we run: the machine's own when it is fit, else a private one.

Rule 1: fit means version 20 or newer, every module of modules.conf, the ARI descriptions, and the
        prompts of the fallback in both languages; an Asterisk that lacks one would fail in mid-call.
"""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from callctl.complaint import Complaint
from callctl.stack.asterisk_packages import Report
from callctl.stack.asterisk_root import Recipe, private_root, recipe_of_environment

CONF_DIR = Path(__file__).resolve().parents[2] / "asterisk-conf"
VERSION_MIN = 20
LANGUAGES = ("ru", "en")


@dataclass(frozen=True, slots=True)
class AsteriskProgram:
    """`command` comes before Asterisk's options; `share` holds rest-api, documentation and sounds."""

    command: tuple[str, ...]
    version: str
    modules: Path
    share: Path
    sounds: Path

    def voice(self, language: str) -> Path | None:
        """Where the prompts of `language` lie: `ru` itself, or a voice such as `ru_RU_f_IvrvoiceRU`."""
        voices = [self.sounds / language, *sorted(self.sounds.glob(f"{language}_*"))]
        return next((voice for voice in voices if voice.is_dir()), None)


async def find_asterisk(report: Report, recipe: Recipe | None = None) -> AsteriskProgram:
    """The machine's own, else a private one, which is fetched when it is not there yet."""
    if own := await _installed(report):
        return own
    tree = await private_root(recipe or recipe_of_environment(), report, _program_in)
    return await _program_in(tree)


def required_modules() -> tuple[str, ...]:
    return tuple(re.findall(r"^load = (\S+)", (CONF_DIR / "modules.conf").read_text(), re.MULTILINE))


async def _installed(report: Report) -> AsteriskProgram | None:
    executable = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if executable is None:
        return None
    prefix = Path(executable).parents[1]
    modules = _first(prefix, "lib/*/asterisk/modules", "lib/asterisk/modules", "lib64/asterisk/modules")
    share = _first(prefix, "share/asterisk") or Path("/var/lib/asterisk")
    try:
        return await _proven((executable,), modules, share)
    except Complaint as unfit:
        report(f"not using {executable}: {unfit}")
        return None


async def _program_in(tree: Path) -> AsteriskProgram:
    """Started by the tree's own loader: the host's libc may be older than these libraries."""
    libc = _first(tree, "usr/lib/*/libc.so.6")
    loader = _first(tree, "usr/lib/*/ld-linux*.so.*", "usr/lib/ld-linux*.so.*")
    if libc is None or loader is None:
        raise Complaint(f"no C library in {tree}; remove that directory, it will be fetched again")
    library_path = f"{libc.parent}:{tree}/usr/lib"
    command = (str(loader), "--library-path", library_path, str(tree / "usr/sbin/asterisk"))
    modules = _first(libc.parent, "asterisk/modules")
    try:
        return await _proven(command, modules, tree / "usr/share/asterisk")
    except Complaint as unfit:
        raise Complaint(f"the Asterisk in {tree} cannot be used: {unfit}; remove that directory") from unfit


async def _proven(command: tuple[str, ...], modules: Path | None, share: Path) -> AsteriskProgram:
    """One line of complaint says the first thing that is missing."""
    process = await asyncio.create_subprocess_exec(
        *command,
        "-V",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    said = printed.decode("utf-8", "replace").strip()
    version = re.match(r"Asterisk (\d+)\S*", said)
    if version is None:
        raise Complaint(f"it does not start: {said or 'no reason given'}")
    if int(version[1]) < VERSION_MIN:
        raise Complaint(f"{version[0]} is older than {VERSION_MIN}")
    if modules is None:
        raise Complaint("its modules were not found")
    if missing := [name for name in required_modules() if not (modules / name).exists()]:
        raise Complaint(f"it lacks {', '.join(missing)}")
    if not (share / "rest-api").is_dir():
        raise Complaint(f"{share} lacks rest-api")
    program = AsteriskProgram(command, version[0].split()[1], modules, share, share / "sounds")
    for language in LANGUAGES:
        voice = program.voice(language)
        if missing := [name for name in _fallback_prompts() if not (voice and any(voice.glob(f"{name}.*")))]:
            raise Complaint(f"its {language} sounds lack {', '.join(missing)}")
    return program


def _fallback_prompts() -> list[str]:
    dialplan = (CONF_DIR / "extensions.conf").read_text()
    return [name for said in re.findall(r"Playback\(([^,)]+)", dialplan) for name in said.split("&")]


def _first(directory: Path, *patterns: str) -> Path | None:
    return next((path for pattern in patterns for path in sorted(directory.glob(pattern))), None)
