"""What one Asterisk is told: the files of asterisk-conf/ with this run's addresses and secrets.

Rule 1: everything is written below the run directory, readable by this account only.
Rule 2: no value may begin a new line or section in a file of Asterisk's: checked before a word is written.
"""

import hashlib
import os
import re
import resource
import stat
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from callctl.complaint import Complaint
from callctl.stack.asterisk_program import CONF_DIR, AsteriskProgram
from callctl.stack.music import provide_music

Address = tuple[str, int]

# A Unix socket's path ends at byte 107 (unix(7): sun_path).
SOCKET_PATH_MAX = 107
FILES_WANTED = 60_000
TRUNK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,79}")
LANGUAGE = re.compile(r"[a-z]{2}")
# Asterisk makes directories for recordings below spool/recording, and not that one.
OWN_DIRECTORIES = (
    *("etc", "var", "data", "data/agi-bin", "data/sounds", "data/music", "data/music/default"),
    *("spool", "spool/recording", "log", "log/cel-custom"),
)
# What Asterisk's parser reads as a comment, an escape, a template or a new line.
# A comma would end the name of a sound.
UNSAFE_IN_PATH = re.compile(r"[;,\\\x00-\x1f<>\[\]]")
# What Asterisk's command line prints when the service says nothing.
NO_SERVICE = "the callctl service at {api} does not answer: start it, or ask `callctl doctor` in a shell"


