"""What the service is told: read once, checked whole, passed on as values.

Rule 1: a file with a fault gets all its complaints, and nothing starts.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from callctl.calls.terms import REFUSAL_CAUSES, CallTerms
from callctl.complaint import Complaint
from rating.refusal import Refusal

SECRET_MIN = 32

_ADDRESS = re.compile(r"([^\s:/]+):([0-9]{1,5})")


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_address(value: object) -> Address:
    """`HOST:PORT`, or the pair that we write ourselves."""
    text = f"{value[0]}:{value[1]}" if isinstance(value, list | tuple) and len(value) == 2 else value
    match = _ADDRESS.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[2]) > 65535:
        raise ValueError("give it as HOST:PORT")
    return Address(match[1], int(match[2]))


def is_loopback(address: Address) -> bool:
    try:
        return IPv4Address(address.host).is_loopback
    except AddressValueError:
        return False


def _on_loopback(address: Address) -> Address:
    if not is_loopback(address):
        raise ValueError("only a loopback address (127.…): there is no password and no TLS here")
    return address


def _that_ends(media: str) -> str:
    if media.startswith("tone:"):
        raise ValueError("a tone of Asterisk never ends by itself: name a sound, such as `warning`")
    return media


Anywhere = Annotated[Address, BeforeValidator(read_address)]
Loopback = Annotated[Address, BeforeValidator(read_address), AfterValidator(_on_loopback)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RefusalSettings(Table):
    """What a refused caller gets: a Q.850 cause, and before it a prompt such as `sound:ss-noservice`."""

    cause: Annotated[int, Field(ge=1, le=127)] | None = None
    prompt: Annotated[str, AfterValidator(_that_ends)] | None = None


class CallSettings(Table):
    second_cut_s: Annotated[float, Field(ge=2, le=600)] = 20
    warning_s: Annotated[float, Field(ge=0, le=600)] = 10
    warning_media: Annotated[str, AfterValidator(_that_ends)] = "warning"
    refusals: dict[Refusal, RefusalSettings] = {}

    def terms(self, trunks: tuple[str, ...], emergency_trunk: str) -> CallTerms:
        told = self.refusals
        return CallTerms(
            trunks=trunks,
            emergency_trunk=emergency_trunk,
            second_cut_ms=round(self.second_cut_s * 1000),
            warning_ms=round(self.warning_s * 1000),
            warning_media=self.warning_media,
            refusal_causes={**REFUSAL_CAUSES, **{why: on.cause for why, on in told.items() if on.cause}},
            refusal_prompts={why: on.prompt for why, on in told.items() if on.prompt},
        )


class AriSettings(Table):
    url: str
    user: str
    password: str


class AmiSettings(Table):
    address: Anywhere
    user: str
    password: str


class AccessSettings(Table):
    """Who may ask the API. Without a token in the file nor in the database: everybody on loopback."""

    token_file: Path | None = None  # with one token that may everything
    requests_per_s: Annotated[float, Field(ge=0, le=10_000)] = 100  # of each token; 0: no limit
    asterisk_token: Annotated[str, Field(min_length=SECRET_MIN)] | None = None  # may read: Asterisk's CLI
    asterisk_may: frozenset[Literal["operate", "money"]] = frozenset()  # besides: end calls, take payments
    certificate: Path | None = None  # PEM, with the chain behind it
    key: Path | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "AccessSettings":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give certificate and key, or neither")
        return self


class LogSettings(Table):
    """What the service writes to stderr, and how."""

    form: Literal["logfmt", "json"] = "logfmt"
    level: Literal["debug", "info", "warning", "error"] = "info"
    numbers: Literal["whole", "masked"] = "whole"  # telephone numbers, in lines and in stories


class ServiceSettings(Table):
    api: Anywhere
    access: AccessSettings = AccessSettings()
    agi: Loopback
    ari: AriSettings
    ami: AmiSettings
    database: str
    sounds: Path  # a folder for the subscribers' own, which Asterisk can read
    recordings: Path | None = None  # where Asterisk records; without it none can be fetched or removed
    witness: str | None = None  # Asterisk's CEL as JSON lines
    trunks: Annotated[list[str], Field(min_length=1)]
    emergency_trunk: str | None = None  # the first trunk unless said otherwise
    calls: CallSettings = CallSettings()
    record_grace_s: Annotated[float, Field(ge=0.1, le=30)] = 2  # how long a call waits for the database
    records_waiting_max: Annotated[int, Field(ge=10, le=10_000_000)] = 100_000  # while the database is away
    list_every_s: Annotated[float, Field(ge=1, le=600)] = 15  # how often Asterisk is asked what lives
    calls_at_end: Literal["release", "keep"] = "release"  # when the service ends; kept, for the next one
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _hidden_from_the_wire(self) -> "ServiceSettings":
        if not self.access.certificate and not is_loopback(self.api):
            raise ValueError(
                f"api: {self.api} is no loopback address: tokens would go over the wire for all to read; "
                "give access.certificate and access.key"
            )
        return self

    @property
    def all_trunks(self) -> set[str]:
        return {*self.trunks, *((self.emergency_trunk,) if self.emergency_trunk else ())}

    @property
    def terms(self) -> CallTerms:
        return self.calls.terms(tuple(self.trunks), self.emergency_trunk or self.trunks[0])


Settings = TypeVar("Settings", bound=Table)


def read_settings(kind: type[Settings], path: Path) -> Settings:
    return check_settings(kind, read_content(path), str(path))


def read_content(path: Path) -> object:
    """Of a TOML file, or of a JSON file when the name ends so."""
    try:
        text = path.read_text("utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}: name a settings file that can be read") from error
    except UnicodeDecodeError as error:
        raise Complaint(f"{path}: not UTF-8 text (byte {error.start}): save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Complaint(f"{path}: {error}") from error


def check_settings(kind: type[Settings], content: object, source: str) -> Settings:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise Complaint(f"{source}: {'; '.join(faults_of(error))}") from error


def faults_of(error: ValidationError) -> list[str]:
    """All that is wrong, each with its place."""
    return [fault_of(fault["loc"], fault["msg"]) for fault in error.errors()]


def fault_of(place: Sequence[int | str], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {message}" if place else message
