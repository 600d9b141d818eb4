"""Messages and recorded talks in a running office, by command and over HTTP: listed, fetched, removed."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from callctl.calls.records import MessageTaken, RecordingBegan
from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office
from tests.shell.shop import LINE
from tests.shell.test_journal import NOON_MS, write_down
from tests.shell.test_recordings import CALLER, SAID, record

SERIAL = count(1)


@pytest.fixture
async def account(office: Office) -> str:
    account_id = f"rec{next(SERIAL)}"
    await office.open(account_id)
    return account_id


@pytest.fixture
async def message(office: Office, account: str) -> MessageTaken:
    call_id = f"call-{account}"
    name = f"message/{account}/night/{call_id}"
    taken = MessageTaken(account, call_id, CALLER, LINE, "night", name, NOON_MS, 7_000)
    await write_down(office.database, taken)
    record(office.folder / "recordings", name)
    return taken


@pytest.fixture
async def talk(office: Office, account: str) -> RecordingBegan:
    call_id = f"call-{account}"
    began = RecordingBegan(account, call_id, f"talk/{account}/{call_id}", NOON_MS, 90)
    await write_down(office.database, began)
    record(office.folder / "recordings", began.recording)
    return began


class _Half(BaseHTTPRequestHandler):
    """Promises more than it sends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(2 * len(SAID)))
        self.end_headers()
        self.wfile.write(SAID)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def half_a_service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Half) as server:
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def entries(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def test_a_message_is_listed_fetched_and_removed(
    office: Office, callctl: Callctl, message: MessageTaken, tmp_path: Path
) -> None:
    (told,) = callctl("message", "list", message.account_id, "--json").json
    assert (told["call_id"], told["from"], told["mailbox"]) == (message.call_id, CALLER, "night")
    assert (told["number"], told["length_ms"], told["bytes"]) == (LINE, 7_000, len(SAID))
    assert "7.0" in callctl("message", "list", message.account_id, "--mailbox", "night").out
    assert callctl("message", "list", message.account_id, "--mailbox", "day", "--json").json == []
    file = tmp_path / "message.wav"
    said = callctl("message", "get", message.call_id, "-o", str(file))
    assert said.out == f"{file}: {len(SAID)} bytes\n" and file.read_bytes() == SAID
    said = callctl("message", "remove", message.call_id)
    assert said.out == f"the message of call {message.call_id} is gone\n"
    assert callctl("message", "list", message.account_id, "--json").json == []
    assert not list((office.folder / "recordings").rglob(f"{message.call_id}.wav"))


async def test_a_program_that_asks_since_the_last_serial_gets_the_new_messages(
    office: Office, message: MessageTaken
) -> None:
    _, told = await office.ask("GET", "/messages")
    last = told[-1]["serial"]
    assert await office.ask("GET", f"/messages?since={last}") == (200, [])
    await write_down(office.database, replace(message, recording=f"{message.recording}-2", mailbox="day"))
    _, news = await office.ask("GET", f"/messages?since={last}")
    assert [(one["mailbox"], one["bytes"]) for one in news] == [("day", None)]
    _, of_mailbox = await office.ask("GET", f"/messages?account_id={message.account_id}&mailbox=night")
    assert [one["call_id"] for one in of_mailbox] == [message.call_id]


async def test_a_long_list_is_whole(office: Office, callctl: Callctl, message: MessageTaken) -> None:
    more = (replace(message, recording=f"{message.recording}-{n}") for n in range(1_000))
    await write_down(office.database, *more)
    serials = [one["serial"] for one in callctl("message", "list", message.account_id, "--json").json]
    assert len(serials) == 1_001 and serials == sorted(set(serials))


async def test_a_recording_is_listed_fetched_and_removed(
    office: Office, callctl: Callctl, talk: RecordingBegan, tmp_path: Path
) -> None:
    (told,) = callctl("recording", "list", talk.account_id, "--json").json
    assert (told["call_id"], told["bytes"]) == (talk.call_id, len(SAID))
    assert told["keep_until"][:10] > told["began_at"][:10]
    assert talk.call_id in callctl("recording", "list", talk.account_id).out
    file = tmp_path / "talk.wav"
    fetched = callctl("recording", "get", talk.call_id, "-o", str(file), "--json").json
    assert fetched == {"file": str(file), "bytes": len(SAID)} and file.read_bytes() == SAID
    callctl("recording", "remove", talk.call_id)
    assert callctl("recording", "list", talk.account_id, "--json").json == []
    assert not list((office.folder / "recordings").rglob(f"{talk.call_id}.wav"))


async def test_what_is_not_there_is_one_line_and_leaves_no_file(
    office: Office, callctl: Callctl, talk: RecordingBegan, tmp_path: Path
) -> None:
    (office.folder / "recordings" / f"{talk.recording}.wav").unlink()
    file = str(tmp_path / "f.wav")
    for words, said in (
        (("message", "list", "nobody"), "no account 'nobody'"),
        (("message", "get", "nothing", "-o", file), "left no such message"),
        (("message", "remove", "nothing", "--mailbox", "night"), "left no such message"),
        (("recording", "list", "nobody"), "no account 'nobody'"),
        (("recording", "get", "nothing", "-o", file), "there is no recording"),
        (("recording", "get", talk.call_id, "-o", file), "is not there"),
        (("recording", "remove", "a\0b"), "no call"),
    ):
        assert is_complaint(callctl(*words), 2, said), words
    assert entries(tmp_path) == []


async def test_a_file_that_cannot_be_written_is_one_line(
    callctl: Callctl, talk: RecordingBegan, tmp_path: Path
) -> None:
    for file in (tmp_path / "none" / "f.wav", tmp_path):
        said = callctl("recording", "get", talk.call_id, "-o", str(file))
        assert is_complaint(said, 2, "name a file that can be written")
    assert entries(tmp_path) == []
    assert not any(name.endswith(".part") for name in entries(tmp_path.parent))


def test_a_file_that_comes_in_half_is_none(callctl: Callctl, tmp_path: Path, half_a_service: str) -> None:
    said = callctl("recording", "get", "x", "-o", str(tmp_path / "f.wav"), by=("--api", half_a_service))
    assert is_complaint(said, 1, "broke off")
    assert entries(tmp_path) == []


@pytest.mark.parametrize(
    "path",
    [
        "/messages?since=x",
        "/messages?since=-1",
        "/messages?before=1",
        "/messages?mailbox=%00",
        "/messages/x?box=1",
    ],
)
async def test_a_question_that_does_not_fit_is_refused(office: Office, path: str) -> None:
    assert (await office.ask("GET", path))[0] == 400


@pytest.mark.parametrize("call_id", ["..%2F..%2Fservice.json", "%2E%2E", "%2Fetc%2Fpasswd", "a%00"])
async def test_a_call_that_could_lead_elsewhere_is_not_there(office: Office, call_id: str) -> None:
    for what in ("messages", "recordings"):
        for method in ("GET", "DELETE"):
            assert (await office.ask(method, f"/{what}/{call_id}"))[0] in (404, 405)
    assert (office.folder / "service.json").exists()


async def test_a_recording_whose_name_leads_elsewhere_is_not_read(office: Office, account: str) -> None:
    call_id = f"odd-{account}"
    await write_down(office.database, RecordingBegan(account, call_id, "talk/../../service", NOON_MS, None))
    assert (await office.ask("GET", f"/recordings/{call_id}"))[0] == 400
