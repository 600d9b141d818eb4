"""The leak frame: what must be nothing after every test, and what must be gone after a stack.

Rule 1: it asks everybody who could know: Asterisk, the service's figures, the database, the kernel.
Rule 2: news needs its milliseconds, so it polls; what is still there after its patience is named whole.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from tests.e2e.parts import Parts
from tests.e2e.stacks import END_S_MAX, Stack
from tests.e2e.words import Subscriber, bill, until

# Longer than Asterisk is asked for its channels now and then: news that got lost are found out by then.
SETTLE_S_MAX = 20.0

# What a stack leaves in its state directory: its database, its logs, and Asterisk's own small store.
KEPT = {"asterisk", "postgres", "service.log", "sounds"}
KEPT_OF_ASTERISK = {"data", "log", "spool", "var"}
KEPT_OF_POSTGRES = {"cluster", "initdb.log", "postgres.log"}

ZERO = ("callctl_holds", "callctl_held_kopecks", "callctl_ledger_records_waiting", "callctl_faults_total")


async def assert_nothing_left(stack: Stack) -> None:
    found: list[str] = []

    async def is_clean() -> bool:
        found[:] = [*await _on_asterisk(stack), *await _in_service(stack), *await _in_books(stack)]
        return not found

    try:
        await until(is_clean, "a clean stack", within_s=SETTLE_S_MAX)
    except AssertionError:
        raise AssertionError("left behind: " + "; ".join(found)) from None


async def assert_written_before_the_end(parts: Parts, talker: Subscriber) -> None:
    """The service ends in order: the next one finds the bill of whoever talked, and nothing to settle."""
    await parts.end_service()
    await parts.start_service()
    leg = await bill(parts.stack, talker)
    assert (leg["charge_kopecks"] > 0, leg["ended_by"]) == (True, "service")
    await assert_nothing_left(parts.stack)


async def _on_asterisk(stack: Stack) -> list[str]:
    channels = [f"channel {channel['name']}" for channel in await stack.ask_ari("/channels")]
    return channels + [f"bridge {bridge['id']}" for bridge in await stack.ask_ari("/bridges")]


async def _in_service(stack: Stack) -> list[str]:
    async with stack.api.get("/health") as answer:
        health = await answer.json()
    found = [] if health["status"] == "ok" else [f"health {health}"]
    metrics = await stack.metrics()
    found += [f"{name} {metrics[name]:g}" for name in ZERO if metrics[name]]
    return found + [
        f"{name} {value:g}" for name, value in metrics.items() if name.startswith("callctl_calls{") and value
    ]


async def _in_books(stack: Stack) -> list[str]:
    """The database with itself, and the service's memory with the database."""
    legs = await stack.database.fetch("SELECT leg_id FROM leg WHERE ended_at IS NULL")
    found = [f"open leg {leg['leg_id']}" for leg in legs]
    accounts = await stack.database.fetch(
        """
        SELECT account_id, balance_kopecks,
               coalesce((SELECT sum(amount_kopecks) FROM entry
                         WHERE entry.account_id = account.account_id), 0) AS lines_kopecks
        FROM account
        """
    )
    for account_id, balance, lines in accounts:
        if balance != lines or balance < 0:
            found.append(f"{account_id} has {balance}, its lines say {lines}")
        shown = await stack.get(f"/accounts/{account_id}")
        if (shown["balance_kopecks"], shown["held_kopecks"]) != (balance, 0):
            found.append(f"{account_id} has {balance} in the database, in memory {shown}")
    return found


async def assert_as_witnessed(stack: Stack, *, worthless: Collection[str] = ()) -> None:
    """What was billed is what Asterisk's own record says; of these kinds may differ what is worth nothing."""
    now, hours = datetime.now(UTC), timedelta(hours=6)
    period = {"begin": (now - hours).isoformat(), "end": (now + hours).isoformat()}
    patience = aiohttp.ClientTimeout(total=60)
    async with stack.api.post("/reconcile", json=period, timeout=patience) as answer:
        told = [json.loads(line) for line in (await answer.text()).splitlines()]
    assert "total" in told[-1], told[-1]
    differences = [line for line in told if "kind" in line]
    counts = [line for line in differences if line["difference_kopecks"] or line["kind"] not in worthless]
    assert not counts, "\n".join(map(str, counts))


async def end(stack: Stack) -> None:
    """SIGTERM, as an operator ends it, and then nothing may be left but what is kept on purpose."""
    assert stack.process.returncode is None, "`callctl up` ended by itself"
    stack.process.send_signal(signal.SIGTERM)
    code = await asyncio.wait_for(stack.process.wait(), END_S_MAX)
    assert code == 0, f"`callctl up` ended with {code}: {(stack.folder / 'up.log').read_text()}"
    for far_end in (stack.carrier, stack.spare):
        await far_end.stop()
    assert_gone(stack)


def assert_gone(stack: Stack) -> None:
    processes = _processes_of(stack)
    assert not processes, f"still running: {processes}"
    state = stack.state
    assert _names(state) == KEPT
    assert _names(state / "asterisk") == KEPT_OF_ASTERISK
    assert _names(state / "postgres") == KEPT_OF_POSTGRES
    assert _names(stack.tmp) == set()
    secrets = (stack.settings.ari.password.encode(), stack.settings.ami.password.encode())
    for path in state.rglob("*"):
        assert not path.is_socket(), f"a socket stayed: {path}"
        if path.is_file() and not path.is_relative_to(state / "postgres"):
            assert not any(secret in path.read_bytes() for secret in secrets), f"a secret stayed in {path}"


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def _processes_of(stack: Stack) -> list[str]:
    """Everybody who was started with the stack's folder in words or environment, or works inside it.

    Process ids would tell less: this kernel gives them to others within minutes.
    """
    found = []
    marks = (os.fsencode(stack.folder), os.fsencode(stack.tmp))
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended while we look
            words, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            is_inside = (process / "cwd").readlink().is_relative_to(stack.folder)
            if is_inside or any(mark in words + environment for mark in marks):
                found.append(f"{process.name} {words.decode('utf-8', 'replace')}")
    return found
