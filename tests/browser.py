"""A real browser without a screen, told what to do over its DevTools protocol, as a person would use it.

Rule 1: nothing is waited for by time: `until` asks the page again and again, and names what never came true.
Rule 2: what the page complains of (a fault, a refused style or script) is kept and is looked at by the test.
"""

import asyncio
import itertools
import json
import os
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from callctl.stack.child import start_child

# The programs: the commands of these names are scripts, and who ends one leaves its browser behind.
PROGRAMS = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium")
READY_S_MAX = 60.0
PATIENCE_S = 20.0
POLL_S = 0.03
KEYS = {"Tab": 9, "Enter": 13}


class PageFault(AssertionError):
    """The page threw what it should not have."""


class Tab:
    """`complaints`: what a person would see in red in the browser's console."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._serials = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self.complaints: list[str] = []

    async def read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if answer := self._answers.pop(told.get("id", 0), None):
                answer.set_result(told)
            elif told.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(told["params"]["exceptionDetails"]))
            elif told.get("method") == "Log.entryAdded":
                entry = told["params"]["entry"]
                if entry["level"] == "error":
                    self.complaints.append(f"{entry['source']}: {entry['text']}")

    async def open(self) -> None:
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.send(f"{domain}.enable")

    async def send(self, method: str, **params: object) -> dict[str, Any]:
        serial = next(self._serials)
        answer = self._answers[serial] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": serial, "method": method, "params": params, **session})
        told = await asyncio.wait_for(answer, READY_S_MAX)
        if "error" in told:
            raise PageFault(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result

    async def go(self, url: str) -> None:
        told = await self.send("Page.navigate", url=url)
        assert "errorText" not in told, f"{url}: {told['errorText']}"

    async def see(self, expression: str) -> Any:
        """What an expression is worth in the page now."""
        told = await self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        if "exceptionDetails" in told:
            raise PageFault(f"{expression}: {told['exceptionDetails']}")
        return told["result"].get("value")

    async def text(self, selector: str) -> str:
        return str(await self.see(_seen(selector)))

    async def until(self, expression: str, what: str, *, within_s: float = PATIENCE_S) -> None:
        give_up_at = asyncio.get_running_loop().time() + within_s
        while not await self.see(f"Boolean({expression})"):
            assert asyncio.get_running_loop().time() < give_up_at, (
                f"not within {within_s:g} s: {what}; the page says: {await self.text('body')}"
            )
            await asyncio.sleep(POLL_S)

    async def until_says(self, selector: str, words: str) -> None:
        await self.until(f"{_seen(selector)}.includes({json.dumps(words)})", f"{selector} says {words!r}")

    async def click(self, selector: str) -> None:
        await self.see(f"document.querySelector({json.dumps(selector)}).click()")

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            await self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=KEYS[key],
                **text,
            )

    async def type(self, text: str) -> None:
        """Into what has the focus, and Enter."""
        await self.send("Input.insertText", text=text)
        await self.press("Enter")

    async def is_sized(
        self, width: int, height: int, *, is_phone: bool = False, scheme: str = "light"
    ) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=is_phone,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", features=features)

    async def shot(self, file: Path) -> None:
        """The whole page as a picture, for people."""
        told = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        await asyncio.to_thread(file.write_bytes, b64decode(told["data"]))


def _seen(selector: str) -> str:
    """What is not shown says nothing, though the page has words for it."""
    one = f"document.querySelector({json.dumps(selector)})"
    return f"(one => one?.checkVisibility() ? one.innerText : '')({one})"


def browser_program() -> str:
    for name in PROGRAMS:
        if program := shutil.which(name):
            return program
    raise AssertionError("no browser: apt-get install chromium-headless-shell")


@asynccontextmanager
async def open_tab() -> AsyncIterator[Tab]:
    """A new browser, which keeps nothing."""
    with TemporaryDirectory(prefix="callctl-browser-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        command: list[str | Path] = [
            browser_program(),
            *("--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}/profile"),
            *(
                "--no-first-run",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
            ),
            # Root has no sandbox there; the pages are ours.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
        ]
        browser = await start_child("the browser", command, log=folder / "log", cwd=folder)
        try:
            address = await _address(folder / "profile" / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as http,
                http.ws_connect(address, max_msg_size=0) as socket,
            ):
                tab = Tab(socket)
                reading = asyncio.create_task(tab.read())
                try:
                    await tab.open()
                    yield tab
                finally:
                    reading.cancel()
                    await asyncio.wait({reading})
        finally:
            await browser.stop()


async def _address(file: Path) -> str:
    async with asyncio.timeout(READY_S_MAX):
        while len(lines := file.read_text().split() if file.exists() else []) < 2:  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(POLL_S)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
