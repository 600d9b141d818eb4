"""The subscribers' own sounds: stored in PostgreSQL, and lying as files where Asterisk plays them."""

import asyncio
from pathlib import Path

import pytest

from callctl.complaint import Complaint, Missing
from callctl.prompts.wav import read_wav
from callctl.storage.database import DatabaseAway
from callctl.storage.schemes import Schemes
from callctl.storage.sound_files import SoundFiles
from callctl.storage.sounds import Played, Sounds, restore_sounds
from tests.shell.office import SCHEME
from tests.shell.relay import Relay
from tests.shell.shop import LINE, Shop, shop_of
from tests.shell.tones import tone

HELLO = tone()
ASKS = SCHEME.replace("patience_s: 30", "accept: {prompt: hello}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


@pytest.fixture
def sounds(shop: Shop, folder: Path) -> Sounds:
    return Sounds(shop.till, opened(folder))


def opened(folder: Path) -> SoundFiles:
    files = SoundFiles(folder)
    files.prepare()
    return files


def lying(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


async def restart(shop: Shop, folder: Path) -> None:
    async with shop.till.reading() as connection:
        await restore_sounds(connection, opened(folder))


async def test_an_added_sound_lies_there_as_asterisk_plays_it(sounds: Sounds, folder: Path) -> None:
    added = await sounds.add("ann", "hello", tone(rate=44_100))
    assert (added.is_new, added.sound.name, added.sound.length_ms) == (True, "hello", 1_000)
    assert lying(folder) == ["own/ann/hello.wav"]
    wav = read_wav((folder / "own/ann/hello.wav").read_bytes())
    assert (wav.rate, wav.channels, wav.bits) == (8_000, 1, 16)
    assert [sound.name for sound in await sounds.all_of("ann")] == ["hello"]


async def test_a_sound_takes_the_place_of_the_one_that_has_its_name(sounds: Sounds, folder: Path) -> None:
    await sounds.add("ann", "hello", HELLO)
    before = (folder / "own/ann/hello.wav").read_bytes()
    assert (await sounds.add("ann", "hello", tone(2))).is_new is False
    assert (folder / "own/ann/hello.wav").read_bytes() != before
    assert [sound.length_ms for sound in await sounds.all_of("ann")] == [2_000]


async def test_a_broken_file_is_refused_and_the_sound_stays(sounds: Sounds, folder: Path) -> None:
    await sounds.add("ann", "hello", HELLO)
    before = (folder / "own/ann/hello.wav").read_bytes()
    with pytest.raises(Complaint, match=r"the sound 'hello' is refused: .*at least"):
        await sounds.add("ann", "hello", tone(0.1))
    with pytest.raises(Complaint, match="MP3"):
        await sounds.add("ann", "other", b"ID3" + bytes(1_000))
    assert lying(folder) == ["own/ann/hello.wav"]
    assert (folder / "own/ann/hello.wav").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["../../evil", "..", "a/b", "", ".hidden", "A", "a.b", "a\0b", "é", "x" * 41]
)
async def test_no_name_leads_out_of_the_folder(sounds: Sounds, folder: Path, name: str) -> None:
    with pytest.raises(Complaint, match="is no name of a sound"):
        await sounds.add("ann", name, HELLO)
    with pytest.raises(Missing):
        await sounds.remove("ann", name)
    assert lying(folder.parent) == []


@pytest.mark.parametrize("account_id", ["../ann", "..", ".", "", "a/b", "a\0"])
def test_no_account_leads_out_of_the_folder(folder: Path, account_id: str) -> None:
    files = opened(folder)
    with pytest.raises(Complaint, match="cannot be the name of a file"):
        files.put(account_id, "hello", b"")
    with pytest.raises(Complaint, match="cannot be the name of a file"):
        files.drop(account_id, "hello")
    assert lying(folder.parent) == []


async def test_nobodys_sounds_are_refused(sounds: Sounds) -> None:
    for deed in (sounds.add("bob", "hello", HELLO), sounds.all_of("bob"), sounds.remove("bob", "hello")):
        with pytest.raises(Missing, match="no account 'bob'"):
            await deed


async def test_a_removed_sound_is_gone_with_its_folder(sounds: Sounds, folder: Path) -> None:
    await sounds.add("ann", "hello", HELLO)
    await sounds.remove("ann", "hello")
    assert list((folder / "own").iterdir()) == [] == await sounds.all_of("ann")
    with pytest.raises(Missing, match="has no sound 'hello'"):
        await sounds.remove("ann", "hello")


async def test_a_sound_that_a_scheme_in_force_plays_is_not_removed(
    shop: Shop, sounds: Sounds, folder: Path
) -> None:
    await sounds.add("ann", "hello", HELLO)
    schemes = Schemes(shop.till)
    await schemes.load(LINE, ASKS)
    with pytest.raises(Played, match=f"played by the scheme of {LINE}"):
        await sounds.remove("ann", "hello")
    assert lying(folder) == ["own/ann/hello.wav"]
    await schemes.roll_back(LINE, 1)
    await sounds.remove("ann", "hello")


async def test_after_a_restart_the_files_are_as_the_table_has_them(
    shop: Shop, sounds: Sounds, folder: Path
) -> None:
    for name in ("lost", "changed", "kept"):
        await sounds.add("ann", name, HELLO)
    (folder / "own/ann/lost.wav").unlink()
    (folder / "own/ann/changed.wav").write_bytes(b"half")
    (folder / "own/gone").mkdir()
    (folder / "own/gone/old.wav").write_bytes(HELLO)
    kept = (folder / "own/ann/kept.wav").stat().st_ino
    await restart(shop, folder)
    assert lying(folder) == ["own/ann/changed.wav", "own/ann/kept.wav", "own/ann/lost.wav"]
    assert (
        len({(folder / "own/ann" / f"{name}.wav").read_bytes() for name in ("lost", "changed", "kept")}) == 1
    )
    assert (folder / "own/ann/kept.wav").stat().st_ino == kept, "what is right is not written again"


async def test_a_new_folder_gets_every_sound(shop: Shop, sounds: Sounds, tmp_path: Path) -> None:
    await sounds.add("ann", "hello", HELLO)
    await restart(shop, tmp_path / "elsewhere")
    assert lying(tmp_path / "elsewhere") == ["own/ann/hello.wav"]


async def test_whoever_plays_a_sound_meets_it_whole_while_it_is_replaced(
    sounds: Sounds, folder: Path
) -> None:
    await sounds.add("ann", "hello", HELLO)
    file = folder / "own/ann/hello.wav"
    sizes = {file.stat().st_size}
    adding = asyncio.create_task(sounds.add("ann", "hello", tone(3)))
    while not adding.done():
        sizes.add(file.stat().st_size)
        await asyncio.sleep(0)
    assert len(sizes | {file.stat().st_size}) == 2


async def test_a_folder_that_cannot_be_written_is_said_before_anybody_calls(tmp_path: Path) -> None:
    (tmp_path / "sounds").write_text("a file")
    with pytest.raises(Complaint, match="name another folder as `sounds`"):
        SoundFiles(tmp_path / "sounds").prepare()


@pytest.mark.parametrize("deed", ["add", "remove"])
async def test_what_ended_in_doubt_has_its_file_if_it_stands(
    cut_database: str, relay: Relay, folder: Path, deed: str
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        sounds = Sounds(shop.till, opened(folder))
        if deed == "remove":
            await sounds.add("ann", "hello", HELLO)
        relay.lose_answer_to = b"COMMIT"
        with pytest.raises(DatabaseAway):
            await (sounds.add("ann", "hello", HELLO) if deed == "add" else sounds.remove("ann", "hello"))
        assert (lying(folder) == []) is (deed == "add")
        await sounds.all_of("ann")
        assert lying(folder) == (["own/ann/hello.wav"] if deed == "add" else [])


async def test_a_doubtful_sound_whose_file_cannot_be_written_does_not_take_the_database_away(
    cut_database: str, relay: Relay, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with shop_of(cut_database) as shop:
        await shop.open()
        sounds = Sounds(shop.till, opened(folder))
        (folder / "own/ann").write_text("in the way")
        relay.lose_answer_to = b"COMMIT"
        with pytest.raises(DatabaseAway):
            await sounds.add("ann", "hello", HELLO)
        assert [sound.name for sound in await sounds.all_of("ann")] == ["hello"]
        assert "the file of the sound hello of ann cannot be written" in caplog.text
        with pytest.raises(Complaint, match="make room and send it again"):
            await sounds.add("ann", "hello", HELLO)
