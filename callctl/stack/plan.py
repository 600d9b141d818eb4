"""What `callctl up` is asked for, from options or a TOML file, and the addresses it chooses itself."""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from callctl.complaint import Complaint
from callctl.settings import Address, CallSettings, Loopback, Table
from callctl.stack import ports
from callctl.stack.whereabouts import default_state_dir

LOOPBACK = "127.0.0.1"


def _rtp_range(value: object) -> tuple[int, int]:
    if isinstance(value, list | tuple) and len(value) == 2:
        return int(value[0]), int(value[1])
    match = re.fullmatch(r"(\d{4,5})-(\d{4,5})", str(value))
    if match is None:
        raise ValueError("give it as FROM-TO")
    return int(match[1]), int(match[2])


def _even_start(ports: tuple[int, int]) -> tuple[int, int]:
    first, last = ports
    if not 1024 <= first < last <= 65535 or last - first < 9:
        raise ValueError("give at least ten ports between 1024 and 65535")
    return ports


RtpRange = Annotated[tuple[int, int], BeforeValidator(_rtp_range), AfterValidator(_even_start)]
TrunkName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]


class Plan(Table):
    """Port 0 stands for any free one."""

    state: Path = Field(default_factory=default_state_dir)
    sip: Loopback = Address(LOOPBACK, 5060)
    api: Loopback = Address(LOOPBACK, 8080)
    rtp: RtpRange | None = None
    trunks: dict[TrunkName, Loopback] = Field(default_factory=dict)
    emergency_trunk: str | None = None
    database: str | None = None
    demo: bool = True
    durable: bool = True  # false: a private database that may lose everything with the machine's power
    calls: CallSettings = CallSettings()

    def settled(self) -> "Plan":
        """With every address chosen and checked: what is taken is said before anything is started."""
        sip = self._chosen("sip", self.sip, ports.free_udp_port, ports.is_free_udp)
        api = self._chosen("api", self.api, ports.free_tcp_port, ports.is_free_tcp)
        rtp = self.rtp or ports.free_rtp_range(sip.host, os.getpid())
        state = self.state.expanduser().resolve()
        return self.model_copy(update={"sip": sip, "api": api, "rtp": rtp, "state": state})

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
