"""The witness followed while it speaks: every call is compared some seconds after its end, for ever.

Rule 1: nothing of a call waits for it, and it never holds the loop for long.
Rule 2: what is wrong with the witness is said once, in the log and in health, and once more when it is right.
Rule 3: a difference stays until it is mended: it is looked at again now and then.
"""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from callctl import metrics
from callctl.asterisk.evidence import Channel, Channels, Evidence, host_of
from callctl.asterisk.follower import Follower
from callctl.asterisk.witness import Damaged, read_line
from callctl.calls.legs import call_id_of
from callctl.calls.records import LegSettled
from callctl.clock import Clock
from callctl.inspection import Found, Inspector, legs_of
from callctl.reconcile import Difference, Kind, total_kopecks
from callctl.storage.bills import Bill
from callctl.storage.database import DatabaseAway

log = logging.getLogger("callctl")

LOOK_EVERY_S = 1.0
AFTER_END_MS = 5_000  # the records of the other legs come, and the witness's own lines
UNSEEN_MS = 30_000  # then the witness will say nothing of it any more
AGAIN_MS = 60_000
BALANCES_EVERY_MS = 3_600_000
FORGOTTEN_AFTER_MS = 86_400_000
CLOCKS_APART_MS = 10_000
CALLS_AT_ONCE = 50
LINES_AT_ONCE = 64  # some tenths of a millisecond
SLICES_AT_ONCE = 64  # some megabytes; then what is over is compared and forgotten
FAULTS_FOR_MS = 3_600_000
STANDING_MAX = 10_000


