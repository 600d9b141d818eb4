"""Phones for the demo, the tests and the bench: SIPp as the caller and as the carrier's far end.

Rule 1: how a call went is read out of SIPp's messages (seen.py), never out of its exit code; the code
        only tells that SIPp itself could not work.
Rule 2: every wait has a bound; what was seen until then is the result.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from callctl.demo.behaviours import (
    BUSY,
    CALLERS_KEY,
    DECLINES,
    UNAVAILABLE,
    Answers,
    AnswersCancelled,
    Behaviour,
    ByNumber,
    Login,
    NeverAnswers,
    Press,
    Refuses,
    callee_blanks,
    logging_in,
    pressing,
    rtp_port,
)
from callctl.demo.seen import CallLog, CallSeen
from callctl.demo.sipp import HOST, Sipp, SippFailed, start_sipp

__all__ = [
    "BUSY",
    "DECLINES",
    "UNAVAILABLE",
    "Answers",
    "AnswersCancelled",
    "Behaviour",
    "ByNumber",
    "Caller",
    "Load",
    "Login",
    "NeverAnswers",
    "Phone",
    "Press",
    "Refuses",
    "register",
    "start_callee",
]


# SIP's own patience with a far side that is silent.
REGISTER_S_MAX = 32.0


@dataclass(frozen=True, slots=True)
class Load:
    """What became of many calls."""

    wanted: int
    calls: tuple[CallSeen, ...]

    @property
    def failed(self) -> int:
        """Calls that were never placed, not answered, or not ended."""
        return self.wanted - sum(call.was_answered and call.is_over for call in self.calls)


class Phone:
    """One SIPp that runs: a far end that waits for calls, or a caller under way."""

    def __init__(self, sipp: Sipp) -> None:
        self.sipp = sipp
        self._log = CallLog(sipp.messages)

    @property
    def port(self) -> int:
        return self.sipp.port

    def calls(self) -> list[CallSeen]:
        """All calls so far, also while SIPp runs."""
        return self._log.calls()

    async def wait_calls(self, count: int, *, within_s: float = 10.0) -> list[CallSeen]:
        """Poll until `count` calls are over."""
        try:
            async with asyncio.timeout(within_s):
                while sum(call.is_over for call in self.calls()) < count:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # a file tells nobody that it grew
        except TimeoutError:
            raise SippFailed(f"not {count} calls over within {within_s} s: {self.calls()}") from None
        return self.calls()

    async def over(self, within_s: float) -> list[CallSeen]:
        """Wait until SIPp has made its calls and ended by itself."""
        try:
            await asyncio.wait_for(self.sipp.child.process.wait(), within_s)
        except TimeoutError:
            pass  # its bound: what was seen until now is the result
        finally:
            await self.stop()
        calls = self.calls()
        # 0: all as the scenario has it. 1: a call met something unexpected. 97, 99: stopped by a bound.
        if not calls and self.sipp.child.process.returncode != 0:
            raise SippFailed(f"sipp placed no call: {self.sipp.last_words()}")
        return calls

    async def stop(self) -> None:
        await self.sipp.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def start_callee(
    behaviour: Behaviour,
    *,
    folder: Path,
    port: int | None = None,
    media_ports: range | None = None,
) -> Phone:
    """The carrier's far end: takes any number of calls at once, each with the behaviour for its number."""
    blanks = callee_blanks(behaviour)
    return Phone(await start_sipp("callee", blanks, folder=folder, port=port, media_ports=media_ports))


async def register(
    login: Login, *, exchange_port: int, port: int, folder: Path, expires_s: int, host: str = HOST
) -> bool:
    """Log in from `port`, or out with 0 s; whether it was let in. `host`: the address that it has."""
    blanks = {"user": login.user, "secret": login.secret, "expires_s": str(expires_s)}
    command = [f"{HOST}:{exchange_port}", "-m", "1", *(["-i", host] if host != HOST else [])]
    sipp = await start_sipp("register", blanks, command, folder=folder, port=port)
    try:
        return await asyncio.wait_for(sipp.child.process.wait(), REGISTER_S_MAX) == 0
    finally:
        await sipp.stop()


