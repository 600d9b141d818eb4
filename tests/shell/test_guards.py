"""Guards in the office: set, shown, given back; and a start that knows what was counted before."""

import re

from callctl.calls.legs import leg_id_of
from callctl.calls.money.late import LateRecord
from callctl.calls.money.meter import Meter
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegRefused, LegSettled
from callctl.earlier_life import EarlierLife
from callctl.storage.guards import GuardBook
from callctl.storage.journal import Journal
from callctl.storage.running_calls import read_left
from callctl.storage.watches import learn
from dialplan.causes import Cause
from rating.calendar import DAY_MS, MINUTE_MS
from rating.money import Money
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Side
from rating.watch import Usage
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office
from tests.shell.shop import LINE, MOBILE, NOW_MS, Shop, shop_of
from tests.shell.test_account_commands import new_account
from tests.shell.test_journal import journal_to

HOUR_MS = 60 * MINUTE_MS
OWN = {"new_after_days": 5, "new_calls_a_day": 100}


async def test_an_account_has_its_profiles_guards_and_can_have_its_own(
    office: Office, callctl: Callctl
) -> None:
    account_id, _ = await new_account(office)
    shown = callctl("account", "guards", account_id, "--json").json
    assert (shown["guards"]["calls_at_once"], shown["guards"]["night_begin"]) == (30, "22:00")
    assert set(shown["own"].values()) == {None}
    set_ = ("calls-at-once=5", "money-an-hour=12.50", "night-price=off", "zone=+07:00", "night-begin=23:30")
    words = [word for one in set_ for word in ("--set", one)]
    changed = callctl("account", "guards", account_id, *words, "--json").json
    own = {name: value for name, value in changed["own"].items() if value is not None}
    assert own == {
        "calls_at_once": 5,
        "money_an_hour_kopecks": 12_50,
        "night_price_kopecks": "off",
        "night_begin": "23:30",
        "zone": "+07:00",
    }
    assert changed["guards"] == {**shown["guards"], **own, "night_price_kopecks": None}
    said = callctl("account", "guards", account_id, "--set", "calls-at-once=profile").out
    assert re.search(r"calls-at-once +30 +0 +the profile's", said), said
    assert re.search(r"money-an-hour +12.50 +0.00 +its own", said), said


async def test_guards_are_there_after_a_restart(office: Office, callctl: Callctl) -> None:
    account_id, _ = await new_account(office)
    before = callctl("account", "guards", account_id, "--set", "new-calls-a-day=3", "--json").json
    await office.stop()
    await office.start()
    assert callctl("account", "guards", account_id, "--json").json == before


async def test_what_is_no_guard_changes_nothing(office: Office, callctl: Callctl) -> None:
    account_id, _ = await new_account(office)
    before = callctl("account", "guards", account_id, "--json").json
    for words, told in (
        (("calls=5",), "is none: write calls-at-once=20"),
        (("calls-at-once=many",), "'many' is no number"),
        (("calls-at-once=-1",), "'-1' is no number"),
        (("money-an-hour=1.234",), "not an amount in roubles"),
        (("zone=Moscow",), "is no zone: write +03:00 for Moscow"),
        (("zone=+25:00",), "is no zone"),
        (("night-begin=25:00",), "is no time of a day"),
        (("night-begin=07:00",), "the night begins and ends at the same time"),
        (("new-price=off",), "new_price_kopecks"),
        (("calls-at-once=1", "calls-at-once=2"), "was given twice"),
    ):
        said = callctl("account", "guards", account_id, *(word for one in words for word in ("--set", one)))
        assert is_complaint(said, 2, told), said
    assert callctl("account", "guards", account_id, "--json").json == before
    assert is_complaint(callctl("account", "guards", "nobody"), 2, "there is no account 'nobody'")