class Faults:
    """What is wrong now, each by its word."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.now: dict[str, str] = {}
        self._said_ms: dict[str, int] = {}

    def say(self, word: str, told: str, at_ms: int) -> None:
        if word not in self.now:
            log.error("the witness %s: %s", self._path, told)
        self.now[word], self._said_ms[word] = told, at_ms

    def clear_old(self, before_ms: int) -> None:
        """What has not come again since."""
        for word in [word for word in self.now if self._said_ms[word] < before_ms]:
            self.clear(word)

    def clear(self, word: str) -> None:
        if self.now.pop(word, None):
            log.warning("the witness %s: %s no longer", self._path, word)


class Audit:
    def __init__(self, path: Path, since_ms: int, clock: Clock, inspector: Inspector) -> None:
        self._clock = clock
        self._inspector = inspector
        self._follower = Follower(path, since_ms)
        self._evidence = Evidence()
        self._due: dict[str, int] = {}  # calls, and when they are to be looked at
        self._told: dict[str, tuple[set[str], int]] = {}  # legs with bills, by call, and since when
        self._standing: dict[tuple[str, str], Found] = {}
        self._unbalanced: list[Difference] = []
        self._again_ms = clock.now_ms() + AGAIN_MS
        self._balances_ms = clock.now_ms() + AGAIN_MS
        self._lag_ms = 0
        self._read_to_end_ms: int | None = None
        self._newest_ms: int | None = None
        self.faults = Faults(path)

    def health(self) -> dict[str, object]:
        return {
            "faults": sorted(self.faults.now.values()),
            "damaged_lines": self._evidence.damaged,
            "differences": len(self.differences),
            "difference_kopecks": total_kopecks(self.differences),
        }

    @property
    def differences(self) -> list[Difference]:
        return [found.difference for found in self._standing.values()] + self._unbalanced

    def settled(self, bill: LegSettled) -> None:
        """The ledger is told so."""
        call_id, now_ms = call_id_of(bill.leg_id), self._clock.now_ms()
        legs, _ = self._told.get(call_id, (set(), 0))
        self._told[call_id] = legs | {bill.leg_id}, now_ms
        self._due[call_id] = now_ms + AFTER_END_MS

    async def run(self) -> None:
        try:
            while True:
                try:
                    await self._look()
                except DatabaseAway as error:
                    log.warning("calls cannot be compared now: %s", error)
                self._measure()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self._follower.close()

    def look_again(self) -> None:
        """Something was mended."""
        self._again_ms = self._balances_ms = self._clock.now_ms()

    async def _look(self) -> None:
        await self._read()
        now_ms = self._clock.now_ms()
        due = [call_id for call_id, at_ms in self._due.items() if at_ms <= now_ms]
        for begin in range(0, len(due), CALLS_AT_ONCE):
            await self._inspect(due[begin : begin + CALLS_AT_ONCE])
        if now_ms >= self._again_ms:
            await self._look_at_standing()
            self._forget_old(now_ms)
            await self._inspector.mark(self._compared_until_ms(now_ms))
            self._again_ms = now_ms + AGAIN_MS
        if now_ms >= self._balances_ms:
            self._unbalanced = await self._inspector.balances()
            _shout(self._unbalanced)
            self._balances_ms = now_ms + BALANCES_EVERY_MS

    async def _read(self) -> None:
        for _ in range(SLICES_AT_ONCE):
            try:
                read = await asyncio.to_thread(self._follower.read)
            except OSError as error:
                self._say("unreadable", f"it cannot be read: {error.strerror}")
                return
            self.faults.clear("unreadable")
            if read.is_all:
                self._compare_clocks()
                return
            if read.is_cut_short:
                self._say("cut short", "it became shorter: what it had said may be lost; keep it whole")
            self._damaged(read.lost + read.is_cut_short)
            for begin in range(0, len(read.lines), LINES_AT_ONCE):
                self._hear(read.lines[begin : begin + LINES_AT_ONCE])
                await asyncio.sleep(0)

    def _say(self, word: str, told: str) -> None:
        self.faults.say(word, told, self._clock.now_ms())

    def _hear(self, lines: Iterable[bytes]) -> None:
        now_ms = self._clock.now_ms()
        for line in lines:
            try:
                happening = read_line(line)
            except Damaged:
                self._damaged(1)
                continue
            if happening is None:
                continue
            call_id = self._evidence.hear(happening)
            if happening.kind == "HANGUP":
                self._due[call_id] = now_ms + AFTER_END_MS

    def _damaged(self, lines: int) -> None:
        if lines:
            self._evidence.miss(lines)
            metrics.WITNESS_DAMAGED.inc(lines)
            self._say(
                "damaged",
                f"a line near byte {self._follower.position} cannot be read: "
                "of calls at that time it proves nothing by silence",
            )

    def _compare_clocks(self) -> None:
        """What is new was written since we looked last."""
        now_ms, newest_ms = self._clock.now_ms(), self._evidence.until_ms
        since_ms, self._read_to_end_ms = self._read_to_end_ms, now_ms
        if self._newest_ms == newest_ms or newest_ms is None or since_ms is None:
            self._newest_ms = newest_ms
            return
        self._newest_ms = newest_ms
        self._lag_ms = now_ms - newest_ms
        behind_ms, ahead_ms = since_ms - newest_ms, newest_ms - now_ms
        if max(behind_ms, ahead_ms) > CLOCKS_APART_MS:
            word = "behind" if behind_ms > 0 else "ahead of"
            apart_s = max(behind_ms, ahead_ms) // 1000
            self._say("clock", f"its clock is {apart_s} s {word} ours, or its lines come late")
        else:
            self.faults.clear("clock")
        back_ms, self._evidence.set_back_ms = self._evidence.set_back_ms, 0
        if back_ms:
            self._say("set back", f"its clock was set back by {back_ms // 1000} s: calls at that time")

    async def _inspect(self, call_ids: list[str]) -> None:
        now_ms = self._clock.now_ms()
        ready = [call_id for call_id in call_ids if not self._inspector.runs(call_id)]
        for call_id in set(call_ids) - set(ready):
            self._due[call_id] = now_ms + AFTER_END_MS
        leg_ids = {leg_id for call_id in ready for leg_id in self._legs(call_id)}
        inspected = await self._inspector.inspect(self._evidence, sorted(leg_ids))
        if inspected is None:
            return
        metrics.RECONCILED.inc(inspected.legs)
        waiting = {bill.row.call_id for bill in inspected.unproven if self._may_still_speak(bill, now_ms)}
        silent = [bill for bill in inspected.unproven if bill.row.call_id not in waiting]
        self._unseen(silent)
        self._strange(inspected.strangers)
        self._keep([found for found in inspected.found if call_id_of(found.difference.leg_id) not in waiting])
        for call_id in ready:
            if call_id in waiting:
                self._due[call_id] = now_ms + AFTER_END_MS
            else:
                self._drop(call_id)

    def _legs(self, call_id: str) -> set[str]:
        told, _ = self._told.get(call_id, (set(), 0))
        return told | set(legs_of(call_id, self._evidence.calls.get(call_id, {})))

    def _may_still_speak(self, bill: Bill, now_ms: int) -> bool:
        _, told_ms = self._told.get(bill.row.call_id, (None, 0))
        return now_ms - told_ms < UNSEEN_MS

    def _unseen(self, bills: list[Bill]) -> None:
        if not bills:
            return
        metrics.UNWITNESSED.inc(len(bills))
        call_id = bills[0].row.call_id
        hosts = ", ".join(repr(host) for host in sorted(self._evidence.hosts)) or "nobody"
        is_other = host_of(call_id) not in self._evidence.hosts
        told = f"it is of {hosts}: name the event log of {host_of(call_id)!r}" if is_other else "is CEL on?"
        self._say("silent", f"it does not say how call {call_id} ended; {told}")

    def _strange(self, call_ids: list[str]) -> None:
        if call_ids:
            host = host_of(call_ids[0])
            self._say("strange", f"it speaks of host {host!r}, of which the ledger knows nothing")

    def _keep(self, found: list[Found]) -> None:
        _shout([one.difference for one in found])
        for one in found:
            if len(self._standing) < STANDING_MAX:
                self._standing[one.difference.account_id, one.difference.leg_id] = one

    async def _look_at_standing(self) -> None:
        if not self._standing:
            return
        known = Evidence(hosts=self._evidence.hosts)
        for found in self._standing.values():
            known.calls[call_id_of(found.difference.leg_id)] = found.channels
        legs = sorted({leg_id for _, leg_id in self._standing})
        inspected = await self._inspector.inspect(known, legs)
        if inspected is not None:
            kept = {(one.difference.account_id, one.difference.leg_id): one for one in inspected.found}
            # What only silence proved is proven no more, and stands until somebody has looked at it.
            silent = {(bill.row.account_id, bill.row.leg_id) for bill in inspected.unproven}
            kept |= {key: found for key, found in self._standing.items() if key in silent}
            self._standing = kept

    def _compared_until_ms(self, now_ms: int) -> int:
        """Whatever began before is over, compared and right."""
        began = [_began_ms(channels) for channels in self._evidence.calls.values()]
        began += [_began_ms(found.channels) for found in self._standing.values()]
        return min([moment for moment in began if moment is not None], default=now_ms)

    def _drop(self, call_id: str) -> None:
        self._due.pop(call_id, None)
        self._told.pop(call_id, None)
        self._evidence.forget(call_id)

    def _forget_old(self, now_ms: int) -> None:
        """Calls whose end nobody told; gaps that are over for long."""
        before_ms = now_ms - FORGOTTEN_AFTER_MS
        for call_id, channels in list(self._evidence.calls.items()):
            newest_ms = max(moment for one in channels.values() for moment in _moments(one))
            if newest_ms < before_ms and call_id not in self._due and not self._inspector.runs(call_id):
                self._evidence.forget(call_id)
        self._evidence.forget_gaps(before_ms)
        self.faults.clear_old(now_ms - FAULTS_FOR_MS)

    def _measure(self) -> None:
        differences = self.differences
        metrics.DIFFERENCE_KOPECKS.set(total_kopecks(differences))
        for kind, gauge in metrics.DIFFERENCES.items():
            gauge.set(sum(one.kind is Kind(kind) for one in differences))
        metrics.WITNESS_LAG.set(self._lag_ms / 1000)


def _began_ms(channels: Channels) -> int | None:
    return min((moment for one in channels.values() for moment in _moments(one)), default=None)


def _moments(channel: Channel) -> list[int]:
    known = (channel.came_ms, channel.answered_ms, channel.ended_ms)
    return [moment for moment in known if moment is not None]


def _shout(differences: list[Difference]) -> None:
    for one in differences:
        log.error("reconcile: %s", one)
