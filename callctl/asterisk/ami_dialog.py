"""A short talk with AMI, one question after the other: for who looks once and goes.

Rule 1: no value may begin a line of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class AmiRefused(Exception):
    """It answered and said no."""


class AmiDialog:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @asynccontextmanager
    async def open(cls, host: str, port: int) -> "AsyncIterator[AmiDialog]":
        reader, writer = await asyncio.open_connection(host, port)
        try:
            greeting = await reader.readline()
            if not greeting.startswith(b"Asterisk Call Manager"):
                raise AmiRefused("what listens there is no Asterisk Call Manager")
            yield cls(reader, writer)
        finally:
            writer.close()

    async def login(self, user: str, secret: str) -> None:
        answer = await self.ask("Login", Username=user, Secret=secret, Events="off")
        if answer.get("Response") != "Success":
            raise AmiRefused(answer.get("Message", "no reason given"))

    async def command(self, text: str) -> str:
        answer = await self.ask("Command", Command=text)
        if answer.get("Response") != "Success" and "Output" not in answer:
            raise AmiRefused(answer.get("Message", "no reason given"))
        return answer.get("Output", "")

    async def ask(self, action: str, **fields: str) -> dict[str, str]:
        """Its fields; lines of output are joined."""
        told = {"Action": action, **fields}
        for value in told.values():
            assert value.isprintable(), value
        lines = [f"{name}: {value}" for name, value in told.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await self._packet()
        while "Response" not in answer:  # an event
            answer = await self._packet()
        return answer

    async def _packet(self) -> dict[str, str]:
        told: dict[str, str] = {}
        while line := (await self._line()):
            name, _, value = line.partition(": ")
            told[name] = f"{told[name]}\n{value}" if name in told else value
        return told

    async def _line(self) -> str:
        line = await self._reader.readline()
        if not line:
            raise EOFError("the connection was closed")
        return line.decode("utf-8", "replace").rstrip("\r\n")
