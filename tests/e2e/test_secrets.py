"""No secret of a stack that runs stands in a process list or in a log."""

from pathlib import Path

import pytest

from tests.e2e.seats import given_seat, phone_of
from tests.e2e.stacks import Stack
from tests.e2e.words import dial, given_subscriber

pytestmark = pytest.mark.e2e


def command_lines() -> bytes:
    """Of everybody on this machine who has not ended while we look."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lines.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)


async def test_no_secret_is_in_the_process_list_or_in_a_log(stack: Stack) -> None:
    who = await given_subscriber(stack, 1000)
    (login,) = await given_seat(stack, who, "anna")
    async with phone_of(stack, login) as phone:
        assert await phone.is_let_in()
        await phone.log_out()
    await dial(stack, who.number, hang_up_after_ms=500)
    settings = stack.settings
    secrets = [
        login.secret,
        settings.ari.password,
        settings.ami.password,
        settings.access.asterisk_token or "",
    ]
    assert all(len(secret) > 10 for secret in secrets)
    logs = [
        path for path in stack.state.rglob("*") if path.is_file() and path.suffix in (".log", ".jsonl", ".1")
    ]
    assert {"service.log", "messages.log", "security.log", "cel.jsonl"} <= {path.name for path in logs}
    running = command_lines()
    assert b"asterisk" in running
    for secret in secrets:
        assert secret.encode() not in running
        assert not [path for path in logs if secret.encode() in path.read_bytes()]
