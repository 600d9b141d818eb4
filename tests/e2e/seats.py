"""Seats of a subscriber and their phones, which log in with their secrets as any phone does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from callctl.demo.phones import Answers, Behaviour, Login, register
from callctl.demo.seen import CallSeen
from callctl.demo.sipp import HOST
from tests.e2e.stacks import FarEnd, Json, Stack
from tests.e2e.words import Subscriber, dial, until

LOGGED_IN_S = 7_200


@dataclass(frozen=True, slots=True)
class SeatPhone:
    """Its far end is what rings; what it calls goes out by `dial`."""

    stack: Stack
    login: Login
    far_end: FarEnd

    async def log_in(self, behaviour: Behaviour, expires_s: int = LOGGED_IN_S) -> None:
        await self.far_end.stop()
        assert await self._register(expires_s), f"{self.login.user} is not let in"
        await self.far_end.behaves(behaviour)

    async def log_out(self) -> None:
        await self.far_end.stop()
        assert await self._register(0), f"{self.login.user} is not let out"

    async def is_let_in(self, host: str = HOST) -> bool:
        await self.far_end.stop()
        return await self._register(LOGGED_IN_S, host)

    def rung(self) -> list[CallSeen]:
        return self.far_end.calls_to(self.login.user)

    async def over(self, count: int = 1) -> list[CallSeen]:
        return await self.far_end.over(self.login.user, count)

    def dial(self, to: str, **wishes: Any) -> "asyncio.Task[CallSeen]":
        return dial(self.stack, to, caller=self.login.user, login=self.login, **wishes)

    async def _register(self, expires_s: int, host: str = HOST) -> bool:
        caller = self.stack.caller
        return await register(
            self.login,
            exchange_port=caller.port,
            port=self.far_end.port,
            folder=caller.folder,
            expires_s=expires_s,
            host=host,
        )


async def seat_state(stack: Stack, who: Subscriber, name: str) -> str:
    seats: list[Json] = await stack.get(f"/accounts/{who.account_id}/seats")
    (state,) = [seat["state"] for seat in seats if seat["name"] == name]
    assert isinstance(state, str)
    return state


async def until_seat(stack: Stack, who: Subscriber, name: str, state: str) -> None:
    async def is_so() -> bool:
        return await seat_state(stack, who, name) == state

    await until(is_so, f"seat {name} is {state}")


async def given_seat(stack: Stack, who: Subscriber, name: str, devices: int = 1) -> list[Login]:
    """By the command as a person types it."""
    seat = await stack.post(f"/accounts/{who.account_id}/seats", {"name": name, "devices": devices})
    return [Login(user, secret) for user, secret in seat["secrets"].items()]


@asynccontextmanager
async def phone_of(stack: Stack, login: Login) -> AsyncIterator[SeatPhone]:
    """Not logged in yet."""
    phone = SeatPhone(stack, login, FarEnd(stack.folder / "phones"))
    try:
        yield phone
    finally:
        await phone.far_end.close()


@asynccontextmanager
async def at_work(
    stack: Stack, who: Subscriber, name: str, behaviour: Behaviour | None = None
) -> AsyncIterator[SeatPhone]:
    """A new seat with one phone, which is logged in and answers."""
    (login,) = await given_seat(stack, who, name)
    async with phone_of(stack, login) as phone:
        await phone.log_in(behaviour or Answers(ring_ms=200))
        await until_seat(stack, who, name, "free")
        yield phone
        await phone.log_out()