@dataclass(frozen=True, slots=True)
class Caller:
    """Places calls to `port`, each with a SIPp of its own; all files go into `folder`."""

    port: int
    folder: Path
    media_ports: range | None = None

    async def call(
        self,
        *,
        to: str,
        caller: str,
        hang_up_after_ms: int | None = None,
        give_up_after_ms: int | None = None,
        ring_at_most_ms: int = 60_000,
        talk_at_most_ms: int = 60_000,
        media_port: int | None = None,
        presses: Sequence[Press] = (),
        login: Login | None = None,
    ) -> CallSeen:
        """One call, told when it is over. `give_up_after_ms` counts from the last 1xx heard,
        `hang_up_after_ms` from the last key.

        Without `hang_up_after_ms` the far side must hang up; if it has not within `talk_at_most_ms`,
        we do, and the call says `nobody_cut_it`. With a `login` the caller is a seat's phone.
        """
        ring_ms = ring_at_most_ms if give_up_after_ms is None else give_up_after_ms
        talk_ms = talk_at_most_ms if hang_up_after_ms is None else hang_up_after_ms
        phone = await self.place(
            [(to, caller)],
            ring_ms=ring_ms,
            talk_ms=talk_ms,
            media_port=media_port,
            presses=presses,
            login=login,
        )
        # 32 s more: SIP's own patience with a far side that went silent.
        wait_ms = ring_ms + talk_ms + sum(press.after_ms for press in presses)
        calls = await phone.over(within_s=wait_ms / 1000 + 32)
        if len(calls) != 1:
            raise SippFailed(f"one call wanted, {len(calls)} seen: {phone.sipp.last_words()}")
        ended_here = calls[0].was_answered and calls[0].ended_by == "here"
        nobody_cut_it = ended_here and hang_up_after_ms is None and calls[0].cancelled_at_us is None
        return replace(calls[0], nobody_cut_it=nobody_cut_it)

    async def many(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        count: int,
        per_second: float,
        hang_up_after_ms: int,
        at_once_max: int = 2000,
        ring_at_most_ms: int = 10_000,
        within_s: float | None = None,
    ) -> Load:
        """`count` calls by one SIPp; the (to, caller) `pairs` are taken in turn, again and again."""
        phone = await self.place(
            pairs,
            ring_ms=ring_at_most_ms,
            talk_ms=hang_up_after_ms,
            count=count,
            per_second=per_second,
            at_once_max=at_once_max,
        )
        bound_s = count / per_second + (ring_at_most_ms + hang_up_after_ms) / 1000 + 10
        return Load(count, tuple(await phone.over(bound_s if within_s is None else within_s)))

    async def place(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        ring_ms: int,
        talk_ms: int,
        count: int = 1,
        per_second: float = 10,
        at_once_max: int = 1,
        media_port: int | None = None,
        presses: Sequence[Press] = (),
        login: Login | None = None,
    ) -> Phone:
        """Start the calls and return at once, to look at them while they last."""
        blanks = {
            "give_up_ms": str(max(1, ring_ms)),
            "hang_up_ms": str(max(1, talk_ms)),
            "rtp_port": rtp_port(media_port),
            "presses": pressing(presses, CALLERS_KEY),
            **logging_in(login),
        }
        rate = ["-m", str(count), "-r", f"{per_second:g}", "-l", str(at_once_max)]
        command = [f"{HOST}:{self.port}", "-inf", "pairs.csv", *rate]
        csv = "SEQUENTIAL\n" + "".join(f"{to};{caller};\n" for to, caller in pairs)
        sipp = await start_sipp(
            "caller", blanks, command, folder=self.folder, media_ports=self.media_ports, pairs_csv=csv
        )
        return Phone(sipp)
