"""Who is not let in by a real Asterisk: counted, and banned by fail2ban's own reading of Asterisk's log."""

import asyncio
import hashlib
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from callctl.asterisk.ami import Ami
from callctl.metrics import REGISTRY
from callctl.stack.asterisk import AsteriskSettings
from callctl.stack.asterisk_program import find_asterisk
from tests.shell.exchanges import Exchange, running, settings_in, until
from tests.shell.test_registrar import ANNA, Rig, seat, serving

pytestmark = pytest.mark.e2e

FILTER = Path(__file__).parents[2] / "asterisk-conf" / "fail2ban" / "filter.d" / "callctl.conf"
# Where this machine itself is not taken for a line of ours.
STRANGER, VICTIM = "127.0.0.2", "192.0.2.9"
SOMEBODY_ELSE = f'",LocalAddress="IPV4/UDP/127.0.0.1/5060",RemoteAddress="IPV4/UDP/{VICTIM}/5060'


def knock(to: tuple[str, int], user: str, *, call_id: str = "it", response: str = "", source: str) -> None:
    """Ask to be logged in; asked for a password, answer with a wrong one."""
    with socket.socket(type=socket.SOCK_DGRAM) as phone:
        phone.settimeout(10)
        phone.bind((source, 0))
        phone.connect(to)
        port = phone.getsockname()[1]

        def ask(serial: int, more: str = "") -> str:
            lines = (
                f"REGISTER sip:{to[0]}:{to[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP {source}:{port};rport;branch=z9hG4bK{port}-{serial}",
                f"From: <sip:{user}@{to[0]}>;tag=1",
                f"To: <sip:{user}@{to[0]}>",
                f"Call-ID: {port}-{call_id}",
                f"CSeq: {serial} REGISTER",
                f"Contact: <sip:{user}@{source}:{port}>",
                f"Max-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n",
            )
            phone.send("\r\n".join(lines).encode())
            return phone.recv(4096).decode()

        if nonce := re.search(r'nonce="([^"]*)"', ask(1)):
            wrong = hashlib.md5(b"wrong").hexdigest() + response
            who = f'username="{user}", realm="asterisk", nonce="{nonce[1]}", uri="sip:{to[0]}"'
            ask(2, f'Authorization: Digest {who}, response="{wrong}", algorithm=MD5\r\n')


async def banned(settings: AsteriskSettings) -> list[str]:
    """The addresses that fail2ban would count, one for each line."""
    program = Path(sys.executable).with_name("fail2ban-regex")
    command = [sys.executable, str(program)] if program.exists() else [shutil.which("fail2ban-regex") or ""]
    log = settings.run_dir / "log" / "security.log"
    process = await asyncio.create_subprocess_exec(
        *command, "-o", "<ip>", str(log), str(FILTER), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode in (0, 255), printed  # 255: nothing found
    return [line for line in printed.decode().splitlines() if re.fullmatch(r"[0-9.]+", line)]


@pytest.fixture(scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    program = await find_asterisk(lambda _line: None)
    folder = tmp_path_factory.mktemp("turned-away")
    settings = settings_in(folder / "run")
    async with running(program, settings):
        exchange = Exchange(program, settings)
        conf = settings.run_dir / "etc" / "pjsip.conf"
        conf.write_text(conf.read_text().replace("match = 127.0.0.0/8", "match = 127.0.0.1"))
        await exchange.cli("module reload res_pjsip_endpoint_identifier_ip.so")
        yield Rig(exchange, folder)


@pytest.fixture
async def ami(rig: Rig) -> AsyncIterator[None]:
    settings = rig.exchange.settings
    ami = Ami("127.0.0.1", settings.ami_port, settings.ami_user, settings.ami_secret, on_state=print)
    task = asyncio.create_task(ami.run())
    await until(lambda: ami.is_up, "AMI is up")
    yield
    task.cancel()
    await asyncio.wait([task])


def turned_away(why: str) -> float:
    return REGISTRY.get_sample_value("callctl_sip_turned_away_total", {"why": why}) or 0


async def test_a_phone_with_a_wrong_secret_is_counted_and_banned(rig: Rig, ami: None) -> None:
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
        before, bans = turned_away("secret"), len(await banned(rig.exchange.settings))
        assert not await rig.is_let_in(replace(ANNA, secret="wrong"))
        await until(lambda: turned_away("secret") > before, "it is counted")
        assert (await banned(rig.exchange.settings))[bans:] == ["127.0.0.1"]


async def test_a_phone_with_the_right_secret_is_neither(rig: Rig, ami: None) -> None:
    async with serving(rig, seat(ANNA)):
        await rig.has(ANNA)
        before, bans = turned_away("secret"), len(await banned(rig.exchange.settings))
        assert await rig.is_let_in(ANNA)
        assert len(await banned(rig.exchange.settings)) == bans
        assert turned_away("secret") == before


async def test_a_stranger_is_counted_and_banned(rig: Rig, ami: None) -> None:
    before = turned_away("unknown")
    await asyncio.to_thread(knock, rig.exchange.settings.sip, "nobody", source=STRANGER)
    await until(lambda: turned_away("unknown") > before, "it is counted")
    assert STRANGER in await banned(rig.exchange.settings)


@pytest.mark.parametrize(
    "words",
    [
        {"call_id": SOMEBODY_ELSE},
        {"call_id": SOMEBODY_ELSE + '",Challenge="1/0",Response="0",ExpectedResponse="'},
        {"response": SOMEBODY_ELSE.replace('"', r"\"") + r"\",Challenge=\"1/0\",Response=\"0"},
    ],
)
async def test_whoever_writes_an_address_of_somebody_else_is_banned_himself(
    rig: Rig, words: dict[str, str]
) -> None:
    bans = len(await banned(rig.exchange.settings))
    await asyncio.to_thread(lambda: knock(rig.exchange.settings.sip, "nobody", source=STRANGER, **words))
    assert set((await banned(rig.exchange.settings))[bans:]) == {STRANGER}
    assert VICTIM in (rig.exchange.settings.run_dir / "log" / "security.log").read_text()