class Talker:
    """Who talks as the service would write it down."""

    def __init__(self, shop: Shop, journal: Journal) -> None:
        self._shop = shop
        self._journal = journal

    async def talk(
        self,
        account_id: str,
        call_id: str,
        ago_ms: int,
        talked_ms: int | None,
        *,
        answered: bool = True,
        number: int = 1,
    ) -> None:
        """`talked_ms` is None: it still runs."""
        held_ms, leg_id = NOW_MS - ago_ms, leg_id_of(call_id, number)
        ledger, account = self._shop.ledger, self._shop.till.account(account_id)
        quote = Quote(self._shop.tariffs, account, Side.OUTGOING, "", MOBILE, LINE, call_id)
        on = Connection(account_id, leg_id, call_id, "", MOBILE, LINE)
        meter = Meter.open(ledger, leg_id, quote, held_ms, held_ms)
        if isinstance(meter, Refusal):
            await self._journal.write(LegRefused(on, held_ms, meter, Cause.REJECTED))
            return
        await self._journal.write(LegHeld(on, held_ms, meter.rate, meter.held))
        if answered:
            meter.answered(held_ms)
            await self._journal.write(LegBegan(account_id, leg_id, held_ms))
        if talked_ms is None:
            return
        if answered:
            charge, entries = meter.charge_as_talked(talked_ms // 1000, held_ms + talked_ms)
        else:
            charge, entries = meter.settle(held_ms + talked_ms, is_connected=True)
        ended = (charge, entries, EndedBy.CALLER, Cause.NORMAL)
        await self._journal.write(LegSettled(account_id, leg_id, held_ms + talked_ms, *ended))


async def lives(shop: Shop, journal: Journal) -> None:
    """Of ann and ben; ben had talked to nobody on a day before."""
    talker = Talker(shop, journal)
    await talker.talk("ann", "morning", 70 * MINUTE_MS, 9 * MINUTE_MS)
    for account_id in ("ann", "ben"):
        call = account_id
        await talker.talk(account_id, f"{call}-long", 3 * HOUR_MS, 3 * HOUR_MS - 30_000)
        await talker.talk(account_id, f"{call}-hour", HOUR_MS, 20_000)
        await talker.talk(account_id, f"{call}-unheard", 50_000, 20_000, answered=False)
        await talker.talk(account_id, f"{call}-runs", 40_000, None)
        await talker.talk(account_id, f"{call}-runs", 30_000, None, answered=False, number=2)
        await talker.talk(account_id, f"{call}-runs", 30_000, 5_000, number=3)
    shop.till.account("ben").guards = shop.till.account("ben").guards.over({"calls_at_once": 1})
    await talker.talk("ben", "ben-refused", 10_000, None)


async def usages(shop: Shop) -> list[Usage]:
    accounts = (shop.till.account("ann"), shop.till.account("ben"))
    return [account.watch.usage(account.guards, NOW_MS) for account in accounts]


async def rich(shop: Shop, journal: Journal) -> None:
    await shop.open(account_id="ben")
    for account_id in ("ann", "ben"):
        await shop.postings.pay(account_id, Money(100_000_00), "much")
    await Talker(shop, journal).talk("ann", "old", 3 * DAY_MS, 60_000)


async def test_a_start_knows_what_the_guards_had_counted(shop: Shop, database: str) -> None:
    async with journal_to(database) as (journal, _):
        await rich(shop, journal)
        for account_id in ("ann", "ben"):
            await GuardBook(shop.till).set_own(account_id, OWN, frozenset())
        await lives(shop, journal)
        record = LateRecord("ann", "p7", LINE, MOBILE, LINE, NOW_MS - 2 * HOUR_MS, 180)
        await shop.late.post(record, approved=False)
    before = await usages(shop)
    assert before == [
        Usage(1, 2, (180 + 1 + 2) * 25_00, 0, 0),
        Usage(1, 2, (180 + 1 + 2) * 25_00, 4, (180 + 1 + 1 + 2) * 25_00),
    ]
    async with shop_of(database) as after, after.till.reading() as connection:
        await learn(connection, after.ledger.accounts(), NOW_MS)
        left = await read_left(connection, after.ledger)
        EarlierLife(left, after.ledger, after.tariffs, NOW_MS)
        assert await usages(after) == before


async def test_a_guard_that_is_set_counts_what_was_before(shop: Shop, database: str) -> None:
    async with journal_to(database) as (journal, _):
        await rich(shop, journal)
        await lives(shop, journal)
    async with shop_of(database) as after:
        for account_id in ("ann", "ben"):
            await GuardBook(after.till).set_own(account_id, OWN, frozenset())
        hours = [usage.money_an_hour for usage in await usages(after)]
        assert [usage.new_calls_a_day for usage in await usages(after)] == [0, 4]
        assert hours == [(180 + 1) * 25_00] * 2, "but for what runs"
