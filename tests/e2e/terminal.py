"""Asterisk's own command line as an operator sits before it: what it prints, and a real terminal.

Rule 1: what it printed is read as a person does: name and value in each row, a table below the last.
"""

import asyncio
import os
import pty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.stacks import Stack

PATIENCE_S = 20.0
HEAD = ("Column Name", "-" * 20)
NAME_ENDS = 30
PROMPT = "CLI> "


def cells(printed: str) -> dict[str, str]:
    """The rows; a table belongs to the value above it."""
    rows: dict[str, str] = {}
    name = ""
    for line in printed.splitlines():
        if line.strip().startswith(HEAD) or not line.strip():
            continue
        if line.startswith(" ") and line[NAME_ENDS : NAME_ENDS + 2] == "  ":
            name = line[:NAME_ENDS].strip()
            rows[name] = line[NAME_ENDS + 2 :].strip()
        else:
            rows[name] += "\n" + line.rstrip()
    return rows


async def typed(stack: Stack, text: str) -> dict[str, str]:
    return cells(await stack.asterisk_cli(text))


class Terminal:
    """What stands on the screen, since the last keys."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self._shown = b""
        asyncio.get_running_loop().add_reader(screen, self._read)

    def _read(self) -> None:
        try:
            self._shown += os.read(self._screen, 65_536)
        except OSError:  # the other side has ended
            asyncio.get_running_loop().remove_reader(self._screen)

    @property
    def shown(self) -> str:
        return self._shown.decode("utf-8", "replace").replace("\r", "")

    def press(self, keys: str) -> None:
        self._shown = b""
        os.write(self._screen, keys.encode())

    async def until(self, text: str) -> str:
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.shown:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # a terminal tells nobody what it shows
        return self.shown

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._screen)


@asynccontextmanager
async def terminal(stack: Stack) -> AsyncIterator[Terminal]:
    """`asterisk -r`, ready to be typed into."""
    ours, theirs = pty.openpty()
    command = [*stack.cli_command[:-1], "-r"]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb", "HOME": str(stack.folder)},
        start_new_session=True,
    )
    os.close(theirs)
    screen = Terminal(ours)
    try:
        await screen.until(PROMPT)
        yield screen
    finally:
        screen.close()
        process.kill()
        await process.wait()
        os.close(ours)
