"""Schemes, sounds and ways in a running office, by command and over HTTP: in force, shown, refused."""

import asyncio
from itertools import count
from pathlib import Path

import pytest

from callctl.api.server import BODY_BYTES_MAX
from callctl.calls.records import CallOver, Connection, LegHeld, Passed
from callctl.prompts.sound_check import BYTES_MAX
from rating.money import Money
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import PATIENCE_S, SCHEME, Office
from tests.shell.test_journal import NOON_MS, RATE, settled, write_down
from tests.shell.tones import tone

SERIAL = count(1)
OTHER = SCHEME.replace("79161110002", "79161110003")
ASKS = SCHEME.replace("patience_s: 30", "accept: {prompt: hello}")
BAD = SCHEME.replace("otherwise: bye", "otherwise: by").replace("no_answer", "no_reply")
WAV = "audio/wav"


def written(folder: Path, text: str, name: str = "scheme.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


async def in_force(office: Office, number: str) -> tuple[int, str]:
    _, told = await office.ask("GET", f"/numbers/{number}/schemes/newest")
    return told["version"], told["scheme"]


# --- versions --------------------------------------------------------------------------------------------


async def test_a_scheme_is_loaded_shown_listed_and_rolled_back(
    callctl: Callctl, number: str, tmp_path: Path
) -> None:
    said = callctl("scheme", "load", number, written(tmp_path, OTHER), "--note", "new mobile")
    assert said.out.startswith(f"{number}: version 2 is in force (") and said.code == 0, said
    assert callctl("scheme", "show", number).out == OTHER
    assert callctl("scheme", "show", number, "1").out == SCHEME
    history = callctl("scheme", "history", number, "--json").json
    assert [(row["version"], row["note"]) for row in history] == [(2, "new mobile"), (1, "")]
    table = callctl("scheme", "history", number).out
    assert "new mobile" in table and "the first is in force" in table
    assert "version 3 is in force" in callctl("scheme", "rollback", number).out
    assert callctl("scheme", "show", number, "--json").json["scheme"] == SCHEME
    assert callctl("scheme", "rollback", number, "2", "--json").json["note"] == "back to version 2"


async def test_the_same_file_again_is_no_news(callctl: Callctl, number: str, tmp_path: Path) -> None:
    said = callctl("scheme", "load", number, written(tmp_path, SCHEME))
    assert "version 1 was in force already, nothing changed" in said.out


async def test_a_bad_file_gets_a_line_for_each_fault_and_changes_nothing(
    office: Office, callctl: Callctl, number: str, tmp_path: Path
) -> None:
    before = await office.tables()
    file = written(tmp_path, BAD)
    said = callctl("scheme", "load", number, file)
    assert (said.code, said.out) == (2, "")
    lines = said.err.splitlines()
    assert len(lines) == 2 and all(line.startswith(f"callctl: {file}: line ") for line in lines)
    status, problem = await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": BAD})
    assert (status, problem["detail"].count("line ")) == (400, 2)
    assert await office.tables() == before


async def test_what_the_service_knows_better_is_one_line(
    office: Office, callctl: Callctl, number: str, tmp_path: Path
) -> None:
    before = await office.tables()
    said = callctl("scheme", "load", number, written(tmp_path, ASKS))
    assert is_complaint(said, 2, "there is no prompt 'hello'")
    own = written(tmp_path, SCHEME.replace("79161110002", number))
    assert is_complaint(callctl("scheme", "load", number, own), 2, "the number that this scheme is for")
    assert await office.tables() == before


async def test_a_warning_is_told_and_refuses_nothing(
    office: Office, callctl: Callctl, account: str, number: str, tmp_path: Path
) -> None:
    second = f"7498{next(SERIAL):07}"
    text = SCHEME.replace("79161110002", number)
    said = callctl("number", "add", second, "--account", account, "--scheme", written(tmp_path, text))
    assert said.code == 0 and "warning: line 3: nodes.ring.to[0]: rings a number" in said.out
    other = text.replace("patience_s: 30", "patience_s: 31")
    said = callctl("scheme", "load", second, written(tmp_path, other))
    assert said.code == 0 and "warning: line 3: nodes.ring.to[0]: rings a number" in said.out


async def test_the_difference_to_what_is_in_force_is_told_in_words(
    callctl: Callctl, number: str, tmp_path: Path
) -> None:
    other, same = written(tmp_path, OTHER), written(tmp_path, f"# the same\n{SCHEME}", "same.yaml")
    said = callctl("scheme", "diff", number, other)
    assert said.out.startswith("from version 1 to ") and "79161110003" in said.out
    assert "nothing is other" in callctl("scheme", "diff", number, same).out
    assert is_complaint(callctl("scheme", "diff", number), 2, "has only one version")
    callctl("scheme", "load", number, other)
    last = callctl("scheme", "diff", number, "--json").json
    assert (last["old"], last["new"], len(last["differences"])) == ("version 1", "version 2", 1)
    for words in (("1",), ("1", "2")):
        assert callctl("scheme", "diff", number, *words, "--json").json == last
    files = callctl("scheme", "diff", same, other, "--json", by=()).json
    assert files["differences"] == last["differences"]
    for odd in ([number, "1", other], [same], [same, other, "1"], [number, "1", "2", "3"]):
        assert is_complaint(callctl("scheme", "diff", *odd), 2, "give FILE FILE, E164")


async def test_what_is_not_there_is_said_so(callctl: Callctl, number: str, tmp_path: Path) -> None:
    file = written(tmp_path, OTHER)
    for words, said in (
        (("load", "74990000000", file), "is nobody's here"),
        (("load", "what", file), "is nobody's here"),
        (("history", "74990000000"), "is nobody's here"),
        (("rollback", number), "no such version"),
        (("rollback", number, "7"), "no such version"),
        (("show", number, "7"), "no such version"),
        (("show", number, "0"), "is no version"),
        (("show", number, "x"), "is no version"),
        (("load", number, str(tmp_path / "none.yaml")), "name a file that can be read"),
        (("trace", "nothing"), "the way of a call 'nothing' is not known"),
        (("calls", "74990000000"), "is nobody's here"),
    ):
        assert is_complaint(callctl("scheme", *words), 2, said)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "scheme: Field required"),
        ({"scheme": 1}, "scheme: Input should be a valid string"),
        ({"scheme": SCHEME, "note": "a\nb"}, "note"),
        ({"scheme": SCHEME, "by": "me"}, "by: Extra inputs are not permitted"),
        ({"scheme": "#" * 100_001}, "at most 100000"),
        ({"scheme": "start: \0"}, "line 1"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    office: Office, number: str, body: dict[str, object], fault: str
) -> None:
    status, problem = await office.ask("PUT", f"/numbers/{number}/scheme", body)
    assert (status, fault in problem["detail"]) == (400, True), problem
    assert (await in_force(office, number))[0] == 1


