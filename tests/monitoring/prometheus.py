"""A real Prometheus beside a test: it scrapes one service by our own rules, quicker than an operator would.

Rule 1: rules and settings are the shipped ones; only durations are shorter.
Rule 2: it listens on a free port, lies in a folder of the test, and is ended with it.
"""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from callctl.stack.child import start_child
from callctl.stack.plan import LOOPBACK
from callctl.stack.ports import free_tcp_port

SHIPPED = Path(__file__).resolve().parents[2] / "docker" / "prometheus"
SCRAPE = "200ms"
READY_S_MAX = 30.0
POLL_S = 0.05

Sample = Mapping[str, Any]


def program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"no {name} here: ./run test fetches it"
    return found


def quick(rules: str, window: str) -> str:
    """`for` is nothing, and no window looks back further than `window`: a test cannot wait for minutes."""
    return re.sub(r"\[[0-9]+[smh]\]", f"[{window}]", re.sub(r"\bfor: \w+", "for: 0s", rules))


class Prometheus:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def query(self, expression: str) -> list[Sample]:
        """What it says now; an expression that it does not take is an error of the test's."""
        async with self._http.get("/api/v1/query", params={"query": expression}) as answer:
            told = await answer.json()
        assert told["status"] == "success", f"{expression}: {told.get('error')}"
        result: list[Sample] = told["data"]["result"]
        return result

    async def firing(self) -> dict[str, Sample]:
        async with self._http.get("/api/v1/alerts") as answer:
            told = await answer.json()
        return {
            alert["labels"]["alertname"]: alert
            for alert in told["data"]["alerts"]
            if alert["state"] == "firing"
        }

    async def until_firing(self, *alerts: str, within_s: float = READY_S_MAX) -> dict[str, Sample]:
        return await self._until(lambda firing: firing.keys() >= set(alerts), f"{alerts} fire", within_s)

    async def until_silent(self, *alerts: str, within_s: float = READY_S_MAX) -> None:
        await self._until(lambda firing: firing.keys().isdisjoint(alerts), f"{alerts} are silent", within_s)

    async def _until(self, is_so: Any, what: str, within_s: float) -> dict[str, Sample]:
        firing: dict[str, Sample] = {}
        try:
            async with asyncio.timeout(within_s):
                while not is_so(firing := await self.firing()):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)  # nobody tells us
        except TimeoutError:
            raise AssertionError(f"not within {within_s:g} s: {what}; firing: {sorted(firing)}") from None
        return firing

    async def until_answers(self, expression: str, *, within_s: float = READY_S_MAX) -> list[Sample]:
        """Until it says anything."""
        give_up_at = asyncio.get_running_loop().time() + within_s
        while not (told := await self.query(expression)):
            if asyncio.get_running_loop().time() > give_up_at:
                return []
            await asyncio.sleep(POLL_S)
        return told


@asynccontextmanager
async def prometheus_for(api: str, folder: Path, *, window: str = "10s") -> AsyncIterator[Prometheus]:
    """`api` is the service's HOST:PORT."""
    file, port = _write_settings(api, folder, window), free_tcp_port(LOOPBACK)
    command = [
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--log.level=warn",
    ]
    child = await start_child("Prometheus", command, log=folder / "prometheus.log")
    try:
        async with aiohttp.ClientSession(f"http://{LOOPBACK}:{port}") as http:
            await _ready(http)
            yield Prometheus(http)
    finally:
        await child.stop()


def _write_settings(api: str, folder: Path, window: str) -> Path:
    folder.mkdir(parents=True)
    rules = (SHIPPED / "callctl.rules.yml").read_text("utf-8")
    (folder / "callctl.rules.yml").write_text(quick(rules, window), "utf-8")
    config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [api]}]
    del config["scrape_configs"][0]["authorization"]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    return file


async def _ready(http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(READY_S_MAX):
        while not await _is_ready(http):  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)


async def _is_ready(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
