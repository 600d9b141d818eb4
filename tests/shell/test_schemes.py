"""Schemes as versions on a real PostgreSQL: checked whole, durable first, in force at once, never lost."""

import asyncio

import asyncpg
import pytest

from callctl.clock import moment
from callctl.complaint import Complaint, Exists, Missing
from callctl.storage.database import DatabaseAway
from callctl.storage.schemes import Schemes
from callctl.storage.versions import add_version, lock_number
from dialplan.scheme import Scheme
from tests.shell.office import SCHEME, until
from tests.shell.relay import Relay
from tests.shell.shop import LINE, Shop, shop_of
from tests.shell.test_journal import blocked

OTHER = SCHEME.replace("79161110002", "79161110003")
THIRD = SCHEME.replace("79161110002", "79161110004")
TWO_FAULTS = SCHEME.replace("otherwise: bye", "otherwise: by").replace("no_answer", "no_reply")


def in_force(shop: Shop) -> tuple[int, str]:
    """Version and target, as the next caller meets them."""
    number = shop.till.directory.number(LINE)
    assert number
    (target,) = [str(target) for node in number.scheme.nodes.values() for _, target in node.targets()]
    return number.scheme_version, target


async def versions(shop: Shop) -> list[tuple[int, str]]:
    """Newest first, with why."""
    return [(row.version, row.note) for row in await Schemes(shop.till).history(LINE)]


async def test_a_number_begins_with_version_1(shop: Shop) -> None:
    assert in_force(shop) == (1, "79161110002")
    assert await versions(shop) == [(1, "")]