async def test_two_loads_at_once_are_two_versions(office: Office, number: str) -> None:
    path = f"/numbers/{number}/scheme"
    texts = [SCHEME.replace("patience_s: 30", f"patience_s: {n}") for n in range(31, 37)]
    told = await asyncio.gather(*(office.ask("PUT", path, {"scheme": text}) for text in texts))
    assert {status for status, _ in told} == {201}
    assert sorted(answer["version"] for _, answer in told) == [2, 3, 4, 5, 6, 7]
    last = max(told, key=lambda one: one[1]["version"])
    assert await in_force(office, number) == (7, texts[told.index(last)])


async def test_a_load_while_the_database_is_away_changes_nothing(office: Office, number: str) -> None:
    office.relay.cut()
    try:
        status, _ = await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": OTHER})
    finally:
        office.relay.mend()
    assert status == 503
    assert await in_force(office, number) == (1, SCHEME)


# --- sounds ----------------------------------------------------------------------------------------------


async def test_a_sound_is_added_listed_played_by_a_scheme_and_kept_while_it_is(
    office: Office, callctl: Callctl, account: str, number: str, tmp_path: Path
) -> None:
    (tmp_path / "hello.wav").write_bytes(tone(1.5, rate=16_000))
    said = callctl("sound", "add", account, "hello", str(tmp_path / "hello.wav"))
    assert said.out.startswith(f"sound hello of {account} is there: 1.5 s"), said
    again = callctl("sound", "add", account, "hello", str(tmp_path / "hello.wav"))
    assert "in the place of the one before" in again.out
    file = office.folder / "sounds" / "own" / account / "hello.wav"
    assert file.read_bytes()[:4] == b"RIFF"
    assert [row["name"] for row in callctl("sound", "list", account, "--json").json] == ["hello"]
    assert "hello" in callctl("sound", "list", account).out
    assert callctl("scheme", "load", number, written(tmp_path, ASKS)).code == 0
    assert is_complaint(callctl("sound", "remove", account, "hello"), 2, f"the scheme of {number}")
    assert (await office.ask("DELETE", f"/accounts/{account}/sounds/hello"))[0] == 409
    callctl("scheme", "rollback", number)
    assert "is gone" in callctl("sound", "remove", account, "hello").out
    assert not file.exists()


async def test_a_restart_puts_the_files_and_the_newest_versions_back(
    office: Office, account: str, number: str
) -> None:
    await office.ask("PUT", f"/accounts/{account}/sounds/hello", tone(), kind=WAV)
    await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": ASKS})
    await office.ask("PATCH", f"/accounts/{account}", {"standing": "suspended_full"})
    file = office.folder / "sounds" / "own" / account / "hello.wav"
    before = file.read_bytes()
    await office.stop()
    file.unlink()
    (file.parent / "stray.wav").write_bytes(b"")
    await office.start()
    assert [one.name for one in file.parent.iterdir()] == ["hello.wav"] and file.read_bytes() == before
    assert await in_force(office, number) == (2, ASKS)
    assert (await office.ask("DELETE", f"/accounts/{account}/sounds/hello"))[0] == 409
    assert (await office.ask("GET", f"/accounts/{account}"))[1]["standing"] == "suspended_full"


