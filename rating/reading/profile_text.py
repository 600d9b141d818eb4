"""The text of a profile.toml into its tables, with all that is wrong in it said in our own words.

Rule 1: any bytes get an answer.
Rule 2: a fault stands where its key stands, or where the table is in which the key is missing.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError

from rating.reading.csv_table import FAULTS_MAX, decode
from rating.reading.fault import Fault, show
from rating.reading.profile_words import ProfileTable
from rating.reading.toml_places import Path, TomlPlaces

PROFILE_TOML: Final = "profile.toml"
BYTES_MAX: Final = 1_000_000
# tomllib takes minutes for a key of many parts.
_DEEP: Final = re.compile(r"""(?<![\w"'-])(?>[\w"'-]++[ \t]*+\.[ \t]*+){40}""")
_AT: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END: Final = " (at end of document)"

_WANTED: Final = {
    "int_type": "a whole number is wanted",
    "string_type": "text in quotes is wanted",
    "bool_type": "true or false is wanted",
    "list_type": "a list in [ ] is wanted",
    "dict_type": "a table is wanted",
    "model_type": "a table is wanted",
    "enum": "one of {expected} is wanted",
    "literal_error": "one of {expected} is wanted",
    "greater_than_equal": "at least {ge} is wanted",
    "less_than_equal": "at most {le} is wanted",
    "string_too_long": "at most {max_length} signs are wanted",
    "string_too_short": "this may not be empty",
    "too_short": "at least one is needed",
}
_PATTERNS: Final = {
    r"^[a-z][a-z0-9_-]{0,39}$": "a plan's name has small letters, digits, - and _, a letter first",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$": "a version's name has letters, digits, dot, - and _, at most 40",
    r"^[^/\\]{1,200}\.csv$": "the name of a .csv file beside profile.toml is wanted",
    r"^[0-9]{1,15}$": "the first digits of a number are wanted, without a plus, at most 15",
}


@dataclass(frozen=True, slots=True)
class ProfileText:
    content: Mapping[str, Any]
    table: ProfileTable | None  # None: it has faults
    places: TomlPlaces
    faults: list[Fault]

    def fault(self, path: Path, what: str, *, is_error: bool = True) -> Fault:
        line, column = self.places.find(path) or (None, None)
        return Fault(PROFILE_TOML, line, column, what, is_error)


def read_text(content: bytes) -> ProfileText | Fault:
    """A fault alone when it is no TOML."""
    if len(content) > BYTES_MAX:
        return Fault(PROFILE_TOML, None, None, f"over {BYTES_MAX} bytes: prices belong into CSV files")
    text = decode(PROFILE_TOML, content)
    if isinstance(text, Fault):
        return text
    if _DEEP.search(text):
        return Fault(PROFILE_TOML, None, None, "nested too deep for a profile")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        return Fault(PROFILE_TOML, None, None, "nested too deep for a profile")
    except ValueError as error:
        return _syntax(text, str(error))
    read = ProfileText(tables, None, TomlPlaces(text), [])
    try:
        table = ProfileTable.model_validate(tables)
    except ValidationError as error:
        told = error.errors(include_url=False)
        # A value that may be of two kinds is complained of twice.
        faults = dict.fromkeys(read.fault(*_told(one)) for one in told[:FAULTS_MAX])
        if len(told) > FAULTS_MAX:
            faults[Fault(PROFILE_TOML, None, None, f"and {len(told) - FAULTS_MAX} more errors")] = None
        return ProfileText(tables, None, read.places, list(faults))
    return ProfileText(tables, table, read.places, [])


def _syntax(text: str, message: str) -> Fault:
    if match := _AT.search(message):
        return Fault(PROFILE_TOML, int(match[1]), int(match[2]), _no_toml(message[: match.start()]))
    line = text.count("\n") + 1 if message.endswith(_AT_END) else None
    return Fault(PROFILE_TOML, line, None, _no_toml(message.removesuffix(_AT_END)))


def _no_toml(reason: str) -> str:
    return f"cannot be read as TOML: {show(reason)[1:-1]}"


def _told(error: Any) -> tuple[Path, str]:
    """Where one of pydantic's errors belongs, and what to say of it."""
    kind, loc = error["type"], tuple(part for part in error["loc"] if part != "[key]")
    if kind.startswith("date"):
        path = loc[:-1] if loc[-1] in ("date", "datetime") else loc
        return path, f"a date is wanted, without quotes, such as 2026-01-31{_instead(error)}"
    if kind == "missing":
        return loc[:-1], f"`{_dotted(loc)}` is missing: add it"
    if kind == "extra_forbidden":
        return loc, f"unknown field `{show(loc[-1])[1:-1]}`: there are {', '.join(_fields_at(loc[:-1]))}"
    if kind == "profile":
        return loc, error["msg"]
    context = error.get("ctx", {})
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return loc, _PATTERNS[context["pattern"]] + _instead(error)
    words = _WANTED.get(kind)
    return loc, f"{_field(loc)}: {words.format(**context) if words else error['msg']}{_instead(error)}"


def _instead(error: Any) -> str:
    found = error["input"]
    if isinstance(found, list | dict):
        return ""
    return f", not {str(found).lower() if isinstance(found, bool) else show(found)}"


def _field(path: Path) -> str:
    """Its name, not the place in a list that is its value."""
    return next((_dotted((part,)) for part in reversed(path) if isinstance(part, str)), "profile")


def _dotted(path: Path) -> str:
    return show(".".join(str(part) for part in path))[1:-1]


def _fields_at(path: Path) -> list[str]:
    """The names that a table may have."""
    model: type[BaseModel] = ProfileTable
    depth = 0  # dictionaries and lists that lead to the model
    for part in path:
        if depth:
            depth -= 1
            continue
        field = next((one for name, one in model.model_fields.items() if part in (name, one.alias)), None)
        found = next(_models(field.annotation, 0), None) if field else None
        if found is None:
            return []
        model, depth = found
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any, depth: int) -> Iterator[tuple[type[BaseModel], int]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, depth
    inner = depth + (get_origin(annotation) in (list, dict))
    for part in get_args(annotation):
        yield from _models(part, inner)
