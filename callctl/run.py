"""One service from its settings to its end: opens what it needs, serves, closes in order.

Rule 1: first the accounts are ours alone, then they are loaded, then Asterisk is told that we are there.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import uvloop

from callctl.api.accounts import AccountApi
from callctl.api.console.door import Console
from callctl.api.console.eyes import Eyes, Sight
from callctl.api.console.hands import Hands
from callctl.api.events import EventApi
from callctl.api.guards import GuardApi
from callctl.api.live import LiveApi
from callctl.api.live_page import LivePage
from callctl.api.notices import NoticeApi
from callctl.api.pace import Pace
from callctl.api.postings import PostingApi
from callctl.api.queues import QueueApi
from callctl.api.reconcile import OpenPeriod, ReconcileApi
from callctl.api.recordings import RecordingApi
from callctl.api.routes import HasRoutes
from callctl.api.schemes import SchemeApi
from callctl.api.seats import SeatApi
from callctl.api.server import Api, serve_api
from callctl.api.sounds import SoundApi
from callctl.api.statement import StatementApi
from callctl.api.stream import Stream
from callctl.api.tariffs import TariffApi
from callctl.api.tokens import TokenApi
from callctl.api.ways import WayApi
from callctl.asterisk.ari import AriTaken
from callctl.audit import Audit
from callctl.calls.directory import Directory, Number
from callctl.calls.events import EntryPosted
from callctl.calls.switchboard import Switchboard
from callctl.clock import Clock, milliseconds
from callctl.complaint import Complaint
from callctl.doors import Doors, read_doors
from callctl.herald import Herald
from callctl.inspection import Inspector
from callctl.logbook import logged
from callctl.mending import Mender
from callctl.news import News
from callctl.period import Period
from callctl.places import MIGRATIONS
from callctl.service import Service
from callctl.settings import ServiceSettings, is_loopback
from callctl.signals import end_on_signals
from callctl.stack.ports import is_free_tcp
from callctl.storage.bills import read_mark
from callctl.storage.books import Books
from callctl.storage.database import (
    Connection,
    DatabaseAway,
    Fenced,
    Pool,
    close_pool,
    open_pool,
    unusable,
)
from callctl.storage.deeds import Deeds
from callctl.storage.messages import Messages
from callctl.storage.migrations import migrate
from callctl.storage.notices import Notices
from callctl.storage.ownership import Ownership, take
from callctl.storage.pauses import Pauses, read_pauses
from callctl.storage.postings import Postings
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.recordings import Recordings
from callctl.storage.rows import LegRow, read_accounts, read_numbers
from callctl.storage.running_calls import Left, read_left
from callctl.storage.schemes import Schemes
from callctl.storage.seats import SeatBook, read_all_seats
from callctl.storage.sound_files import SoundFiles
from callctl.storage.sounds import Sounds, restore_sounds
from callctl.storage.statement import Statements
from callctl.storage.till import Till
from callctl.storage.tokens import Tokens
from callctl.storage.watches import learn
from callctl.storage.ways import Ways
from callctl.supervisor import Supervisor
from callctl.tariffs.desk import TariffDesk
from callctl.tariffs.folders import load_profiles
from callctl.tariffs.restore import restore
from dialplan.check import read_scheme
from rating.calendar import DAY_MS
from rating.entries import Entry
from rating.ledger import Ledger
from rating.profile import Tariffs
from rating.quote import fund

log = logging.getLogger("callctl")

# A record may come so late, and then draws on the pots of its own month (GAZ-13.5).
LATE_MS_MAX = 31 * DAY_MS

# The witness's clock may be behind ours.
UNCOMPARED_MS = 60_000
# What differs and is not mended is looked at again at a start, but not for ever.
COMPARED_LATER_MS = 7 * DAY_MS

# A full collection with 100,000 calls stops all of them for most of a second; see docs/speed.md.
COLLECT_AFTER = (2_000, 20, 100)


def run_service(settings: ServiceSettings, *, by_force: bool = False, verbose: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; `by_force`: also when another that seems to live owns the accounts."""
    try:
        with logged(settings.log, verbose=verbose), contextlib.suppress(asyncio.CancelledError):
            uvloop.run(_serve(settings, by_force=by_force))
    except ExceptionGroup as group:
        if fenced := group.subgroup(Fenced):
            raise Complaint(f"{_first(fenced)}: this one has ended, and left all calls alone") from group
        if taken := group.subgroup(AriTaken):
            raise Complaint(f"{_first(taken)}: end one of the two") from group
        raise


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _serve(settings: ServiceSettings, *, by_force: bool) -> None:
    end_on_signals()
    tariffs = load_profiles()
    doors = read_doors(settings.access)
    ownership = await _own(settings, by_force=by_force)
    try:
        await migrate(settings.database, MIGRATIONS)
        pool = await open_pool(settings.database, ownership.owner.settings)
        try:
            await _serve_from(settings, doors, pool, tariffs, ownership)
        finally:
            await close_pool(pool)
    finally:
        ownership.leave()


