"""AMI: panoramisk behind a wall, for what must not wait behind a prompt: time limits on channels. And who was
not let in is told here and nowhere else.

Rule 1: a new Manager for every connection. Panoramisk repeats unanswered actions after a reconnect, and a
stale time limit would cut a living call.
Rule 2: every action has a time limit and no value has a line break: AMI would take it for another action.
Rule 3: time limits that come all at once, as at a start, are asked for a few at a time: Asterisk carries out
    one after the other, and how long it takes for one says whether it lives.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from callctl.asterisk import turned_away
from callctl.calls.events import Why

log = logging.getLogger(__name__)

ACTION_S_MAX = 2.0
# A caller whom nobody bounds within two seconds gets the fallback: there must be time for the other way.
BOUND_S_MAX = 0.5
ASKED_AT_ONCE = 64
PING_EVERY_S = 4.0
RETRY_S = 1.0
NEVER_S = 10**7  # panoramisk's own ping has no time limit; ours has


class _OneConnection(Manager):  # type: ignore[misc]
    """Panoramisk's manager that says when it is lost instead of coming back by itself."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.lost = asyncio.Event()

    def connection_lost(self, exc: object) -> None:
        self._connected = False
        self.lost.set()


class Ami:
    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        on_state: Callable[[bool], None],
        on_wrong_secret: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._address = (host, port)
        self._user = user
        self._password = password
        self._on_state = on_state
        self._count = partial(turned_away.count, on_wrong_secret)
        self._manager: _OneConnection | None = None
        self._turn = asyncio.Semaphore(ASKED_AT_ONCE)

    @property
    def is_up(self) -> bool:
        return self._manager is not None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        told = ""
        while True:
            manager: _OneConnection | None = None
            try:
                manager = await self._connect()
                self._manager = manager
                told = ""
                self._on_state(True)
                await self._watch(manager)
            except (OSError, TimeoutError, PermissionError) as error:
                if repr(error) != told:
                    told = repr(error)
                    log.warning("AMI is not reachable: %s; trying again", told)
            finally:
                if self._manager is not None:
                    self._manager = None
                    self._on_state(False)
                if manager is not None:
                    manager.close()
            await asyncio.sleep(RETRY_S)

    async def bound(self, channel_id: str, seconds: str) -> Why | None:
        """Let Asterisk end the channel by itself after `seconds`, or never for 0."""
        assert "\r" not in channel_id and "\n" not in channel_id, channel_id
        limit = {"Channel": channel_id, "Variable": "TIMEOUT(absolute)", "Value": seconds}
        async with self._turn:
            manager = self._manager
            if manager is None or manager.lost.is_set():
                return Why.UNKNOWN
            try:
                answer = await _ask(manager, {"Action": "Setvar", **limit}, BOUND_S_MAX)
            except (OSError, TimeoutError):
                manager.lost.set()  # a connection that does not answer is none
                return Why.UNKNOWN
        return None if answer.success else Why.GONE

    async def set_variable(self, channel_id: str, variable: str, value: str) -> bool:
        """False: the channel has gone, or nobody answers. For what no call depends on."""
        assert value.isprintable() and channel_id.isprintable(), (channel_id, value)
        told = {"Action": "Setvar", "Channel": channel_id, "Variable": variable, "Value": value}
        return await self._succeeds(told)

    async def has_module(self, name: str) -> bool:
        return await self._succeeds({"Action": "ModuleCheck", "Module": name})

    async def _succeeds(self, action: dict[str, str]) -> bool:
        manager = self._manager
        if manager is None:
            return False
        try:
            return bool((await _ask(manager, action)).success)
        except (OSError, TimeoutError):
            manager.lost.set()
            return False

    async def _connect(self) -> _OneConnection:
        loop = asyncio.get_running_loop()
        manager = _OneConnection(
            loop=loop,
            username=self._user,
            secret=self._password,
            events="security",
            ping_delay=NEVER_S,
            ping_interval=NEVER_S,
        )
        for event in turned_away.EVENTS:
            manager.register_event(event, self._count)
        connecting = loop.create_connection(AMIProtocol, *self._address)
        connected: asyncio.Future[Any] = loop.create_future()
        connected.set_result(await asyncio.wait_for(connecting, ACTION_S_MAX))
        manager.connection_made(connected)
        login = manager.authenticated_future
        try:
            answer = await asyncio.wait_for(asyncio.shield(login), ACTION_S_MAX)
        except TimeoutError:
            manager.close()
            raise
        if not answer.success:
            manager.close()
            raise PermissionError("AMI refuses the user or the secret")
        return manager

    async def _watch(self, manager: _OneConnection) -> None:
        """Until the connection is lost, or open and dead."""
        while not manager.lost.is_set():
            await _ask(manager, {"Action": "Ping"})
            try:
                await asyncio.wait_for(manager.lost.wait(), PING_EVERY_S)
            except TimeoutError:
                continue
        log.warning("AMI is lost")


async def _ask(manager: Manager, action: dict[str, str], seconds_max: float = ACTION_S_MAX) -> Any:
    return await asyncio.wait_for(manager.send_action(action), seconds_max)
