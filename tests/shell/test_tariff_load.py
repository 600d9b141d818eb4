"""Tariffs into a running service: whole or not at all, durable, and never felt by a call that runs."""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from callctl.api.server import BODY_BYTES_MAX
from callctl.calls.events import LegAnswered, LegEnded, LegGone, LegReady
from callctl.calls.orders import Order
from callctl.calls.records import LegSettled
from callctl.complaint import Complaint
from callctl.storage.past_calls import PAGE_MAX
from callctl.storage.rows import RATE
from callctl.tariffs.zipped import ZIPPED_BYTES_MAX, digest_of, pack, unpack
from dialplan.causes import Cause
from rating.profile import Profile
from tests.plans import rate, simple
from tests.shell.office import PATIENCE_S, Office, until
from tests.tariffs.folders import Files, profile_files, short_notice, zipped
from tests.transcripts.words import A, B, Desk

SERIAL = count(1)
ZIP = "application/zip"


def new_name() -> str:
    return f"op{next(SERIAL)}"


async def load(office: Office, name: str, files: Files, query: str = "") -> tuple[int, Any]:
    return await office.ask("PUT", f"/profiles/{name}{query}", pack(files), kind=ZIP)


async def plans_of(office: Office, name: str) -> list[str] | None:
    """As the service has them in force."""
    _, profiles = await office.ask("GET", "/profiles")
    found = [profile["plans"] for profile in profiles if profile["profile"] == name]
    return [plan["plan"] for plan in found[0]] if found else None


async def loads_of(office: Office, name: str) -> int:
    counted = await office.sql.fetchval("SELECT count(*) FROM profile WHERE name = $1", name)
    assert isinstance(counted, int)
    return counted


# --- a call that runs ------------------------------------------------------------------------------------


def talk(desk: Desk, caller: str, leg: str, at_ms: int) -> None:
    desk.arrive(at_ms, caller)
    for heard in (LegReady(leg), LegAnswered(leg), LegAnswered(caller)):
        desk.hear(heard, at_ms)


def hang_up(desk: Desk, caller: str, leg: str, at_ms: int) -> LegSettled:
    orders: list[Order] = []
    for heard in (LegEnded(caller), LegGone(caller, Cause.NORMAL), LegGone(leg, Cause.NORMAL)):
        orders += desk.hear(heard, at_ms)
    [bill] = [order for order in orders if isinstance(order, LegSettled)]
    return bill


def test_a_call_that_runs_keeps_its_terms_and_the_next_one_has_the_new() -> None:
    desk = Desk(balance=10_000)
    talk(desk, A, B, 0)
    dearer = simple("six", 10, 700)
    desk.tariffs.replace(Profile("test", "Test", {"six": dearer}, True))
    talk(desk, "b", "leg1-b", 1_000)
    assert desk.account.held == 100 + 700
    desk.wake(13_000)
    assert hang_up(desk, A, B, 13_000).charge.amount == 3 * 100
    assert hang_up(desk, "b", "leg1-b", 13_000).charge.amount == 2 * 700


def test_a_call_that_rings_has_the_terms_of_its_answer() -> None:
    desk = Desk(balance=10_000)
    desk.arrive(0)
    desk.hear(LegReady(B), 0)
    desk.tariffs.replace(Profile("test", "Test", {"six": simple("six", 6, 250)}, True))
    desk.hear(LegAnswered(B), 2_000)
    desk.hear(LegAnswered(A), 2_000)
    assert desk.account.held == 250
    assert hang_up(desk, A, B, 3_000).charge.amount == 250


# --- loading ---------------------------------------------------------------------------------------------


async def test_a_loaded_profile_is_in_force_and_stored(office: Office) -> None:
    name = new_name()
    status, loaded = await load(office, name, profile_files())
    assert (status, loaded["is_new"], loaded["digest"]) == (201, True, digest_of(profile_files()))
    assert await plans_of(office, name) == ["wide"]
    body = {"account_id": name, "profile": name, "plan": "wide"}
    assert (await office.ask("POST", "/accounts", body))[0] == 201