async def _own(settings: ServiceSettings, *, by_force: bool) -> Ownership:
    # Of no use to anybody is an owner that cannot listen, because the one it took from lives on this machine.
    if by_force and (busy := [each for each in (settings.api, settings.agi) if not is_free_tcp(*each)]):
        raise Complaint(f"{busy[0]} is in use: end what listens there, then start with --take-over")
    try:
        ownership = await take(settings.database, by_force=by_force)
        if ownership is None:
            await migrate(settings.database, MIGRATIONS)
            ownership = await take(settings.database, by_force=by_force)
    except (DatabaseAway, ValueError) as error:
        raise unusable(settings.database, error) from error
    assert ownership
    log.info("the accounts are ours: epoch %d", ownership.owner.epoch)
    return ownership


async def _serve_from(
    settings: ServiceSettings, doors: Doors, pool: Pool, tariffs: Tariffs, ownership: Ownership
) -> None:
    clock = Clock()
    ledger = Ledger()
    directory = Directory(tariffs)
    sounds = SoundFiles(settings.sounds)
    sounds.prepare()
    restored = await restore(pool, tariffs)
    async with pool.acquire() as connection:
        left = await _load(connection, ledger, directory, clock.now_ms())
        await restore_sounds(connection, sounds)
    _collect_no_more()
    service = Service(settings, ledger, directory, clock, left, ownership)
    till = Till(pool, ledger, directory, clock, posted=partial(_post, service, clock))
    news = News(service.switchboard, service.registrar, service.hear, clock.now_ms)
    await _tell_all(pool, news)
    tokens = await _restore_tokens(settings, doors, till)
    desk = TariffDesk(pool, till, tariffs, restored)
    audit, open_period = await _compared(settings.witness, pool, left.legs, till, service)

    health, deeds = partial(_health, service, desk, audit), Deeds(till)
    recordings = Recordings(till, RecordingFiles(settings.recordings))
    stream = Stream(service.switchboard.live_in_turn, partial(news.lines, None), ledger, clock.now_ms)
    api = Api(
        AccountApi(till),
        ledger,
        PostingApi(till),
        TokenApi(tokens, may_be_open=is_loopback(settings.api)),
        TariffApi(desk),
        *_rooms(till, service.switchboard, news, sounds, recordings),
        ReconcileApi(open_period),
        EventApi(stream, tokens),
        LivePage(directory.number),
        *_hands_on(till, service, news, health, tokens, deeds),
        tokens=tokens,
        pace=Pace(settings.access.requests_per_s, asyncio.get_running_loop().time),
        deeds=deeds,
        live=service.switchboard.live_in_turn,
        health=health,
        measure=service.measure,
    )
    runner = await serve_api(api, *settings.api, doors.tls)
    try:
        await service.run(
            _besides(recordings, audit, stream, Herald(Notices(till), stream, service.wrong_secrets))
        )
    finally:
        await runner.cleanup()


def _besides(
    recordings: Recordings, audit: Audit | None, stream: Stream, herald: Herald
) -> dict[str, Callable[[], Coroutine[None, None, None]]]:
    followed = {"follow the witness": audit.run} if audit else {}
    return {
        "remove old recordings": recordings.sweep_now_and_then,
        "tell systemd": Supervisor().run,
        "tell what runs": stream.run,
        "tell of notices": herald.run,
        **followed,
    }


