"""What the office does to money, on a real PostgreSQL: durable first, once each, the same after a restart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from callctl.calls.money.late import LateRecord
from callctl.complaint import Clash, Complaint, Missing
from callctl.storage.books import NewAccount
from callctl.storage.database import DatabaseAway
from callctl.storage.rows import read_entries, read_leg
from rating.calendar import DAY_MS
from rating.entries import EntryKind
from rating.funds import OwnFunds, Stop
from rating.ledger import Hold
from rating.limits import LimitKind
from rating.money import ZERO, Money
from rating.pots import Ask, Sources
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Side
from tests.shell.office import until
from tests.shell.relay import Relay
from tests.shell.shop import LINE, MOBILE, NOW_MS, Shop, at, shop_of
from tests.shell.test_journal import is_true

MINUTE_MS = 60_000
ANSWERED_MS = at("2025-08-28 10:00")


@pytest.fixture
async def shop(database: str) -> AsyncIterator[Shop]:
    async with shop_of(database) as shop:
        yield shop


def record(**changes: object) -> LateRecord:
    """Three minutes on 28 August."""
    told = LateRecord("ann", "p7", LINE, MOBILE, LINE, ANSWERED_MS, 180)
    return replace(told, **changes)  # type: ignore[arg-type]


# --- chargebacks, corrections, refunds -------------------------------------------------------------------


async def test_a_payment_that_the_bank_takes_back_becomes_a_debt_by_a_line_of_its_own(shop: Shop) -> None:
    ann = await shop.open()
    await shop.postings.pay("ann", Money(500_00), "bank-1")
    await shop.postings.correct("ann", -420_00, "spent", "as if it were talked away", "")
    assert await shop.postings.charge_back("ann", "bank-1", "back-1")
    assert ann.balance == -420_00  # DELO-7.4
    assert not await shop.postings.charge_back("ann", "bank-1", "back-1")
    with pytest.raises(Clash, match="taken back already, as 'back-1'"):
        await shop.postings.charge_back("ann", "bank-1", "back-2")
    with pytest.raises(Missing, match="no payment 'spent'"):
        await shop.postings.charge_back("ann", "spent", "back-3")
    assert (ann.balance, len(await shop.lines())) == (-420_00, 3)
    refused = Quote(shop.tariffs, ann, Side.OUTGOING, LINE, MOBILE, LINE).admit(NOW_MS)
    assert refused is Refusal.STOPPED


async def test_told_at_once_a_payment_is_taken_back_once(shop: Shop) -> None:
    ann = await shop.open()
    await shop.postings.pay("ann", Money(500), "bank-1")
    postings = shop.postings
    told = await asyncio.gather(
        *(postings.charge_back("ann", "bank-1", f"back-{n}") for n in range(4)), return_exceptions=True
    )
    assert [one is True for one in told].count(True) == 1
    assert all(one is True or isinstance(one, Clash) for one in told)
    assert ann.balance == 0


async def test_a_correction_names_the_line_it_is_about_and_says_why(shop: Shop) -> None:
    ann = await shop.open(100)
    assert await shop.postings.correct("ann", -30, "c1", "paid twice", "opening")
    assert not await shop.postings.correct("ann", -30, "c1", "told again in other words", "opening")
    for amount, about in ((-31, "opening"), (-30, "")):
        with pytest.raises(Clash):
            await shop.postings.correct("ann", amount, "c1", "paid twice", about)
    with pytest.raises(Missing, match="no line 'nothing'"):
        await shop.postings.correct("ann", 5, "c2", "why", "nothing")
    async with shop.till.reading() as connection:
        line = (await read_entries(connection, "ann"))[-1]
    assert (ann.balance, line.refers_to, line.note) == (70, "opening", "paid twice")


async def test_given_back_is_at_most_what_is_the_subscribers_and_free(shop: Shop) -> None:
    ann = await shop.open(1_000)
    await shop.books.set_terms("ann", {"credit": Money(5_000)})
    hold = shop.talk(ann, 300)
    assert isinstance(hold, Hold)
    with pytest.raises(Complaint, match=r"only 7\.00 RUB can be given back"):
        await shop.postings.refund("ann", Money(701), "r1")
    assert await shop.postings.refund("ann", Money(700), "r1")
    assert not await shop.postings.refund("ann", Money(700), "r1")  # though nothing is left
    with pytest.raises(Clash):
        await shop.postings.refund("ann", Money(1), "r1")
    assert (ann.balance, ann.held, shop.ledger.holds_open) == (300, 300, 1)


async def test_two_refunds_at_once_do_not_give_the_same_money(shop: Shop) -> None:
    ann = await shop.open(1_000)
    postings = shop.postings
    told = await asyncio.gather(
        *(postings.refund("ann", Money(600), f"r{n}") for n in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in told) == ["Complaint", "Complaint", "bool"]
    assert (ann.balance, ann.held, shop.ledger.holds_open) == (400, 0, 0)


async def test_while_a_refund_is_written_no_call_takes_its_money(shop: Shop) -> None:
    ann = await shop.open(1_000)
    async with shop.till.reading() as connection, connection.transaction():
        await connection.execute("LOCK TABLE entry IN EXCLUSIVE MODE")
        refund = asyncio.create_task(shop.postings.refund("ann", Money(600), "r1"))
        await until(lambda: is_true(ann.held), "the refund keeps its money")
        assert shop.talk(ann, 401) is Refusal.NOT_ENOUGH
    assert await refund
    assert (ann.balance, ann.held) == (400, 0)


# --- guarantees ------------------------------------------------------------------------------------------


async def test_a_guarantee_moves_money_to_the_number_covered_or_not(shop: Shop) -> None:
    ann = await shop.open(300_00)
    assert await shop.postings.guarantee("ann", "+7 495 123-45-67", "2025-09", Money(1_000_00))
    assert not await shop.postings.guarantee("ann", LINE, "2025-09", Money(1_000_00))
    with pytest.raises(Clash):
        await shop.postings.guarantee("ann", LINE, "2025-09", Money(1))
    assert ann.balance == -700_00  # ISS-5.4
    assert shop.shown()[0]["available_kopecks"] == 300_00
    assert shop.shown()[0]["paid"] == [{"number": LINE, "month": "2025-09", "left_kopecks": 1_000_00}]
    with pytest.raises(Complaint, match="2025-08 is over"):
        await shop.postings.guarantee("ann", LINE, "2025-08", Money(1))
    with pytest.raises(Missing, match="no number '74950000000'"):
        await shop.postings.guarantee("ann", "74950000000", "2025-09", Money(1))
    assert len(await shop.lines()) == 3


# --- limits and terms ------------------------------------------------------------------------------------


async def test_a_limit_counts_what_was_spent_before_it_was_set(shop: Shop) -> None:
    ann = await shop.open(100_00)
    hold = shop.talk(ann, 3_00)
    assert isinstance(hold, Hold)
    shop.ledger.settle(hold, 1, with_setup=True, at_ms=NOW_MS)
    await shop.books.set_limit("ann", LINE, Money(5_00), LimitKind.LIMIT)
    assert shop.shown()[0]["limits"] == [
        {"number": LINE, "kind": "limit", "most_kopecks": 5_00, "spent_kopecks": 3_00, "held_kopecks": 0}
    ]
    assert shop.talk(ann, 2_01) is Refusal.NUMBER_LIMIT
    await shop.books.remove_limit("ann", LINE)
    assert isinstance(shop.talk(ann, 2_01), Hold)
    await shop.books.set_limit("ann", LINE, Money(5_01), LimitKind.STOP)
    assert shop.shown()[0]["limits"][0] == {
        "number": LINE,
        "kind": "stop",
        "most_kopecks": 5_01,
        "spent_kopecks": 3_00,
        "held_kopecks": 2_01,
    }


async def test_a_running_call_meets_a_new_limit_or_less_credit_at_its_next_unit(shop: Shop) -> None:
    ann = await shop.open(1_00)
    await shop.books.set_terms("ann", {"credit": Money(10_00)})
    hold = shop.talk(ann, 1_00)
    assert isinstance(hold, Hold)
    unit = Ask(Money(1_00))
    assert shop.ledger.extend(hold, unit) is None
    await shop.books.set_limit("ann", LINE, Money(2_99), LimitKind.LIMIT)
    assert shop.ledger.extend(hold, unit) is Refusal.NUMBER_LIMIT
    await shop.books.remove_limit("ann", LINE)
    assert shop.ledger.extend(hold, unit) is None
    await shop.books.set_terms("ann", {"credit": None})
    assert shop.ledger.extend(hold, unit) is Refusal.NOT_ENOUGH
    shop.ledger.settle(hold, 3, with_setup=True, at_ms=NOW_MS)
    assert ann.balance == -2_00  # promised while the credit was there


async def test_limits_set_at_once_end_the_same_in_memory_and_in_the_table(shop: Shop) -> None:
    ann = await shop.open()
    books = shop.books
    await asyncio.gather(*(books.set_limit("ann", LINE, Money(n), LimitKind.LIMIT) for n in range(12)))
    async with shop.till.reading() as connection:
        assert await connection.fetchval("SELECT most_kopecks FROM number_limit") == ann.limits[LINE].most


async def test_terms_are_the_plans_until_they_are_the_accounts_own(shop: Shop) -> None:
    ann = await shop.open()
    assert (ann.funds.credit, ann.funds.stops) == (0, Stop.EVERYTHING)
    await shop.books.set_terms("ann", {"credit": Money(50_00), "stops": Stop.PAID}, ["everywhere", "7916"])
    assert (ann.funds.credit, ann.funds.stops) == (50_00, Stop.PAID)
    quote = Quote(shop.tariffs, ann, Side.OUTGOING, LINE, MOBILE, LINE)
    assert quote.admit(NOW_MS) is Refusal.BARRED
    await shop.books.set_terms("ann", {"stops": None}, [])
    assert (ann.own, ann.funds.stops) == (OwnFunds(credit=Money(50_00)), Stop.EVERYTHING)
    assert not isinstance(quote.admit(NOW_MS), Refusal)


async def test_only_what_the_plan_sells_or_digits_can_be_barred(shop: Shop) -> None:
    await shop.open()
    with pytest.raises(Complaint, match=r"'Everywere' is no destination .*did you mean 'everywhere'"):
        await shop.books.set_terms("ann", {"credit": Money(1)}, ["7916", "Everywere"])
    with pytest.raises(Complaint, match="give digits instead"):
        await shop.books.open_account(NewAccount("bob", "test", "roam", barred=("٧٩",)))
    assert [one["barred"] for one in shop.shown()] == [[]]
    assert shop.shown()[0]["credit_kopecks"] == 0


# --- late records ----------------------------------------------------------------------------------------


async def test_a_late_record_costs_what_it_cost_on_its_day_and_makes_debt(shop: Shop) -> None:
    ann = await shop.open(35_00)
    assert await shop.late.post(record())
    assert ann.balance == -25_00  # GAZ-13.5: 3 × 2000
    assert await shop.lines() == [("opening", "opening", "", 35_00), ("late", "late-p7", "", -60_00)]
    async with shop.till.reading() as connection:
        leg = await read_leg(connection, "late-p7")
        line = (await read_entries(connection, "ann"))[-1]
    assert leg and (leg.seconds, leg.units, leg.charge_kopecks, leg.ended_by) == (180, 3, 60_00, "reported")
    assert leg.rate and leg.rate["terms"]["tariff"] == "test/roam@1"
    assert leg.answered_at and leg.answered_at.timestamp() * 1000 == ANSWERED_MS
    assert line.at.timestamp() * 1000 == NOW_MS
    assert (shop.ledger.holds_open, ann.held) == (0, 0)


async def test_a_partners_record_counts_once_whoever_sends_it(shop: Shop) -> None:
    ann, bob = await shop.open(), await shop.open(account_id="bob")
    late = shop.late
    told = await asyncio.gather(*(late.post(record()) for _ in range(4)))
    assert sorted(told) == [False, False, False, True]
    for other in (
        record(seconds=181),
        record(answered_ms=ANSWERED_MS + 1),
        record(number="79161110003"),
        record(line=""),
        record(account_id="bob", line=""),
    ):
        with pytest.raises(Clash, match="'p7' is known already"):
            await shop.late.post(other)
    assert (ann.balance, bob.balance, ann.held, bob.held) == (-60_00, 0, 0, 0)


async def test_a_late_record_draws_gift_minutes_of_its_own_month_then_makes_debt(shop: Shop) -> None:
    ann = await shop.open(1_00, "gifted")
    await shop.books.set_limit("ann", LINE, Money(1), LimitKind.STOP)
    assert await shop.late.post(record(seconds=12 * 60))
    assert await shop.lines() == [
        ("opening", "opening", "", 1_00),
        ("late", "late-p7:gift/2025-08", "gift/2025-08", -600),
        ("late", "late-p7", "", -3_38),
    ]
    assert await shop.late.post(record(reference="p8", answered_ms=NOW_MS - MINUTE_MS, seconds=60))
    assert shop.shown()[0]["gift"] == {"name": "gift", "given_s": 600, "left_s": 540}
    assert (ann.balance, ann.limits[LINE].spent) == (-2_38, {"2025-08": 3_38})


async def test_a_record_that_cannot_be_is_refused_and_changes_nothing(shop: Shop) -> None:
    ann = await shop.open()
    old_ms = NOW_MS - 30 * DAY_MS
    for refused, words in (
        (record(seconds=0), "it lasted 0 s: give 1 to 2592000 s"),
        (record(seconds=30 * 86_400 + 1), "give 1 to 2592000 s"),
        (record(answered_ms=NOW_MS + 1), "ends in the future"),
        (record(answered_ms=NOW_MS - 179_999), "ends in the future"),
        (record(answered_ms=old_ms - 1), "more than 30 days old: hold it for a decision"),
        (record(answered_ms=-1, seconds=60), "more than 30 days old"),
        (record(account_id="nobody"), "no account 'nobody'"),
    ):
        with pytest.raises(Complaint, match=words):
            await shop.late.post(refused)
    assert (ann.balance, shop.ledger.holds_open, len(await shop.lines())) == (0, 0, 0)
    assert await shop.late.post(record(answered_ms=old_ms))
    assert await shop.late.post(record(reference="old", answered_ms=old_ms - 1), approved=True)
    assert not await shop.late.post(record(reference="old", answered_ms=old_ms - 1))
    with pytest.raises(Complaint, match=r"not sold at that time \(no_plan\)"):
        await shop.late.post(record(reference="first", answered_ms=-1_000_000), approved=True)


async def test_an_old_month_that_memory_has_let_go_has_its_gift_once(database: str) -> None:
    june_ms = at("2025-06-10 10:00")
    async with shop_of(database) as shop:
        await shop.open(plan="gifted")
        assert await shop.late.post(record(answered_ms=june_ms, seconds=540), approved=True)
    async with shop_of(database) as shop:
        assert await shop.late.post(
            record(reference="p8", answered_ms=june_ms + DAY_MS, seconds=120), approved=True
        )
        assert (await shop.lines())[-2:] == [
            ("late", "late-p8:gift/2025-06", "gift/2025-06", -60),
            ("late", "late-p8", "", -1_69),
        ]


async def test_a_month_of_seconds_is_priced_in_no_time(shop: Shop) -> None:
    """By runs of units, as calls wait meanwhile."""
    ann = await shop.open(10_00, "gifted")
    hold = shop.ledger.owe("x", ann, Sources(), Ask(ZERO), Ask(Money(1)))
    assert hold
    shop.ledger.owe_units(hold, Ask(Money(1)), 10**9)
    assert (hold.units, len(hold.runs), ann.held) == (10**9 + 1, 1, 10**9 + 1)


# --- discounts -------------------------------------------------------------------------------------------


async def test_a_discount_is_of_the_months_sum_and_posted_once(shop: Shop) -> None:
    ann = await shop.open()
    assert await shop.late.post(record(seconds=49 * 60))  # 980.00
    assert await shop.postings.discounts("ann", "2025-08") == []
    assert await shop.late.post(record(reference="p8", seconds=60))  # 1000.00
    await shop.late.post(record(reference="p9", answered_ms=NOW_MS - MINUTE_MS, seconds=60))  # another month
    (shown,) = await shop.postings.discounts("ann", "2025-08")
    assert (shown.entry.amount, shown.is_posted, ann.balance) == (70_00, False, -1_025_00)
    (posted,) = await shop.postings.post_discounts("ann", "2025-08")
    assert (posted.is_posted, ann.balance) == (False, -955_00)
    (again,) = await shop.postings.post_discounts("ann", "2025-08")
    assert (again.is_posted, ann.balance) == (True, -955_00)
    assert (await shop.postings.discounts("ann", "2025-08"))[0].is_posted
    assert (await shop.lines())[-1] == ("discount", "discount/volume/2025-08", "", 70_00)
    with pytest.raises(Complaint, match="2025-09 is not over"):
        await shop.postings.post_discounts("ann", "2025-09")


async def test_no_discount_is_posted_while_a_call_of_the_month_runs(shop: Shop) -> None:
    await shop.open()
    await shop.late.post(record(seconds=50 * 60))
    async with shop.till.reading() as connection:
        await connection.execute("UPDATE leg SET ended_at = NULL")
    with pytest.raises(Complaint, match="1 connections of 2025-08 have no bill yet"):
        await shop.postings.post_discounts("ann", "2025-08")


# --- restarts and doubts ---------------------------------------------------------------------------------


async def test_after_a_restart_memory_is_what_it_was(database: str) -> None:
    async with shop_of(database) as shop:
        await shop.open(50_00, "gifted")
        await shop.open(account_id="bob")
        await shop.books.set_terms("ann", {"credit": Money(9_00), "stops": Stop.EVERYTHING}, ["7916"])
        await shop.books.set_terms("bob", {"threshold": Money(1)})
        await shop.postings.guarantee("ann", LINE, "2025-10", Money(7_00))
        await shop.postings.guarantee("ann", LINE, "2025-09", Money(6_00))
        await shop.late.post(record(answered_ms=NOW_MS - 15 * MINUTE_MS, seconds=12 * 60))
        await shop.books.set_limit("ann", LINE, Money(20_00), LimitKind.STOP)
        before, accounts = shop.shown(), {one.account_id: one for one in shop.ledger.accounts()}
        assert before[0]["limits"][0]["spent_kopecks"] == 3_38
        assert before[0]["paid"][0]["left_kopecks"] == 2_62
    async with shop_of(database) as shop:
        assert shop.shown() == before
        for account in shop.ledger.accounts():
            assert (account.own, account.funds) == (
                accounts[account.account_id].own,
                accounts[account.account_id].funds,
            )
        await shop.books.remove_limit("ann", LINE)
    async with shop_of(database) as shop:
        await shop.books.set_limit("ann", LINE, Money(20_00), LimitKind.STOP)
        assert shop.shown() == before


Deed = Callable[[Shop], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "refund": lambda shop: shop.postings.refund("ann", Money(1_00), "r1"),
    "chargeback": lambda shop: shop.postings.charge_back("ann", "bank-1", "b1"),
    "correction": lambda shop: shop.postings.correct("ann", -5, "c1", "why", "opening"),
    "guarantee": lambda shop: shop.postings.guarantee("ann", LINE, "2025-09", Money(3_00)),
    "late record": lambda shop: shop.late.post(record()),
    "limit": lambda shop: shop.books.set_limit("ann", LINE, Money(5_00), LimitKind.STOP),
    "terms": lambda shop: shop.books.set_terms("ann", {"credit": Money(5_00)}, ["7916"]),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("lost", [b"COMMIT", b"UNLISTEN"], ids=["its answer", "the connection afterwards"])
async def test_what_stands_after_a_doubt_counts_once_and_what_does_not_is_forgotten(
    cut_database: str, relay: Relay, deed: Deed, lost: bytes
) -> None:
    async with shop_of(cut_database) as shop:
        ann = await shop.open(10_00)
        await shop.postings.pay("ann", Money(2_00), "bank-1")
        relay.lose_answer_to = lost
        with pytest.raises(DatabaseAway):
            await deed(shop)
        await shop.lines()  # whoever comes next settles it
        assert (ann.held, shop.ledger.holds_open) == (0, 0)
        known = shop.shown()
        assert (await deed(shop)) is False or shop.shown() == known
        assert shop.shown() == known
    async with shop_of(cut_database) as shop:
        assert shop.shown() == known


async def test_a_limit_whose_removal_ended_in_doubt_is_gone(cut_database: str, relay: Relay) -> None:
    async with shop_of(cut_database) as shop:
        ann = await shop.open()
        await shop.books.set_limit("ann", LINE, Money(5_00), LimitKind.STOP)
        relay.lose_answer_to = b"COMMIT"
        with pytest.raises(DatabaseAway):
            await shop.books.remove_limit("ann", LINE)
        await shop.lines()
        assert ann.limits == {}


async def test_nothing_is_left_behind_when_the_database_is_away(cut_database: str, relay: Relay) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open(10_00)
        await shop.postings.pay("ann", Money(2_00), "bank-1")
        known = shop.shown()
        relay.cut()
        for deed in DEEDS.values():
            with pytest.raises(DatabaseAway):
                await deed(shop)
        assert (shop.shown(), shop.ledger.holds_open) == (known, 0)
        relay.mend()
        await shop.lines()
        assert shop.shown() == known
        assert EntryKind.PAYMENT.value in [kind for kind, *_ in await shop.lines()]
