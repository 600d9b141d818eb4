"""What Asterisk's own commands and records say of a caller: whose call it is, and where in the scheme.

Rule 1: no call waits for it: labels are written one after the other, behind whatever the call orders.
Rule 2: of one channel the last word counts; when it has gone, or while AMI is away, labels are left out.
Rule 3: CDR fields are set where Asterisk has func_cdr only: else each try would be an error in its log.
"""

import asyncio
from typing import Final

from callctl.asterisk.ami import Ami
from callctl.calls.records import CallAt
from callctl.complaint import one_line

ACCOUNT: Final = "CHANNEL(accountcode)"
NODE: Final = "CALLCTL_NODE"
CDR: Final = "CDR(userfield)"
CDR_MODULE: Final = "func_cdr"
WAITING_MAX: Final = 10_000
VALUE_MAX: Final = 200

Label = tuple[str, str]  # channel and variable


class Labels:
    def __init__(self, ami: Ami) -> None:
        self._ami = ami
        self._waiting: dict[Label, str] = {}  # in their order
        self._work = asyncio.Event()

    def at(self, place: CallAt) -> None:
        """The caller has come to a node."""
        if not self._ami.is_up or len(self._waiting) > WAITING_MAX:
            return
        call_id = place.call_id
        if len(place.way) == 1 and place.account_id:
            self._waiting[call_id, ACCOUNT] = place.account_id
        self._waiting[call_id, NODE] = told(place.node)
        self._waiting[call_id, CDR] = told(f"call={call_id} node={place.node}")
        self._work.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            keeps_cdrs = await self._ami.has_module(CDR_MODULE)
            while self._waiting:
                (channel, variable) = next(iter(self._waiting))
                value = self._waiting.pop((channel, variable))
                if variable != CDR or keeps_cdrs:
                    await self._ami.set_variable(channel, variable, value)


def told(text: str) -> str:
    """In one line, as it ends up in headers and in rows."""
    return one_line(text)[:VALUE_MAX]
