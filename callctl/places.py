"""Where the files of the project stand that are not Python."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASTERISK_CONF = ROOT / "asterisk-conf"
MIGRATIONS = ROOT / "migrations"
PROFILES = ROOT / "rating" / "profiles"
SPEECH = ROOT / "dialplan" / "speech"
SOUNDS = ROOT / "callctl" / "prompts" / "sounds"
