"""What `callctl up` is asked for, from options or a TOML file, and the addresses it chooses itself."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from callctl.complaint import Complaint
from callctl.settings import Address, CallSettings, LogSettings, Loopback, Table
from callctl.stack import ports
from callctl.stack.whereabouts import default_state_dir

LOOPBACK = "127.0.0.1"


def _rtp_range(value: object) -> tuple[int, int]:
    text = f"{value[0]}-{value[1]}" if isinstance(value, list | tuple) and len(value) == 2 else value
    match = re.fullmatch(r"([0-9]{4,5})-([0-9]{4,5})", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("give it as FROM-TO")
    return int(match[1]), int(match[2])


def _even_start(ports: tuple[int, int]) -> tuple[int, int]:
    first, last = ports
    if not 1024 <= first < last <= 65535 or last - first < 9:
        raise ValueError("give at least ten ports between 1024 and 65535")
    return ports


def _trunk_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,31}", name):
        raise ValueError("name it with letters, digits, _ and -, at most 32, a letter first")
    return name


RtpRange = Annotated[tuple[int, int], BeforeValidator(_rtp_range), AfterValidator(_even_start)]
TrunkName = Annotated[str, AfterValidator(_trunk_name)]


class Plan(Table):
    """Port 0 stands for any free one."""

    state: Path = Field(default_factory=default_state_dir)
    sip: Loopback = Address(LOOPBACK, 5060)
    api: Loopback = Address(LOOPBACK, 8080)
    rtp: RtpRange | None = None
    trunks: dict[TrunkName, Loopback] = Field(default_factory=dict)
    emergency_trunk: str | None = None
    token_file: Path | None = None  # with the token of who may everything; made when it is not there
    database: Annotated[str, Field(min_length=1)] | None = None
    demo: bool = True
    silence_s: Annotated[int, Field(ge=0, le=86_400)] = 300  # a phone that sends nothing for so long is dead
    durable: bool = True  # false: a private database that may lose everything with the machine's power
    calls: CallSettings = CallSettings()
    log: LogSettings = LogSettings()
    asterisk_may: frozenset[Literal["operate", "money"]] = frozenset()  # in its command line, besides reading

    @model_validator(mode="after")
    def _emergency_leads_somewhere(self) -> "Plan":
        if self.trunks and self.emergency_trunk not in (None, *self.trunks):
            known = ", ".join(self.trunks)
            raise ValueError(f"emergency trunk {self.emergency_trunk!r} is not among the trunks ({known})")
        return self

    def settled(self) -> "Plan":
        """With every address chosen and checked: what is taken is said before anything is started."""
        sip = self._chosen("sip", self.sip, ports.free_udp_port, ports.is_free_udp)
        api = self._chosen("api", self.api, ports.free_tcp_port, ports.is_free_tcp)
        rtp = self.rtp or ports.free_rtp_range(sip.host, os.getpid())
        state = self.state.expanduser().resolve()
        file = self.token_file and self.token_file.expanduser().resolve()
        told = {"sip": sip, "api": api, "rtp": rtp, "state": state, "token_file": file}
        return self.model_copy(update=told)

    @staticmethod
    def _chosen(name: str, wanted: Address, free: ports.FreePort, is_free: ports.IsFree) -> Address:
        if wanted.port == 0:
            return Address(wanted.host, free(wanted.host))
        if not is_free(wanted.host, wanted.port):
            raise Complaint(
                f"port {wanted.port} of {wanted.host} is in use: "
                f"choose another with --{name} {wanted.host}:PORT"
            )
        return wanted