async def test_the_same_files_again_are_no_news_however_they_are_packed(office: Office) -> None:
    name, files = new_name(), profile_files()
    _, first = await load(office, name, files)
    again = zipped(dict(reversed(files.items())), zipfile.ZIP_STORED)
    status, second = await office.ask("PUT", f"/profiles/{name}", again, kind=ZIP)
    assert (status, second["is_new"], second["load"]) == (200, False, first["load"])
    assert await loads_of(office, name) == 1


async def test_a_plan_that_accounts_have_is_not_dropped(office: Office) -> None:
    name = new_name()
    await load(office, name, profile_files(plan="old"))
    for account_id in (f"{name}-b", f"{name}-a"):
        await office.ask("POST", "/accounts", {"account_id": account_id, "profile": name, "plan": "old"})
    status, problem = await load(office, name, profile_files(plan="new"))
    assert (status, await plans_of(office, name), await loads_of(office, name)) == (409, ["old"], 1)
    words = f"2 accounts have plans that this profile drops, such as {name}-a with old"
    assert problem["detail"].startswith(words)


@pytest.mark.parametrize(
    ("old", "new"),
    [("from = 2025-01-01", "from = 2125-01-01"), ('outgoing = "all"\n', "")],
    ids=["no version yet", "no deck"],
)
async def test_a_plan_that_accounts_have_goes_on_selling(office: Office, old: str, new: str) -> None:
    name, files = new_name(), profile_files()
    await load(office, name, files)
    await office.ask("POST", "/accounts", {"account_id": name, "profile": name, "plan": "wide"})
    files["profile.toml"] = files["profile.toml"].replace(old.encode(), new.encode())
    status, problem = await load(office, name, files, "?short_notice=yes")
    assert (status, await loads_of(office, name)) == (409, 1)
    words = f"1 accounts have plans that this profile leaves without prices today, such as {name} with wide"
    assert problem["detail"].startswith(words)


async def test_nobody_opens_an_account_of_a_plan_while_it_goes(office: Office) -> None:
    name = new_name()
    await load(office, name, profile_files(plan="old"))
    account = {"account_id": name, "profile": name, "plan": "old"}

    async def is_waiting() -> bool:
        ungranted = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'profile'::regclass"
        return bool(await office.sql.fetchval(ungranted))

    async with asyncio.TaskGroup() as tasks, office.sql.transaction():
        await office.sql.execute("LOCK TABLE profile IN EXCLUSIVE MODE")
        loading = tasks.create_task(load(office, name, profile_files(plan="new")))
        await until(is_waiting, "the load stands before the store, its accounts counted")
        opening = tasks.create_task(office.ask("POST", "/accounts", account))
        for _ in range(20):
            await office.ask("GET", "/profiles")
    assert (loading.result()[0], opening.result()[0]) == (201, 404)


async def test_accounts_have_the_stop_levels_of_the_new_profile_at_once(office: Office) -> None:
    name, files = new_name(), profile_files()
    await load(office, name, files)
    await office.ask("POST", "/accounts", {"account_id": name, "profile": name, "plan": "wide"})
    files["profile.toml"] += b"[funds]\ncredit_kopecks = 5000\n"
    await load(office, name, files)
    assert (await office.ask("GET", f"/accounts/{name}"))[1]["available_kopecks"] == 5000


async def test_history_and_the_way_back(office: Office) -> None:
    name = new_name()
    _, first = await load(office, name, profile_files("1.00"))
    _, second = await load(office, name, profile_files("3.00", plan="wider"))
    status, back = await office.ask("POST", f"/profiles/{name}/rollback", {"load": first["load"]})
    assert (status, back["is_new"], back["digest"]) == (200, True, first["digest"])
    assert await plans_of(office, name) == ["wide"]
    _, loads = await office.ask("GET", f"/profiles/{name}/loads")
    assert [one["load"] for one in loads] == [back["load"], second["load"], first["load"]]
    assert [one["digest"] for one in loads] == [first["digest"], second["digest"], first["digest"]]
    status, problem = await office.ask("POST", f"/profiles/{name}/rollback", {"load": 10**12})
    assert (status, "has no load 1000000000000" in problem["detail"]) == (404, True)
    assert (await office.ask("GET", "/profiles/never/loads"))[0] == 404


