"""The phones of seats in Asterisk: which may log in, and which have.

Rule 1: the office's word counts. Asterisk forgets the phones when it restarts, so after every connect it is
    told all of them again, and rid of those that the office has no more.
Rule 2: of one phone the last change counts; who logged in with the secret of before must do it again.
Rule 3: what Asterisk refuses is logged and counted, and tried again after the next change or connect.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from callctl import metrics
from callctl.asterisk.ari import Ari, AriRefused, AriUnknown
from callctl.calls.events import DeviceSeen
from callctl.calls.phones import Phone, SeatChanged

log = logging.getLogger(__name__)

RETRY_S = 1.0
# Where a seat's own calls come in; by it a phone is known to be ours.
CONTEXT: Final = "callctl-seats"
# An endpoint needs the two others; it is taken away before them.
KINDS: Final = ("auth", "aor", "endpoint")
CONFIG: Final = "asterisk/config/dynamic/res_pjsip"
# A phone whose power was cut says nothing: it is asked, and rung no more within half a minute.
ASKED_EVERY_S: Final = 30
# A phone is somewhere behind its subscriber's router: what it says of its own address is of no use.
SEAT: Final = {
    "transport": "callctl-udp",
    "context": CONTEXT,
    "identify_by": "username",
    "disallow": "all",
    "allow": "alaw,ulaw",
    "dtmf_mode": "auto_info",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "trust_id_inbound": "no",
    "send_pai": "yes",
    "send_connected_line": "no",
    "allow_transfer": "no",
    "allow_overlap": "no",
    "timers": "no",
}


EVERYBODY: Final = "0.0.0.0/0.0.0.0,::/0"


@dataclass(frozen=True, slots=True)
class Login:
    phone: Phone
    shows: str
    allowed: tuple[str, ...] = ()

    def fields(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Of what Asterisk keeps of a phone, in the order of KINDS."""
        phone = self.phone
        yield (
            "auth",
            {
                "auth_type": "md5",
                "username": phone.device,
                "realm": phone.realm,
                "md5_cred": phone.digest,
            },
        )
        yield (
            "aor",
            {"max_contacts": "1", "remove_existing": "yes", "qualify_frequency": str(ASKED_EVERY_S)},
        )
        # Whom 112 sees when the service is away.
        shown = {"callerid": f"<{self.shows}>"} if self.shows else {}
        # Asked before the secret: who comes from elsewhere gets no further.
        only = {"deny": EVERYBODY, "permit": ",".join(self.allowed)} if self.allowed else {}
        yield "endpoint", {**SEAT, "auth": phone.device, "aors": phone.device, **shown, **only}


class Registrar:
    def __init__(self, ari: Ari, seen: Callable[[DeviceSeen], None]) -> None:
        self._ari = ari
        self._seen = seen
        self._logins: dict[str, Login] = {}
        self._devices: dict[tuple[str, str], tuple[str, ...]] = {}
        self._told: dict[str, Login] = {}
        self._due: dict[str, None] = {}  # in their order
        self._heard: set[str] = set()
        self._is_all_due = False
        self._work = asyncio.Event()

    def seat_changed(self, change: SeatChanged) -> None:
        key = (change.account_id, change.name)
        before = self._devices.pop(key, ())
        for device in before:
            self._logins.pop(device, None)
        now = tuple(phone.device for phone in change.phones)
        if change.told:
            self._devices[key] = now
            shows, allowed = change.told.shows, change.told.allowed
            self._logins |= {one.device: Login(one, shows, allowed) for one in change.phones}
        self._due |= dict.fromkeys((*before, *now))
        self._work.set()

    def heard(self, device: str) -> None:
        """There was news of it, so a list that was asked for before is not."""
        self._heard.add(device)

    def connected(self) -> None:
        self._is_all_due = True
        self._work.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self._tell()
            except (AriRefused, AriUnknown) as error:
                if self._ari.is_up:
                    log.warning("Asterisk could not be told of phones: %s; trying again", error)
                    await asyncio.sleep(RETRY_S)
                    self._work.set()

    async def _tell(self) -> None:
        if not self._ari.is_up:
            return  # a connect makes all of it due
        if self._is_all_due:
            await self._look()
        while self._due:
            device = next(iter(self._due))
            login = self._logins.get(device)
            try:
                await (self._let_in(device, login) if login else self._turn_away(device))
            except AriRefused as refused:
                metrics.PHONES_REFUSED.inc()
                log.error("Asterisk does not take the phone %s: %s", device, refused)
            if self._logins.get(device) == login:
                self._due.pop(device, None)

    async def _look(self) -> None:
        """At all that Asterisk has: who has logged in, and who is the office's no more."""
        self._told.clear()
        self._heard.clear()
        listed = await self._ari.list_phones()
        for device in self._logins:
            if device not in self._heard:
                self._seen(DeviceSeen(device, listed.get(device) == "online"))
        gone = [name for name in listed if name not in self._logins and await self._is_ours(name)]
        self._due |= dict.fromkeys((*gone, *self._logins))
        self._is_all_due = False

    async def _is_ours(self, name: str) -> bool:
        try:
            fields = await self._ari.send("GET", f"{CONFIG}/endpoint/{name}")
        except AriRefused:
            return False  # it is not of those that can be changed
        return {"attribute": "context", "value": CONTEXT} in fields

    async def _let_in(self, device: str, login: Login) -> None:
        told = self._told.get(device)
        if told == login:
            return
        if told and (told.phone, told.allowed) != (login.phone, login.allowed):
            await self._turn_away(
                device
            )  # whoever has the secret of before, or is elsewhere, is rung no more
        for kind, fields in login.fields():
            wanted = [{"attribute": name, "value": value} for name, value in fields.items()]
            await self._ari.send("PUT", f"{CONFIG}/{kind}/{device}", {"fields": wanted})
        self._told[device] = login

    async def _turn_away(self, device: str) -> None:
        """Whoever is logged in with it is so no more."""
        self._told.pop(device, None)
        for kind in reversed(KINDS):
            try:
                await self._ari.send("DELETE", f"{CONFIG}/{kind}/{device}")
            except AriRefused as refused:
                if refused.status != 404:
                    raise
