"""An Asterisk of a test's own, and what tests ask of it."""

import asyncio
import dataclasses
import json
import random
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from callctl.asterisk.wire import Frame
from callctl.stack.asterisk import AsteriskChild, AsteriskSettings, cli_command, start_asterisk
from callctl.stack.asterisk_program import AsteriskProgram

PATIENCE_S = 20.0
PORTS_EACH = 64
# Below those that the kernel gives away, and that media and stacks of the end-to-end tests use.
PORTS = range(10_000, 20_000 - PORTS_EACH, PORTS_EACH)
CLAIM = 23  # the port of a block that nobody needs

_claims: list[socket.socket] = []  # of the blocks that were given away, as long as we live


async def until(true: Callable[[], object], what: str) -> None:
    """Poll until `true`; `what` names it when it never becomes so."""
    give_up_at = asyncio.get_running_loop().time() + PATIENCE_S
    while not true():
        assert asyncio.get_running_loop().time() < give_up_at, f"never: {what}"
        await asyncio.sleep(0.01)


async def unheard(channels: list[Frame], bridges: list[Frame], asked_at_ms: int) -> None:
    """A list that is nobody's business."""


def free_ports() -> int:
    """The first of a block that nobody uses, neither UDP nor TCP; ours from now on."""
    for first in random.sample(PORTS, len(PORTS)):
        claim = socket.socket()
        try:
            claim.bind(("127.0.0.1", first + CLAIM))
            for port in set(range(first, first + PORTS_EACH)) - {first + CLAIM}:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(type=kind) as trial:
                        trial.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return first
    raise AssertionError(f"no free block of ports in {PORTS}")


def settings_in(run_dir: Path, **changes: object) -> AsteriskSettings:
    port = free_ports()
    settings = AsteriskSettings(
        run_dir=run_dir,
        sip=("127.0.0.1", port),
        rtp=(port + 24, port + 63),
        trunks={"trunk": ("127.0.0.1", port + 1), "spare": ("127.0.0.1", port + 2)},
        emergency_trunk="trunk",
        http_port=port + 3,
        ami_port=port + 4,
        agi=("127.0.0.1", port + 5),
        api=("127.0.0.1", port + 6),
        ari_user="ari",
        ari_secret="ari-secret",
        ami_user="ami",
        ami_secret="ami-secret",
        take_over_s=0.5,
    )
    return dataclasses.replace(settings, **changes)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@asynccontextmanager
async def running(program: AsteriskProgram, settings: AsteriskSettings) -> AsyncIterator[AsteriskChild]:
    child = await start_asterisk(program, settings)
    try:
        yield child
    finally:
        await child.stop()


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A running Asterisk and what the tests ask of it."""

    program: AsteriskProgram
    settings: AsteriskSettings

    async def cli(self, command: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *cli_command(self.program, self.settings, command), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        return printed.decode()

    @asynccontextmanager
    async def ari(self) -> AsyncIterator[aiohttp.ClientSession]:
        login = b64encode(f"{self.settings.ari_user}:{self.settings.ari_secret}".encode()).decode()
        base = f"http://127.0.0.1:{self.settings.http_port}"
        async with aiohttp.ClientSession(base, headers={"Authorization": f"Basic {login}"}) as session:
            yield session

    async def call(self, number: str, context: str, app: str | None = None) -> str:
        """Send a call into `context`; the id of the channel that walks the dialplan there.

        `app` takes the caller's end when it is answered; without it an answered call ends.
        """
        call_id = f"test-{random.getrandbits(48):x}"
        where = {
            "endpoint": f"Local/{number}@{context}/n",
            "channelId": call_id,
            "otherChannelId": f"{call_id}-in",
        } | ({"app": app} if app else {"extension": "nowhere", "context": "nowhere"})
        async with self.ari() as session, session.post("/ari/channels", params=where) as answer:
            assert answer.status == 200, await answer.text()
        return f"{call_id}-in"

    def hangup_cause(self, channel_id: str) -> int | None:
        """What the witness wrote about that channel's end."""
        witness = self.settings.witness
        for line in witness.read_text().splitlines() if witness.exists() else ():
            happening = json.loads(line)
            if happening["uniqueid"] == channel_id and happening["eventtype"] == "HANGUP":
                extra = happening["eventextra"]
                return int((json.loads(extra) if isinstance(extra, str) else extra)["hangupcause"])
        return None

    async def cause_of(self, channel_id: str) -> int | None:
        await until(lambda: self.hangup_cause(channel_id) is not None, f"{channel_id} hung up")
        return self.hangup_cause(channel_id)