async def test_a_service_that_starts_again_has_what_was_loaded_over_what_is_shipped(office: Office) -> None:
    name = new_name()
    await load(office, name, profile_files(plan="first"))
    await load(office, name, profile_files(plan="second"))
    await office.stop()
    await office.start()
    assert await plans_of(office, name) == ["second"]
    assert (await load(office, name, profile_files(plan="second")))[0] == 200


async def store(office: Office, name: str, *zips: bytes) -> list[int]:
    """As loads that came in some earlier life."""
    add = "INSERT INTO profile (name, digest, files, loaded_at) VALUES ($1, $2, $3, now()) RETURNING load"
    return [await office.sql.fetchval(add, name, f"{name}-{at}", content) for at, content in enumerate(zips)]


async def forget(office: Office, name: str) -> None:
    await office.sql.execute("DELETE FROM profile WHERE name = $1", name)


async def test_a_load_that_cannot_be_read_gives_way_to_the_newest_that_can_and_everybody_is_told(
    office: Office,
) -> None:
    name, files = new_name(), profile_files(plan="first")
    await load(office, name, files)
    await load(office, name, profile_files(plan="second"))
    loads = await store(office, name, b"junk", pack(profile_files("1,00")))
    await office.stop()
    await office.start()
    assert await plans_of(office, name) == ["second"]
    assert (await office.ask("GET", "/health"))[1]["tariffs"] is False
    assert all(f"profile {name}: load {one} cannot be read" in office.log for one in loads)
    assert (await load(office, name, files))[0] == 201
    assert (await office.ask("GET", "/health"))[1]["tariffs"] is True
    await forget(office, name)


async def test_without_any_load_that_can_be_read_the_service_does_not_start(office: Office) -> None:
    name = new_name()
    [load_id] = await store(office, name, b"junk")
    await office.stop()
    try:
        with pytest.raises(AssertionError):
            await office.start()
        assert f"profile {name}: load {load_id} was in force and cannot be read" in office.log
        assert "Traceback" not in office.log
    finally:
        await forget(office, name)
        await office.start()


async def test_a_check_that_came_later_refuses_no_stored_load(office: Office) -> None:
    name = new_name()
    await store(office, name, pack(profile_files(versions="counting = { first_s = 1, threshold_s = 3 }\n")))
    await office.stop()
    await office.start()
    assert await plans_of(office, name) == ["wide"]
    await forget(office, name)


async def test_a_version_in_force_changes_only_when_it_is_meant(office: Office) -> None:
    name = new_name()
    await load(office, name, profile_files("1.00"))
    status, problem = await load(office, name, profile_files("1.01"))
    assert (status, await loads_of(office, name)) == (400, 1)
    assert "version '1' of plan wide is in force since 2025-01-01" in problem["detail"]
    assert "'7' is dearer" in problem["detail"] and "--short-notice" in problem["detail"]
    assert (await load(office, name, profile_files("1.01"), "?short_notice=yes"))[0] == 201


async def test_short_notice_is_refused_unless_it_is_meant(office: Office) -> None:
    name = new_name()
    status, problem = await load(office, name, short_notice())
    assert (status, "S-12" in problem["detail"], await plans_of(office, name)) == (400, True, None)
    assert (await load(office, name, short_notice(), "?short_notice=yes"))[0] == 201
    assert (await load(office, name, short_notice(), "?short_notice=perhaps"))[0] == 400


