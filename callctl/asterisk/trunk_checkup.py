"""Whether the lines to carriers can be reached: Asterisk knows them, and somebody answers OPTIONS there.

Rule 1: whatever the answer says, somebody is there (RFC 3261, 11.2): also a refusal is one.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp

from callctl.asterisk.registrar import CONFIG
from callctl.finding import Finding, bad, ok, warning

ANSWER_S_MAX = 2.0
AGAIN_S: Final = 0.5  # the first one may get lost
CONTACT: Final = re.compile(r"sips?:(?:[^@;]*@)?(?P<host>\[[^\]]+\]|[^:;?]+)(?::(?P<port>\d+))?(?P<rest>.*)")


async def check_trunks(http: aiohttp.ClientSession, names: list[str]) -> AsyncIterator[Finding]:
    for finding in await asyncio.gather(*(_check(http, name) for name in names)):
        yield finding


async def _check(http: aiohttp.ClientSession, name: str) -> Finding:
    about = f"trunk {name}"
    async with http.get(f"/ari/endpoints/PJSIP/{name}") as answer:
        if answer.status != 200:
            remedy = f"pjsip.conf needs an endpoint and an aor [{name}]; or take it out of the settings"
            return bad(about, "Asterisk does not know it", remedy)
        endpoint = await answer.json()
    async with http.get(f"/ari/{CONFIG}/aor/{name}") as answer:
        contact = _contact(await answer.json()) if answer.status == 200 else ""
    if not contact:
        told = f"is {endpoint['state']}; its address is not known here"
        return ok(about, told) if endpoint["state"] == "online" else bad(about, told, "see `pjsip show aors`")
    found = CONTACT.match(contact)
    if found is None or "transport=" in found["rest"].lower().replace("transport=udp", ""):
        return ok(about, f"{contact}: is {endpoint['state']} (only UDP is asked from here)")
    host, port = found["host"].strip("[]"), int(found["port"] or 5060)
    try:
        return ok(about, f"{contact} answers: {await ask_options(host, port)}")
    except (OSError, TimeoutError) as error:
        remedy = "see that the carrier's address is right and lets this machine in, and the firewalls between"
        told = f"{contact} does not answer OPTIONS ({error or 'too late'})"
        # Some carriers answer only whom they know by another address, or nothing but calls.
        return warning(about, told, remedy)


def _contact(fields: list[dict[str, Any]]) -> str:
    return next((str(field["value"]) for field in fields if field["attribute"] == "contact"), "")


async def ask_options(host: str, port: int) -> str:
    """The first line of the answer, such as `200 OK`."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Asking, remote_addr=(host, port))
    try:
        own_host, own_port = transport.get_extra_info("sockname")[:2]
        branch, tag = f"z9hG4bK{secrets.token_hex(8)}", secrets.token_hex(4)
        text = (
            f"OPTIONS sip:{host}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {own_host}:{own_port};rport;branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:callctl@{own_host}>;tag={tag}\r\nTo: <sip:{host}:{port}>\r\n"
            f"Call-ID: {secrets.token_hex(8)}@{own_host}\r\nCSeq: 1 OPTIONS\r\n"
            f"Contact: <sip:callctl@{own_host}:{own_port}>\r\nAccept: application/sdp\r\n"
            "User-Agent: callctl\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        async with asyncio.timeout(ANSWER_S_MAX):
            while True:
                transport.sendto(text)
                done, _ = await asyncio.wait({protocol.answer}, timeout=AGAIN_S)
                if done:
                    return protocol.answer.result()
    finally:
        transport.close()


class _Asking(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, address: object) -> None:
        version, _, told = data.decode("utf-8", "replace").partition("\r\n")[0].partition(" ")
        if version == "SIP/2.0" and not self.answer.done():
            self.answer.set_result(told[:60])

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
