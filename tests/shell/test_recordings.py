"""Messages and recorded talks: what a real PostgreSQL says of them, and their files on a real disk."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from callctl.calls.records import MessageTaken, RecordingBegan
from callctl.clock import moment
from callctl.complaint import Complaint, Missing
from callctl.metrics import REGISTRY
from callctl.storage import messages as messages_module
from callctl.storage import recordings as recordings_module
from callctl.storage.database import DatabaseAway
from callctl.storage.messages import Messages
from callctl.storage.recording_files import RecordingFiles
from callctl.storage.recordings import Recordings
from callctl.tariffs.folders import load_profiles
from rating.calendar import DAY_MS
from tests.shell.relay import Relay
from tests.shell.shop import LINE, NOW_MS, Shop, shop_of
from tests.shell.test_journal import write_down
from tests.shell.tones import tone

CALLER = "79031112233"
TALK = RecordingBegan("ann", "call-1", "talk/ann/call-1", NOW_MS, None)
MESSAGE = MessageTaken(
    "ann", "call-1", CALLER, LINE, "night", "message/ann/night/call-1", NOW_MS - 60_000, 7_000
)
SAID = tone()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recording"


@pytest.fixture
def messages(shop: Shop, folder: Path) -> Messages:
    return Messages(shop.till, RecordingFiles(folder))


@pytest.fixture
def recordings(shop: Shop, folder: Path) -> Recordings:
    return Recordings(shop.till, RecordingFiles(folder))


async def talked(database: str, folder: Path, *talks: RecordingBegan) -> None:
    """Each with its file."""
    await write_down(database, *talks)
    for talk in talks:
        record(folder, talk.recording)


def record(folder: Path, name: str) -> None:
    file = folder / f"{name}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(SAID)


def lying(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.wav"))


def talk(number: int, days_ago: float, keep_days: int | None, account_id: str = "ann") -> RecordingBegan:
    call_id = f"call-{number}"
    began_ms = NOW_MS - round(days_ago * DAY_MS)
    return RecordingBegan(account_id, call_id, f"talk/{account_id}/{call_id}", began_ms, keep_days)


def keep_for(shop: Shop, days: int | None) -> None:
    shop.tariffs.replace(replace(shop.tariffs.profiles["test"], recordings_kept_days=days))


# --- messages --------------------------------------------------------------------------------------------


async def test_a_message_is_found_by_its_call_with_all_that_is_known_of_it(
    database: str, messages: Messages, folder: Path
) -> None:
    await write_down(database, MESSAGE)
    record(folder, MESSAGE.recording)
    found = await messages.of_call("call-1")
    assert (found.account_id, found.number, found.caller, found.mailbox) == ("ann", LINE, CALLER, "night")
    assert (found.taken_at, found.length_ms) == (moment(NOW_MS - 60_000), 7_000)
    assert messages.files.file(found.recording).read_bytes() == SAID


async def test_whoever_asks_for_what_is_new_gets_each_message_once(database: str, messages: Messages) -> None:
    await write_down(database, MESSAGE)
    (first,) = await messages.newer(0, None, None)
    late = replace(MESSAGE, call_id="call-0", recording="message/ann/night/call-0", at_ms=NOW_MS - DAY_MS)
    await write_down(database, MESSAGE, late)
    (second,) = await messages.newer(first.serial, None, None)
    assert second.call_id == "call-0", "it was taken before the first, and known after it"
    assert await messages.newer(second.serial, None, None) == []


async def test_messages_are_told_of_one_account_and_of_one_mailbox(
    shop: Shop, database: str, messages: Messages
) -> None:
    await shop.open(account_id="bob")
    day = replace(MESSAGE, mailbox="day", recording="message/ann/day/call-1")
    await write_down(database, MESSAGE, day, replace(MESSAGE, account_id="bob"))
    assert len(await messages.newer(0, None, None)) == 3
    assert [one.mailbox for one in await messages.newer(0, "ann", None)] == ["night", "day"]
    assert [one.mailbox for one in await messages.newer(0, "ann", "day")] == ["day"]
    with pytest.raises(Missing, match="no account 'eve'"):
        await messages.newer(0, "eve", None)


async def test_a_long_list_comes_in_pieces(
    database: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "MESSAGES_MAX", 2)
    await write_down(database, *(replace(MESSAGE, recording=f"message/ann/night/{n}") for n in range(3)))
    first = await messages.newer(0, None, None)
    rest = await messages.newer(first[-1].serial, None, None)
    assert (len(first), [one.recording for one in rest]) == (2, ["message/ann/night/2"])


async def test_of_a_call_with_two_messages_the_mailbox_must_be_said(
    database: str, messages: Messages, folder: Path
) -> None:
    day = replace(MESSAGE, mailbox="day", recording="message/ann/day/call-1")
    await write_down(database, MESSAGE, day)
    for name in (MESSAGE.recording, day.recording):
        record(folder, name)
    with pytest.raises(Complaint, match="say of which mailbox"):
        await messages.remove("call-1")
    await messages.remove("call-1", "day")
    assert lying(folder) == ["message/ann/night/call-1.wav"]
    assert (await messages.of_call("call-1")).mailbox == "night"


async def test_of_a_removed_message_nothing_is_left(database: str, messages: Messages, folder: Path) -> None:
    await write_down(database, MESSAGE)
    record(folder, MESSAGE.recording)
    await messages.remove("call-1")
    assert lying(folder) == [] == await messages.newer(0, None, None)
    with pytest.raises(Missing, match="left no such message"):
        await messages.remove("call-1")


async def test_a_message_whose_file_is_gone_can_be_removed(database: str, messages: Messages) -> None:
    await write_down(database, MESSAGE)
    with pytest.raises(Missing, match="is not there"):
        messages.files.file(MESSAGE.recording)
    await messages.remove("call-1")
    assert await messages.newer(0, None, None) == []


async def test_the_file_goes_before_the_row(
    cut_database: str, database: str, relay: Relay, folder: Path
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        await write_down(database, MESSAGE)
        record(folder, MESSAGE.recording)
        messages = Messages(shop.till, RecordingFiles(folder))
        relay.lose_answer_to = b"DELETE FROM message"
        with pytest.raises(DatabaseAway):
            await messages.remove("call-1")
        assert lying(folder) == []


# --- recordings ------------------------------------------------------------------------------------------


async def test_a_recording_is_found_by_its_call_and_kept_as_its_scheme_says(
    shop: Shop, database: str, recordings: Recordings
) -> None:
    keep_for(shop, 30)
    await write_down(database, replace(TALK, keep_days=90))
    found = await recordings.of_call("call-1")
    assert (found.account_id, found.name) == ("ann", "talk/ann/call-1")
    assert (found.began_at, found.keep_until) == (moment(NOW_MS), moment(NOW_MS + 90 * DAY_MS))


@pytest.mark.parametrize("days", [30, None])
async def test_without_a_word_of_the_scheme_it_is_kept_as_the_profile_says_now(
    shop: Shop, database: str, recordings: Recordings, days: int | None
) -> None:
    await write_down(database, TALK)
    keep_for(shop, days)
    found = await recordings.of_call("call-1")
    assert found.keep_until == (moment(NOW_MS + days * DAY_MS) if days else None)


def test_clovertel_keeps_recordings_for_30_days() -> None:
    profiles = load_profiles().profiles
    kept = {name: profile.recordings_kept_days for name, profile in profiles.items()}
    assert {name: days for name, days in kept.items() if days} == {"clovertel": 30}


async def test_recordings_of_an_account_are_told_newest_first_and_the_list_has_an_end(
    shop: Shop, database: str, recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.open(account_id="bob")
    await write_down(database, talk(1, 3, None), talk(2, 1, None), talk(3, 2, None), talk(4, 1, None, "bob"))
    monkeypatch.setattr(recordings_module, "RECORDINGS_MAX", 2)
    assert [one.call_id for one in await recordings.all_of("ann")] == ["call-2", "call-3"]


async def test_of_a_removed_recording_nothing_is_left(
    database: str, recordings: Recordings, folder: Path
) -> None:
    await talked(database, folder, TALK)
    await recordings.remove("call-1")
    assert lying(folder) == [] == await recordings.all_of("ann")
    with pytest.raises(Missing, match="there is no recording"):
        await recordings.remove("call-1")


async def test_told_again_a_recording_is_what_it_was(database: str, recordings: Recordings) -> None:
    await write_down(database, TALK)
    await write_down(database, replace(TALK, at_ms=NOW_MS + 5, keep_days=1))
    (found,) = await recordings.all_of("ann")
    assert (found.began_at, found.keep_until) == (moment(NOW_MS), None)


# --- when their time is over -----------------------------------------------------------------------------


async def test_what_has_been_kept_long_enough_goes_and_the_rest_stays(
    shop: Shop, database: str, recordings: Recordings, folder: Path
) -> None:
    keep_for(shop, 30)
    talks = {1: (30, None), 2: (29.999, None), 3: (31, 90), 4: (90, 90), 5: (1, 1), 6: (0.5, 1)}
    await talked(database, folder, *(talk(n, ago, days) for n, (ago, days) in talks.items()))
    assert await recordings.sweep() == 3
    kept = ["talk/ann/call-2.wav", "talk/ann/call-3.wav", "talk/ann/call-6.wav"]
    assert lying(folder) == kept
    assert sorted(f"{one.name}.wav" for one in await recordings.all_of("ann")) == kept
    assert await recordings.sweep() == 0


async def test_where_the_profile_says_nothing_recordings_are_kept_for_ever(
    shop: Shop, database: str, recordings: Recordings, folder: Path
) -> None:
    await talked(database, folder, talk(1, 4_000, None))
    assert await recordings.sweep() == 0
    assert lying(folder) == ["talk/ann/call-1.wav"]


async def test_more_than_go_at_once_go_one_batch_after_the_other(
    database: str, recordings: Recordings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings_module, "BATCH_MAX", 2)
    await talked(database, folder, *(talk(n, 2, 1) for n in range(5)))
    assert await recordings.sweep() == 5
    assert lying(folder) == []


async def test_a_file_that_cannot_be_removed_is_told_kept_in_the_list_and_holds_up_no_other(
    database: str, recordings: Recordings, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await talked(database, folder, talk(2, 2, 1))
    await write_down(database, talk(1, 2, 1))
    (folder / "talk/ann/call-1.wav").mkdir()
    assert await recordings.sweep() == 1
    assert [one.call_id for one in await recordings.all_of("ann")] == ["call-1"]
    assert "the recording of call call-1 outlives its time" in caplog.text
    (folder / "talk/ann/call-1.wav").rmdir()
    assert await recordings.sweep() == 1


async def test_what_was_removed_is_counted_and_said(
    database: str, recordings: Recordings, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = expired()
    await talked(database, folder, talk(1, 2, 1), talk(2, 2, 1))
    await recordings.sweep()
    assert expired() - before == 2
    assert "2 recordings were removed" in caplog.text


def expired() -> float:
    return REGISTRY.get_sample_value("callctl_recordings_expired_total") or 0


async def test_a_sweep_without_a_folder_removes_nothing(
    shop: Shop, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write_down(database, talk(1, 2, 1))
    recordings = Recordings(shop.till, RecordingFiles(None))
    assert await recordings.sweep() == 0
    assert "name the folder as `recordings`" in caplog.text
    assert len(await recordings.all_of("ann")) == 1


# --- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../evil", "talk/../../evil", "/evil", "talk//evil", "..", "", "talk/.", "talk/a\0"]
)
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    folder.mkdir()
    outside = folder.parent / "evil.wav"
    outside.write_bytes(SAID)
    files = RecordingFiles(folder)
    for deed in (files.file, files.remove):
        with pytest.raises(Complaint, match="leads elsewhere"):
            deed(name)
    assert files.size(name) is None
    assert outside.exists()


def test_the_size_of_what_lies_there_is_known(folder: Path) -> None:
    record(folder, "talk/ann/call-1")
    files = RecordingFiles(folder)
    assert (files.size("talk/ann/call-1"), files.size("talk/ann/call-2")) == (len(SAID), None)
    assert RecordingFiles(None).size("talk/ann/call-1") is None