async def test_a_database_that_goes_away_leaves_the_old_tariff_and_the_next_try_gets_there(
    office: Office,
) -> None:
    name = new_name()
    await load(office, name, profile_files(plan="first"))
    office.relay.cut()
    try:
        status, _ = await load(office, name, profile_files(plan="second"))
    finally:
        office.relay.mend()
    assert (status, await plans_of(office, name)) == (503, ["first"])
    assert (await load(office, name, profile_files(plan="second")))[0] == 201
    assert await plans_of(office, name) == ["second"]


async def test_what_was_stored_by_a_load_whose_end_nobody_heard_gets_in_force_with_the_next(
    office: Office,
) -> None:
    name, files = new_name(), profile_files()
    await office.sql.execute(
        "INSERT INTO profile (name, digest, files, loaded_at) VALUES ($1, $2, $3, now())",
        name,
        digest_of(files),
        pack(files),
    )
    status, loaded = await load(office, name, files)
    assert (status, loaded["is_new"], await plans_of(office, name)) == (200, False, ["wide"])


def encrypted(content: bytes) -> bytes:
    """With the bit set that says so, in both headers."""
    at, directory = content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8
    changed = bytearray(content)
    changed[at] |= 1
    changed[directory] |= 1
    return bytes(changed)


def twice() -> bytes:
    packed = io.BytesIO()
    with pytest.warns(UserWarning), zipfile.ZipFile(packed, "w") as into:
        for content in (b"a", b"b"):
            into.writestr("profile.toml", content)
    return packed.getvalue()


BAD_ZIPS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no sound zip file"),
    "junk": (b"PK\x03\x04junk", "no sound zip file"),
    "cut off": (zipped(profile_files())[:-40], "no sound zip file"),
    "empty": (zipped({}), "is missing"),
    "no toml": (zipped({"rates.csv": b"x"}), "profile.toml"),
    "up the tree": (zipped({"../profile.toml": b""}), "'../profile.toml' in the zip is no file of a profile"),
    "absolute": (zipped({"/etc/passwd": b""}), "'/etc/passwd' in the zip is no file of a profile"),
    "folder": (zipped({"op/rates.csv": b""}), "'op/rates.csv' in the zip is no file of a profile"),
    "program": (zipped({"run.sh": b""}), "'run.sh' in the zip is no file of a profile"),
    "many": (zipped({f"{n}.csv": b"" for n in range(501)}), "501 files in the zip"),
    "odd way": (zipped(profile_files(), zipfile.ZIP_LZMA), "packed in a way that is not read here"),
    "encrypted": (encrypted(zipped(profile_files())), "no sound zip file"),
    "twice": (twice(), "'profile.toml' stands twice in the zip"),
    "faults": (pack(profile_files("1,00")), "rates.csv:2"),
}


@pytest.mark.parametrize(("content", "words"), BAD_ZIPS.values(), ids=BAD_ZIPS)
async def test_what_is_no_sound_profile_changes_nothing(office: Office, content: bytes, words: str) -> None:
    name = new_name()
    status, problem = await office.ask("PUT", f"/profiles/{name}", content, kind=ZIP)
    assert (status, words in problem["detail"]) == (400, True), problem
    assert (await plans_of(office, name), await loads_of(office, name)) == (None, 0)


def test_a_zip_that_grows_too_large_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callctl.tariffs.zipped.FILES_BYTES_MAX", 5_000_000)
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(zipped({"rates.csv": bytes(6_000_000)}))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(Complaint, match="unpacks to 6 MB"):
        unpack(bomb)
    with pytest.raises(Complaint, match="have 6 MB"):
        pack({"rates.csv": bytes(6_000_000)})


async def test_only_a_profile_may_be_larger_than_other_bodies(office: Office) -> None:
    name, row = new_name(), b"# %d\n"
    comment = b"".join(row % (n * 7919 % 1_000_003) for n in range(100_000))
    files = profile_files()
    files["rates.csv"] = comment + files["rates.csv"]
    body = zipped(files, zipfile.ZIP_STORED)
    assert len(body) > BODY_BYTES_MAX
    assert (await office.ask("PUT", f"/profiles/{name}", body, kind=ZIP))[0] == 201
    assert (await office.ask("POST", "/accounts", body))[0] == 413


