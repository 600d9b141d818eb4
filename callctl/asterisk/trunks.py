"""The lines to carriers as Asterisk knows them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.asterisk.registrar import CONFIG
from callctl.complaint import Complaint

# Who asks from Asterisk's command line waits no longer than two.
ANSWER_S_MAX = 1.5
STATES: Final = {"online": "up", "offline": "away", "unknown": "not known"}


class NoAsterisk(Complaint):
    """It may answer in a minute."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    name: str
    state: str
    contact: str  # where Asterisk sends its calls
    legs: int  # that run over it now
    is_emergency: bool


class Trunks:
    def __init__(self, ari: Ari, names: Sequence[str], emergency: str) -> None:
        self._ari = ari
        self._names = list(dict.fromkeys((*names, emergency)))
        self._emergency = emergency

    async def look(self) -> list[TrunkView]:
        """In the order in which they are tried."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                known = {one["resource"]: one for one in await self._ari.send("GET", "endpoints/PJSIP")}
                return [await self._view(name, known.get(name)) for name in self._names]
        except (AriRefused, AriUnknown, TimeoutError) as error:
            raise NoAsterisk(f"Asterisk does not answer over ARI: {error or 'too late'}") from error

    async def _view(self, name: str, endpoint: dict[str, object] | None) -> TrunkView:
        is_emergency = name == self._emergency
        if endpoint is None:
            return TrunkView(name, "missing in Asterisk", "", 0, is_emergency)
        legs, state = endpoint["channel_ids"], str(endpoint["state"])
        assert isinstance(legs, list)
        return TrunkView(name, STATES.get(state, state), await self._contact(name), len(legs), is_emergency)

    async def _contact(self, name: str) -> str:
        try:
            fields = await self._ari.send("GET", f"{CONFIG}/aor/{name}")
        except AriRefused:
            return ""  # named otherwise, or a line that logs in to us
        return next((field["value"] for field in fields if field["attribute"] == "contact"), "")
