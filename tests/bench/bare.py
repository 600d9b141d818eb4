"""The least that an ARI application can do to connect two legs: no money, no records, no second cut.

Rule 1: seven requests and the fewest events for a call; whatever callctl costs more is the price of what
        it does more.
Rule 2: the same tools as callctl's: aiohttp, json, uvloop.
"""

import asyncio
import base64
import json
import os
import sys
from typing import Any

import aiohttp
import uvloop

APP = "bench"
URL, USER, SECRET = "CALLCTL_BENCH_URL", "CALLCTL_BENCH_USER", "CALLCTL_BENCH_SECRET"
TRUNK = "carrier"
KINDS_HEARD = ("StasisStart", "ChannelStateChange", "StasisEnd")
PATIENCE_S = "30"


class Bare:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._others: dict[str, str] = {}
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until Asterisk goes."""
        async with self._http.ws_connect("/ari/events", params={"app": APP}, max_msg_size=0) as stream:
            allowed = {"allowed": [{"type": kind} for kind in KINDS_HEARD]}
            await self._http.put(f"/ari/applications/{APP}/eventFilter", json=allowed)
            print("ready", flush=True)
            async for message in stream:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._hear(json.loads(message.data))

    def _hear(self, event: dict[str, Any]) -> None:
        leg: str = event["channel"]["id"]
        match event["type"], event.get("args"), event["channel"]["state"]:
            case "StasisStart", ["in", number], _:
                self._start(self._place(leg, number, event["channel"]["caller"]["number"]))
            case "StasisStart", ["out"], _:
                self._start(self._join(leg))
            case "ChannelStateChange", _, "Up" if leg.startswith("out-"):
                self._start(self._order("POST", f"channels/{leg.removeprefix('out-')}/answer"))
            case "StasisEnd", _, _ if leg in self._others:  # the first of the two
                other = self._others.pop(leg)
                del self._others[other]
                self._start(self._end(other, leg.removeprefix("out-")))
            case _:
                pass

    async def _place(self, caller_leg: str, number: str, caller: str) -> None:
        leg = f"out-{caller_leg}"
        self._others |= {leg: caller_leg, caller_leg: leg}
        wanted = {
            "endpoint": f"PJSIP/{number}@{TRUNK}",
            "app": APP,
            "appArgs": "out",
            "channelId": leg,
            "originator": caller_leg,
        }
        await self._order("POST", "channels/create", wanted, {"CONNECTEDLINE(num,i)": caller})

    async def _join(self, leg: str) -> None:
        caller_leg = leg.removeprefix("out-")
        await self._order("POST", f"bridges/{caller_leg}", {"type": "mixing"})
        await self._order("POST", f"bridges/{caller_leg}/addChannel", {"channel": f"{caller_leg},{leg}"})
        await self._order("POST", f"channels/{leg}/dial", {"caller": caller_leg, "timeout": PATIENCE_S})

    async def _end(self, leg: str, bridge: str) -> None:
        await self._order("DELETE", f"channels/{leg}", {"reason_code": "16"})
        await self._order("DELETE", f"bridges/{bridge}")

    async def _order(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        body = {"variables": variables} if variables else None
        async with self._http.request(method, f"/ari/{path}", params=query, json=body) as answer:
            await answer.read()

    def _start(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)


async def _serve() -> None:
    token = base64.b64encode(f"{os.environ[USER]}:{os.environ[SECRET]}".encode()).decode()
    connections = aiohttp.TCPConnector(limit=64, keepalive_timeout=10)
    headers = {"Authorization": f"Basic {token}"}
    async with aiohttp.ClientSession(os.environ[URL], headers=headers, connector=connections) as http:
        await Bare(http).run()


if __name__ == "__main__":
    sys.exit(uvloop.run(_serve()))