async def test_a_profile_that_is_too_large_is_refused_before_it_has_come(office: Office) -> None:
    host, _, port = office.api.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"PUT /profiles/{new_name()} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {ZIP}\r\n"
    writer.write(f"{head}Content-Length: {ZIPPED_BYTES_MAX + 1}\r\n\r\nPK".encode())
    async with asyncio.timeout(PATIENCE_S):
        status = await reader.readline()
    writer.close()
    assert status.split()[1] == b"413"


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/profiles/Big", ZIP, 400),
        ("/profiles/a%2Fb", ZIP, 400),
        ("/profiles/" + "a" * 41, ZIP, 400),
        ("/profiles/a", "application/json", 415),
    ],
)
async def test_a_name_is_small_letters_and_a_body_is_a_zip(
    office: Office, path: str, kind: str, status: int
) -> None:
    assert (await office.ask("PUT", path, pack(profile_files()), kind=kind))[0] == status


# --- the calls of a period -------------------------------------------------------------------------------

BEGIN = datetime(2031, 3, 1, tzinfo=UTC)
ADD_LEG = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate, answered_at,
                 ended_at, seconds, charge_kopecks)
VALUES ('ann', $1, $1, '79031112233', '79161110002', '74951234567', $2, 0, $3, $2, $4, $5, 169)
"""


async def add_leg(office: Office, leg_id: str, at: datetime, seconds: int | None) -> None:
    ended_at = None if seconds is None else at
    await office.sql.execute(ADD_LEG, leg_id, at, RATE.dump_json(rate()).decode(), ended_at, seconds)


async def test_the_calls_of_a_period_come_in_the_order_of_their_answers_page_by_page(office: Office) -> None:
    ids = [f"leg1-{n:05}" for n in range(PAGE_MAX + 2)]
    for place, leg_id in enumerate(reversed(ids)):
        await add_leg(office, leg_id, BEGIN + timedelta(seconds=place // 7), 5)
    await add_leg(office, "leg1-runs", BEGIN, None)
    await add_leg(office, "leg1-unconnected", BEGIN, 0)
    await add_leg(office, "leg1-later", BEGIN + timedelta(days=1), 5)
    period = "from=2031-03-01T03:00&to=2031-03-02T03:00"
    status, first = await office.ask("GET", f"/legs?{period}")
    assert (status, len(first["legs"])) == (200, PAGE_MAX)
    _, second = await office.ask("GET", f"/legs?{period}&after={first['next']}")
    assert second["next"] is None
    legs = first["legs"] + second["legs"]
    assert [(leg["answered_at"], leg["leg_id"]) for leg in legs] == sorted(
        (leg["answered_at"], leg["leg_id"]) for leg in legs
    )
    assert sorted(leg["leg_id"] for leg in legs) == ids
    assert {(leg["from"], leg["to"], leg["line"], leg["seconds"], leg["tariff"]) for leg in legs} == {
        ("79031112233", "79161110002", "74951234567", 5, "t@1")
    }


BAD_PERIODS: Mapping[str, tuple[str, int]] = {
    "none": ("", 400),
    "half": ("from=2026-01-01", 400),
    "words": ("from=yesterday&to=2026-01-01", 400),
    "far": ("from=0002-01-01&to=9999-12-31", 200),
    "unknown": ("from=2026-01-01&to=2026-02-01&after=leg9-nobody", 404),
    "odd sign": ("from=2026-01-01&to=2026-02-01&after=%00", 404),
}


@pytest.mark.parametrize(("query", "status"), BAD_PERIODS.values(), ids=BAD_PERIODS)
async def test_a_period_is_two_moments(office: Office, query: str, status: int) -> None:
    assert (await office.ask("GET", f"/legs?{query}"))[0] == status