async def _load(connection: Connection, ledger: Ledger, directory: Directory, now_ms: int) -> Left:
    for account in await read_accounts(connection, now_ms - LATE_MS_MAX):
        fund(account, directory.tariffs)
        ledger.open(account)
    await learn(connection, ledger.accounts(), now_ms)
    await _read_directory(connection, directory)
    return await read_left(connection, ledger)


def _post(service: Service, clock: Clock, entries: Sequence[Entry]) -> None:
    at_ms = clock.now_ms()
    for entry in entries:
        service.hear(EntryPosted(entry), at_ms)


def _health(service: Service, desk: TariffDesk, audit: Audit | None) -> dict[str, object]:
    told = service.health() | {"tariffs": desk.is_as_loaded}
    told |= {"witness": audit.health()} if audit else {}
    return told if desk.is_as_loaded else told | {"status": "degraded"}


def _collect_no_more() -> None:
    """What was loaded stays: a collection amid a call need not look at it, nor often at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _compared(
    path: str | None, pool: Pool, open_legs: Sequence[LegRow], till: Till, service: Service
) -> tuple[Audit | None, OpenPeriod]:
    """From the oldest call on that is open, or that nobody may have compared yet."""
    inspector = Inspector(till, service.runs, service.written)
    mender = Mender(till, service.mend)
    witness = Path(path) if path else None

    def open_period(begin: datetime, end: datetime, fix: bool) -> Period:
        return Period(witness, begin, end, inspector, mender if fix else None)

    if witness is None:
        return None, open_period
    async with pool.acquire() as connection:
        mark = await read_mark(connection)
    now_ms = till.clock.now_ms()
    mark_ms = max(milliseconds(mark), now_ms - COMPARED_LATER_MS) if mark else now_ms - UNCOMPARED_MS
    since_ms = min([mark_ms - UNCOMPARED_MS, *(milliseconds(leg.held_at) for leg in open_legs)])
    audit = Audit(witness, since_ms, till.clock, inspector)
    mender.on_mended = audit.look_again
    service.on_bill = audit.settled
    return audit, open_period


def _rooms(
    till: Till, switchboard: Switchboard, news: News, sounds: SoundFiles, recordings: Recordings
) -> list[HasRoutes]:
    """What the office does besides money."""
    return [
        GuardApi(till),
        NoticeApi(Notices(till)),
        SchemeApi(Schemes(till)),
        SoundApi(Sounds(till, sounds)),
        WayApi(Ways(till), switchboard.live_in_turn, till.clock.now_ms),
        SeatApi(SeatBook(till, news.seat_changed), switchboard.seats),
        QueueApi(till, Pauses(till, news.paused), news.lines),
        RecordingApi(Messages(till, recordings.files), recordings),
    ]


def _hands_on(
    till: Till,
    service: Service,
    news: News,
    health: Callable[[], dict[str, object]],
    tokens: Tokens,
    deeds: Deeds,
) -> list[HasRoutes]:
    """What operators look at and end while it runs."""
    books, trunks = Books(till), service.trunks.look
    sight = Sight(till, books, Ways(till), service.switchboard.live, news.lines, trunks, health)
    words = [*Eyes(sight).words(), *Hands(books, Postings(till), news.release).words()]
    return [LiveApi(news.release, trunks), StatementApi(Statements(till)), Console(words, tokens, deeds)]


async def _restore_tokens(settings: ServiceSettings, doors: Doors, till: Till) -> Tokens:
    tokens = Tokens(till, doors.given)
    await tokens.restore()
    if not tokens.is_guarded and not is_loopback(settings.api):
        raise Complaint(
            f"the API would serve whoever reaches {settings.api}: name a file with a token as "
            "access.token_file, or make a token while it listens on 127.0.0.1"
        )
    return tokens


async def _tell_all(pool: Pool, news: News) -> None:
    async with pool.acquire() as connection:
        for seat in await read_all_seats(connection):
            news.seat_changed(seat.change)
        for account_id, member in await read_pauses(connection):
            news.paused(account_id, member, True)


async def _read_directory(connection: Connection, directory: Directory) -> None:
    for row in await read_numbers(connection):
        scheme = read_scheme(row.scheme)
        if isinstance(scheme, list):
            faults = "; ".join(map(str, scheme))
            log.error("number %s is out of service: its scheme has faults: %s", row.e164, faults)
            continue
        directory.add(Number(row.e164, row.account_id, scheme, row.version))
