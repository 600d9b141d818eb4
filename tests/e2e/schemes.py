"""Subscribers with schemes of their own, and what their callers hear.

Rule 1: in a scheme FIRST, SECOND and THIRD stand for mobiles that are nobody else's; the carrier tells them
    apart by their beginnings.
"""

from dataclasses import dataclass
from pathlib import Path

from callctl.demo.seen import CallSeen
from callctl.places import SOUNDS
from tests.e2e.stacks import Json, Stack
from tests.e2e.words import Subscriber, given_subscriber, until
from tests.shell.tones import tone

FIRST, SECOND, THIRD = "7916", "7926", "7936"


@dataclass(frozen=True, slots=True)
class Targets:
    first: str
    second: str
    third: str


def targets_of(who: Subscriber) -> Targets:
    rest = who.target.removeprefix(FIRST)
    return Targets(FIRST + rest, SECOND + rest, THIRD + rest)


async def given_scheme(
    stack: Stack, kopecks: int, scheme: str, *, plan: str = "demo/six", code: str = "7495"
) -> Subscriber:
    """A subscriber whose number goes by this scheme."""
    who = await given_subscriber(stack, kopecks, plan=plan, code=code)
    await scheme_now(stack, who, scheme)
    return who


def written(scheme: str, who: Subscriber) -> str:
    targets = targets_of(who)
    for word, number in (("FIRST", targets.first), ("SECOND", targets.second), ("THIRD", targets.third)):
        scheme = scheme.replace(word, f'"{number}"')
    return scheme


async def scheme_now(stack: Stack, who: Subscriber, scheme: str) -> None:
    path = f"/numbers/{who.number}/scheme"
    async with stack.api.put(path, json={"scheme": written(scheme, who)}) as answer:
        assert answer.status == 201, await answer.text()


async def given_sound(stack: Stack, who: Subscriber, name: str) -> Path:
    """A subscriber's own of one second; the file from which it is played."""
    path, headers = f"/accounts/{who.account_id}/sounds/{name}", {"Content-Type": "audio/wav"}
    async with stack.api.put(path, data=tone(), headers=headers) as answer:
        assert answer.status == 201, await answer.text()
    return stack.settings.sounds / "own" / who.account_id / f"{name}.wav"


def spoken(sound: str) -> bytes:
    """The middle of what the service says, as it passes through Asterisk: unchanged."""
    content = (SOUNDS / f"{sound}.alaw").read_bytes()
    return content[len(content) // 2 :][:1600]


def heard_before(heard: bytes | bytearray, sound: str) -> bytes:
    """What somebody heard until the service began to say this."""
    content = (SOUNDS / f"{sound}.alaw").read_bytes()
    return bytes(heard[: max(0, heard.find(spoken(sound)) - len(content) // 2)])


async def until_called(stack: Stack, number: str) -> CallSeen:
    await until(lambda: bool(stack.carrier.calls_to(number)), f"{number} is called")
    return stack.carrier.calls_to(number)[0]


def bill_to(legs: list[Json], number: str) -> Json:
    (leg,) = [leg for leg in legs if leg["to"] == number]
    return leg