@pytest.mark.parametrize("name", ["..%2F..%2Fevil", "%2E%2E", "a%2Fb", "%00", "Hello", "x" * 41])
async def test_a_name_that_could_lead_elsewhere_is_refused(office: Office, account: str, name: str) -> None:
    before = sorted(office.folder.rglob("*.wav"))
    status, _ = await office.ask("PUT", f"/accounts/{account}/sounds/{name}", tone(), kind=WAV)
    assert status in (400, 404, 405)
    assert sorted(office.folder.rglob("*.wav")) == before


async def test_a_sound_that_cannot_be_played_is_refused_with_the_reason(
    office: Office, callctl: Callctl, account: str, tmp_path: Path
) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(5_000))
    (tmp_path / "long.wav").write_bytes(bytes(BYTES_MAX + 1))
    assert is_complaint(callctl("sound", "add", account, "song", str(tmp_path / "song.mp3")), 2, "MP3")
    assert is_complaint(callctl("sound", "add", account, "long", str(tmp_path / "long.wav")), 2, "10 MB")
    assert (await office.ask("PUT", f"/accounts/{account}/sounds/song", tone(), kind="text/plain"))[0] == 415
    assert is_complaint(callctl("sound", "add", "nobody", "a", str(tmp_path / "song.mp3")), 2, "no account")
    assert callctl("sound", "list", account, "--json").json == []


async def test_a_sound_may_be_larger_than_other_bodies_but_not_larger_than_its_own_limit(
    office: Office, account: str
) -> None:
    body, path = tone(BODY_BYTES_MAX / 16_000), f"/accounts/{account}/sounds/long"
    assert len(body) > BODY_BYTES_MAX
    assert (await office.ask("PUT", path, body, kind=WAV))[0] == 201
    host, _, port = office.api.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {WAV}\r\n"
    writer.write(f"{head}Content-Length: {BYTES_MAX + 1}\r\n\r\nRIFF".encode())
    async with asyncio.timeout(PATIENCE_S):
        status = await reader.readline()
    writer.close()
    assert status.split()[1] == b"413"


# --- ways ------------------------------------------------------------------------------------------------


async def test_the_way_of_a_call_is_told_with_its_connections_and_their_cost(
    office: Office, callctl: Callctl, account: str, number: str
) -> None:
    caller, call_id = "79031112233", f"call-{number}"
    way = [("hours", 0, ()), ("ring", 0, ("busy",)), ("[bold]", 9_500, ())]
    passed = tuple(Passed(node, NOON_MS + ms, outcomes) for node, ms, outcomes in way)
    end_ms, leg_id = NOON_MS + 60_000, f"leg1-{call_id}"
    on = Connection(account, leg_id, call_id, caller, "79161110002", number)
    await write_down(
        office.database,
        LegHeld(on, NOON_MS, RATE, Money(100)),
        settled(leg_id, account_id=account),
        CallOver(account, call_id, caller, number, 1, NOON_MS, end_ms, None, passed, "hung up"),
    )
    told = callctl("scheme", "trace", call_id, "--json").json
    assert (told["from"], told["number"], told["scheme_version"], told["ending"]) == (
        caller,
        number,
        1,
        "hung up",
    )
    assert [(step["node"], step["ms"], step["outcomes"]) for step in told["way"]] == [
        ("hours", 0, []),
        ("ring", 9_500, ["busy"]),
        ("[bold]", 50_500, []),
    ]
    assert [(leg["leg_id"], leg["charge_kopecks"]) for leg in told["legs"]] == [(leg_id, 300)]
    said = callctl("scheme", "trace", leg_id).out
    assert "not answered" in said and "hung up" in said and "busy" in said and "9.5" in said
    assert "[bold]" in said and leg_id in said and "3.00" in said
    assert [row["call_id"] for row in callctl("scheme", "calls", number, "--json").json] == [call_id]
    assert call_id in callctl("scheme", "calls", number).out


# --- states ----------------------------------------------------------------------------------------------


async def test_the_state_of_an_account_is_set_shown_and_kept(
    office: Office, callctl: Callctl, account: str
) -> None:
    assert callctl("account", "show", account, "--json").json["standing"] == "active"
    said = callctl("account", "set", account, "--standing", "suspended_partial", "--credit", "5")
    assert "Suspended in part: what costs money is off." in said.out and "Credit 5.00" in said.out
    assert callctl("account", "set", account, "--credit", "plan", "--json").json["standing"] == (
        "suspended_partial"
    )
    assert "Suspended" not in callctl("account", "set", account, "--standing", "active").out
    assert is_complaint(callctl("account", "set", account, "--standing", "asleep"), 2, "asleep")
    status, problem = await office.ask("PATCH", f"/accounts/{account}", {"standing": "asleep"})
    assert (status, "standing" in problem["detail"]) == (400, True)
    new = {"account_id": "never", "profile": "demo", "plan": "six", "standing": "active"}
    assert (await office.ask("POST", "/accounts", new))[0] == 400