@dataclass(frozen=True, slots=True)
class AsteriskSettings:
    """`take_over_s`: how long the service may take to make a new call its own. `silence_s`: how long a phone
    may send nothing at all; 0 for ever."""

    run_dir: Path
    sip: Address
    rtp: tuple[int, int]
    trunks: Mapping[str, Address]
    emergency_trunk: str
    http_port: int
    ami_port: int
    agi: Address
    api: Address
    ari_user: str
    ari_secret: str = field(repr=False)
    ami_user: str
    ami_secret: str = field(repr=False)
    api_secret: str = field(repr=False, default="")
    language: str = "ru"
    take_over_s: float = 2.0
    silence_s: int = 300

    @property
    def conf(self) -> Path:
        return self.run_dir / "etc" / "asterisk.conf"

    @property
    def log(self) -> Path:
        """Asterisk's own messages and what it prints while it starts."""
        return self.run_dir / "log" / "messages.log"

    @property
    def witness(self) -> Path:
        """The event log (CEL): one JSON line per happening on a leg."""
        return self.run_dir / "log" / "cel-custom" / "cel.jsonl"

    @property
    def music(self) -> Path:
        """What waiting callers hear."""
        return self.run_dir / "data" / "music" / "default"

    @property
    def recordings(self) -> Path:
        """Of messages and talks, each below the name that it was ordered under."""
        return self.run_dir / "spool" / "recording"

    @property
    def away(self) -> Path:
        """Asked by Asterisk's command line after the service, as that would be."""
        return self.run_dir / "etc" / "callctl-away"

    @property
    def ctl_dir(self) -> Path:
        """Where the command line's socket lies: in the run directory, unless its path is too long."""
        wanted = self.run_dir / "ctl"
        if len(os.fsencode(wanted / "asterisk.ctl")) <= SOCKET_PATH_MAX:
            return wanted
        # The same name for the same run directory: what a killed run left is used again, not added to.
        name = hashlib.sha256(os.fsencode(self.run_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"callctl-{os.geteuid()}-{name}"


def render(program: AsteriskProgram, settings: AsteriskSettings) -> None:
    """Write etc/ anew and link the data that Asterisk reads."""
    check(settings)
    voice = program.voice(settings.language)
    if voice is None:
        raise Complaint(f"no sounds for language {settings.language} in {program.sounds}; choose ru or en")
    run = settings.run_dir
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in OWN_DIRECTORIES:
        _own_directory(run / name)
    provide_music(settings.music)
    _own_directory(settings.ctl_dir)
    for name in ("rest-api", "documentation"):
        _link(run / "data" / name, program.share / name)
    for language in {settings.language, "en"}:
        if found := program.voice(language):
            _link(run / "data" / "sounds" / language, found)
    words = _words(program, settings, voice)
    for template in sorted(CONF_DIR.glob("*.conf")):
        text = re.sub(r"@([A-Z_]+)@", lambda found: words[found[1]], template.read_text("utf-8"))
        _write(run / "etc" / template.name, text)
    _own_directory(settings.away)
    _write(settings.away / "single", f"error={NO_SERVICE.format(api=_at(settings.api))}")


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "utf-8")


def _words(program: AsteriskProgram, settings: AsteriskSettings, voice: Path) -> dict[str, str]:
    return {
        "RUN": str(settings.run_dir),
        "CTL": str(settings.ctl_dir),
        "MODULES": str(program.modules),
        "MUSIC": str(settings.music),
        "LANGUAGE": settings.language,
        "FILES_MAX": str(_files_max()),
        "SIP": _at(settings.sip),
        "TRUNKS": "\n\n".join(_trunk_sections(settings.trunks)),
        "EMERGENCY_TRUNK": settings.emergency_trunk,
        "RTP_FIRST": str(settings.rtp[0]),
        "RTP_LAST": str(settings.rtp[1]),
        "HTTP_PORT": str(settings.http_port),
        "AMI_PORT": str(settings.ami_port),
        "AGI": _at(settings.agi),
        "API": _at(settings.api),
        "API_SECRET": settings.api_secret,
        "AWAY": f"file://{quote(str(settings.away))}",
        "ARI_USER": settings.ari_user,
        "ARI_SECRET": settings.ari_secret,
        "AMI_USER": settings.ami_user,
        "AMI_SECRET": settings.ami_secret,
        "TAKE_OVER_S": f"{settings.take_over_s:g}",
        "RTP_TIMEOUT_S": str(settings.silence_s),
    }


def _trunk_sections(trunks: Mapping[str, Address]) -> Iterator[str]:
    for name, (host, port) in sorted(trunks.items()):
        yield f"[{name}](callctl-line)\naors = {name}\n\n[{name}]\ntype = aor\ncontact = sip:{host}:{port}"
        # Calls from this machine are told apart by nothing; they all come by callctl-loopback.
        if not _is_loopback(host):
            yield f"[{name}]\ntype = identify\nendpoint = {name}\nmatch = {host}"


def check(settings: AsteriskSettings) -> None:
    """Complain of the first value that Asterisk could not be told."""
    if not settings.run_dir.is_absolute() or UNSAFE_IN_PATH.search(str(settings.run_dir)):
        raise Complaint(
            f"Asterisk cannot run in {settings.run_dir}: give an absolute path without ; , \\ < > [ ]"
        )
    if len(os.fsencode(settings.ctl_dir / "asterisk.ctl")) > SOCKET_PATH_MAX:
        raise Complaint(f"{settings.ctl_dir} is too long for a socket; set TMPDIR to a shorter directory")
    for name, (host, port) in settings.trunks.items():
        if not TRUNK_NAME.fullmatch(name) or name.startswith("callctl-") or name in ("system", "global"):
            raise Complaint(
                f"trunk {name!r}: letters, digits, _ and - make a name, and not one of ours; choose another"
            )
        _check_address(f"trunk {name}", host, port)
    for what, (host, port) in {"sip": settings.sip, "agi": settings.agi, "api": settings.api}.items():
        _check_address(what, host, port)
    if settings.emergency_trunk not in settings.trunks:
        raise Complaint(
            f"emergency trunk {settings.emergency_trunk!r} is not among the trunks"
            f" ({', '.join(sorted(settings.trunks)) or 'none'}); name one that is"
        )
    first, last = settings.rtp
    if not 1024 <= first < last <= 65535:
        raise Complaint(f"RTP range {first}-{last}: give two ports between 1024 and 65535, the lower first")
    if not LANGUAGE.fullmatch(settings.language):
        raise Complaint(f"language {settings.language!r}: give two letters, such as ru")
    for secret in (settings.ari_user, settings.ari_secret, settings.ami_user, settings.ami_secret):
        if not SECRET.fullmatch(secret):
            raise Complaint("users and secrets of ARI and AMI are letters, digits, _ and -; choose others")


def _check_address(what: str, host: str, port: int) -> None:
    if not HOST.fullmatch(host) or not 0 < port < 65536:
        raise Complaint(
            f"{what}: {f'{host}:{port}'!r} is not an address; give HOST:PORT, such as 127.0.0.1:5060"
        )


def _own_directory(path: Path) -> None:
    """Ours alone. One that somebody else put in our place, as anybody may in /tmp, is refused."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Complaint(f"{path} is not a directory of this account; remove it")
    path.chmod(0o700)


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _files_max() -> int:
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FILES_WANTED if allowed == resource.RLIM_INFINITY else min(FILES_WANTED, allowed)


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.")


def _at(address: Address) -> str:
    host, port = address
    return f"{host}:{port}"