async def test_a_loaded_scheme_is_in_force_and_the_one_before_is_kept(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    loaded = await schemes.load("8 495 123-45-67", OTHER, "new mobile")
    assert (loaded.is_new, loaded.version.version, loaded.version.account_id) == (True, 2, "ann")
    assert in_force(shop) == (2, "79161110003")
    assert await versions(shop) == [(2, "new mobile"), (1, "")]
    assert [(await schemes.read(LINE, n))[1] for n in (0, 1, 2)] == [OTHER, SCHEME, OTHER]


async def test_the_same_text_again_is_no_news(shop: Shop) -> None:
    loaded = await Schemes(shop.till).load(LINE, SCHEME)
    assert (loaded.is_new, loaded.version.version) == (False, 1)
    assert await versions(shop) == [(1, "")]


async def test_a_scheme_whose_call_runs_is_replaced_for_the_next_one_only(shop: Shop) -> None:
    before = shop.till.directory.number(LINE)
    assert before
    running: Scheme = before.scheme
    kept = running.model_dump()
    await Schemes(shop.till).load(LINE, OTHER)
    after = shop.till.directory.number(LINE)
    assert after and after.scheme is not running and running.model_dump() == kept


async def test_a_bad_scheme_is_refused_with_all_that_is_wrong_and_changes_nothing(shop: Shop) -> None:
    with pytest.raises(Complaint) as told:
        await Schemes(shop.till).load(LINE, TWO_FAULTS)
    assert all(word in str(told.value) for word in ("line 3", "'by'", "line 4", "cause"))
    assert in_force(shop) == (1, "79161110002")
    assert await versions(shop) == [(1, "")]


async def test_what_only_the_service_can_know_is_checked_as_well(shop: Shop) -> None:
    shop.till.account("ann").barred = ("7916111",)
    for scheme, why in (
        (SCHEME.replace("79161110002", LINE), "the number that this scheme is for"),
        (OTHER, "barred"),
        (SCHEME.replace("patience_s: 30", "accept: {prompt: hello}"), "there is no prompt 'hello'"),
    ):
        with pytest.raises(Complaint, match=why):
            await Schemes(shop.till).load(LINE, scheme)
    assert await versions(shop) == [(1, "")]


async def test_a_number_of_the_subscribers_own_as_a_target_is_taken_with_a_warning(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    await schemes.add_number("74950000002", "ann", OTHER)
    loaded = await schemes.load(LINE, SCHEME.replace("79161110002", "74950000002"))
    assert loaded.is_new and "a number of the subscriber's own" in loaded.warnings[0]


async def test_a_number_is_added_whole_or_not_at_all(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    with pytest.raises(Complaint, match="the scheme has faults"):
        await schemes.add_number("74950000002", "ann", TWO_FAULTS)
    with pytest.raises(Exists):
        await schemes.add_number(LINE, "ann", OTHER)
    assert in_force(shop) == (1, "79161110002") and await versions(shop) == [(1, "")]
    with pytest.raises(Missing):
        await schemes.history("74950000002")


async def test_two_loads_at_once_are_two_versions_and_the_later_one_is_in_force(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    loads = await asyncio.gather(*(schemes.load(LINE, text) for text in (OTHER, THIRD, OTHER, THIRD)))
    assert sorted(loaded.version.version for loaded in loads) == [2, 3, 4, 5]
    newest, text = await schemes.read(LINE)
    assert newest.version == 5 == in_force(shop)[0]
    assert in_force(shop)[1] in text


async def test_whoever_loads_at_the_same_time_elsewhere_is_waited_for(shop: Shop, database: str) -> None:
    elsewhere = await asyncpg.connect(database)
    async with elsewhere.transaction():
        await lock_number(elsewhere, LINE)
        loading = asyncio.create_task(Schemes(shop.till).load(LINE, OTHER))
        await until(lambda: blocked(elsewhere, cancel=False), "the load waits")
        at = moment(shop.till.clock.now_ms())
        await add_version(elsewhere, "ann", LINE, THIRD, at, "elsewhere")
    assert (await loading).version.version == 3
    await elsewhere.close()
    assert await versions(shop) == [(3, ""), (2, "elsewhere"), (1, "")]


async def test_rolled_back_is_a_version_of_its_own_with_the_old_text(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    for text in (OTHER, THIRD):
        await schemes.load(LINE, text)
    await schemes.roll_back(LINE, 1)
    assert in_force(shop) == (4, "79161110002")
    assert (await versions(shop))[0] == (4, "back to version 1")
    await schemes.roll_back(LINE, None)
    assert in_force(shop) == (5, "79161110004")
    assert (await schemes.roll_back(LINE, 3)).is_new is False


async def test_there_is_no_way_back_to_what_never_was(shop: Shop) -> None:
    for version in (None, 2):
        with pytest.raises(Missing, match="no such version"):
            await Schemes(shop.till).roll_back(LINE, version)
    with pytest.raises(Missing, match="nobody's here"):
        await Schemes(shop.till).load("74959999999", OTHER)


async def test_a_version_that_would_not_pass_today_is_not_gone_back_to(shop: Shop) -> None:
    schemes = Schemes(shop.till)
    await schemes.load(LINE, SCHEME.replace("79161110002", "79031110002"))
    shop.till.account("ann").barred = ("7916",)
    with pytest.raises(Complaint, match="barred"):
        await schemes.roll_back(LINE, 1)
    assert in_force(shop) == (2, "79031110002")


async def test_after_a_restart_the_newest_version_is_in_force(shop: Shop, database: str) -> None:
    await Schemes(shop.till).load(LINE, OTHER)
    async with shop_of(database) as again:
        assert in_force(again) == (2, "79161110003")


@pytest.mark.parametrize("lost", [b"COMMIT", b"UNLISTEN"], ids=["its answer", "the connection afterwards"])
async def test_a_load_that_ended_in_doubt_is_in_force_if_it_stands(
    cut_database: str, relay: Relay, lost: bytes
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        schemes = Schemes(shop.till)
        relay.lose_answer_to = lost
        with pytest.raises(DatabaseAway):
            await schemes.load(LINE, OTHER)
        assert (await versions(shop))[0] == (2, "")
        assert in_force(shop) == (2, "79161110003")
        assert (await schemes.load(LINE, OTHER)).is_new is False
