"""Seats and queues in a running office, by command and over HTTP: made, shown, changed, refused, kept."""

import pytest

from tests.shell.command_line import Callctl, is_complaint
from tests.shell.office import Office

MOBILE = "79161110002"
QUEUE = "start: line\nnodes:\n  line: {kind: queue, members: [{seat: anna}, '79161110002'], otherwise: bye}\n"
QUEUES = QUEUE + "  bye: {kind: hang_up}\n"


@pytest.fixture
async def queued(office: Office, owned: tuple[str, str]) -> str:
    """The same account; its number leads into a line with a seat and a mobile."""
    account_id, number = owned
    assert (await office.ask("POST", f"/accounts/{account_id}/seats", {"name": "anna"}))[0] == 201
    assert (await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": QUEUES}))[0] == 201
    return account_id


def members(callctl: Callctl, account: str) -> list[tuple[str, str]]:
    (line,) = callctl("queue", "list", account, "--json").json
    return [(member.get("seat") or member["number"], member["state"]) for member in line["members"]]


# --- seats -----------------------------------------------------------------------------------------------


async def test_a_seat_is_added_listed_set_and_removed(callctl: Callctl, account: str, number: str) -> None:
    said = callctl("seat", "add", account, "anna", "--devices", "2")
    first, *devices = said.out.splitlines()
    assert first == f"seat anna of {account} is there, shows {number}; write the secrets down now"
    assert [line.split()[0] for line in devices] == [f"{account}-anna-1", f"{account}-anna-2"]
    (seat,) = callctl("seat", "list", account, "--json").json
    assert (seat["name"], seat["state"], seat["shows"]) == ("anna", "away", number)
    assert (seat["do_not_disturb"], seat["busy_on_busy"]) == (False, True)
    table = callctl("seat", "list", account).out
    assert f"{account}-anna-1, {account}-anna-2" in table and "away" in table
    said = callctl("seat", "set", account, "anna", "--do-not-disturb", "on", "--busy-on-busy", "off")
    switched = f"seat anna of {account}: do not disturb on, busy on busy off"
    assert said.out == f"{switched}, shows {number}, from everywhere\n"
    said = callctl("seat", "set", account, "anna", "--do-not-disturb", "off", "--shows", "none")
    switched = f"seat anna of {account}: do not disturb off, busy on busy off"
    assert said.out == f"{switched}, shows no number, from everywhere\n"
    assert callctl("seat", "remove", account, "anna").out == f"seat anna of {account} is gone\n"
    assert callctl("seat", "list", account, "--json").json == []


async def test_a_seat_says_from_where_its_phones_may_come(
    office: Office, callctl: Callctl, account: str
) -> None:
    added = callctl(
        "seat", "add", account, "anna", "--allow", "192.0.2.7", "--allow", "2001:db8::/32", "--json"
    )
    assert added.json["allow"] == ["192.0.2.7/32", "2001:db8::/32"]
    said = callctl("seat", "set", account, "anna", "--allow", "198.51.100.0/24")
    assert said.out.endswith(", from 198.51.100.0/24\n")
    for wrong in ("198.51.100.1/24", "anywhere", "1.2.3"):
        said = callctl("seat", "set", account, "anna", "--allow", wrong)
        assert is_complaint(said, 2, f"{wrong!r} is no network: write 192.0.2.0/24 or 192.0.2.7"), said
    await office.stop()
    await office.start()
    (seat,) = callctl("seat", "list", account, "--json").json
    assert seat["allow"] == ["198.51.100.0/24"]
    assert callctl("seat", "set", account, "anna", "--allow-all", "--json").json["allow"] == []


async def test_a_secret_is_shown_when_it_is_made_and_never_again(
    office: Office, callctl: Callctl, account: str
) -> None:
    added = callctl("seat", "add", account, "anna", "--json").json
    (device, secret), *_ = added["secrets"].items()
    assert callctl("seat", "secret", account, "anna", device).out.startswith(f"{device} ")
    newer = callctl("seat", "secret", account, "anna", device, "--json").json["secret"]
    assert newer != secret
    shown = str(callctl("seat", "list", account, "--json").json)
    kept = str((await office.tables())["device"])
    assert not any(one in shown + kept + office.log for one in (secret, newer))


async def test_a_seat_that_is_called_like_help_is_warned_of(callctl: Callctl, account: str) -> None:
    said = callctl("seat", "add", account, "101")
    assert said.code == 0 and "warning: whoever dials 101 at a seat gets the emergency service" in said.out
    assert "warning" not in callctl("seat", "add", account, "201").out


async def test_seats_are_there_after_a_restart_as_they_were(
    office: Office, callctl: Callctl, account: str
) -> None:
    callctl("seat", "add", account, "anna")
    callctl("seat", "set", account, "anna", "--do-not-disturb", "on")
    before = callctl("seat", "list", account, "--json").json
    assert before[0]["state"] == "undisturbed"
    await office.stop()
    await office.start()
    assert callctl("seat", "list", account, "--json").json == before


async def test_a_seat_of_a_scheme_in_force_is_not_removed(
    office: Office, callctl: Callctl, queued: str, number: str
) -> None:
    assert is_complaint(callctl("seat", "remove", queued, "anna"), 2, f"by the scheme of {number}")
    assert (await office.ask("DELETE", f"/accounts/{queued}/seats/anna"))[0] == 409


async def test_a_scheme_with_an_unknown_seat_is_refused_in_one_line(
    office: Office, account: str, number: str
) -> None:
    status, problem = await office.ask("PUT", f"/numbers/{number}/scheme", {"scheme": QUEUES})
    assert (status, "there is no seat 'anna' (seats: none)" in problem["detail"]) == (400, True), problem


async def test_what_is_not_there_or_not_right_is_one_line_and_changes_nothing(
    office: Office, callctl: Callctl, account: str, number: str
) -> None:
    callctl("seat", "add", account, "anna")
    before = await office.tables()
    for words, said in (
        (("add", "nobody", "anna"), "no account 'nobody'"),
        (("add", account, "anna"), "has a seat 'anna' already"),
        (("add", account, "Anna"), "is no name of a seat"),
        (("add", account, "boris", "--devices", "0"), "devices"),
        (("add", account, "boris", "--devices", "11"), "devices"),
        (("add", account, "boris", "--devices", "two"), "is no count"),
        (("add", account, "boris", "--shows", MOBILE), "has no number"),
        (("set", account, "anna"), "nothing to set"),
        (("set", account, "anna", "--shows", MOBILE), "has no number"),
        (("set", account, "anna", "--do-not-disturb", "maybe"), "maybe"),
        (("set", account, "boris", "--busy-on-busy", "on"), "has no seat 'boris'"),
        (("remove", account, "boris"), "has no seat 'boris'"),
        (("secret", account, "boris", "x"), "has no seat 'boris'"),
        (("secret", account, "anna", "x"), "has no device 'x'"),
    ):
        assert is_complaint(callctl("seat", *words), 2, said), words
    assert await office.tables() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "seats", {}),
        ("POST", "seats", {"name": "b", "devices": "1"}),
        ("POST", "seats", {"name": "b", "devices": True}),
        ("POST", "seats", {"name": "b", "secret": "mine"}),
        ("PATCH", "seats/anna", {}),
        ("PATCH", "seats/anna", {"do_not_disturb": "on"}),
        ("PATCH", "seats/anna", {"name": "b"}),
        ("PUT", "pauses/anna", {"for": 5}),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    office: Office, account: str, method: str, path: str, body: dict[str, object]
) -> None:
    await office.ask("POST", f"/accounts/{account}/seats", {"name": "anna"})
    before = await office.tables()
    assert (await office.ask(method, f"/accounts/{account}/{path}", body))[0] == 400
    assert await office.tables() == before


async def test_a_seat_is_not_added_while_the_database_is_away(office: Office, account: str) -> None:
    office.relay.cut()
    try:
        status, _ = await office.ask("POST", f"/accounts/{account}/seats", {"name": "anna"})
    finally:
        office.relay.mend()
    assert status == 503
    assert await office.ask("GET", f"/accounts/{account}/seats") == (200, [])


# --- queues ----------------------------------------------------------------------------------------------


async def test_a_line_is_listed_with_what_its_members_do(callctl: Callctl, queued: str) -> None:
    assert members(callctl, queued) == [("anna", "not there"), (MOBILE, "free")]
    said = callctl("queue", "list", queued).out
    assert f"line of {queued}: 0 waiting" in said and "seat anna" in said and "not there" in said
    assert callctl("queue", "list", "--json").json == []
    assert callctl("queue", "list").out == "nobody waits\n"


async def test_a_member_pauses_until_he_resumes_also_over_a_restart(
    office: Office, callctl: Callctl, queued: str
) -> None:
    assert callctl("queue", "pause", queued, "anna").out == f"seat anna of {queued} pauses\n"
    callctl("queue", "pause", queued, "8 916 111-00-02")
    assert members(callctl, queued) == [("anna", "pausing"), (MOBILE, "pausing")]
    await office.stop()
    await office.start()
    assert members(callctl, queued) == [("anna", "pausing"), (MOBILE, "pausing")]
    assert callctl("queue", "resume", queued, MOBILE).out == f"{MOBILE} of {queued} gets calls again\n"
    assert callctl("queue", "resume", queued, "anna", "--json").json == {"seat": "anna"}
    assert members(callctl, queued) == [("anna", "not there"), (MOBILE, "free")]
    await office.stop()
    await office.start()
    assert members(callctl, queued) == [("anna", "not there"), (MOBILE, "free")]


async def test_a_seat_that_goes_and_comes_again_does_not_pause(
    callctl: Callctl, queued: str, number: str
) -> None:
    callctl("queue", "pause", queued, "anna")
    callctl("scheme", "rollback", number)
    callctl("seat", "remove", queued, "anna")
    callctl("seat", "add", queued, "anna")
    callctl("scheme", "rollback", number)
    assert members(callctl, queued)[0] == ("anna", "not there")


async def test_lines_and_members_of_nobody_are_one_line(callctl: Callctl, account: str) -> None:
    assert callctl("queue", "list", account).out == "no lines\n"
    assert is_complaint(callctl("queue", "list", "nobody"), 2, "no account 'nobody'")
    assert is_complaint(callctl("queue", "pause", "nobody", "anna"), 2, "no account 'nobody'")
    assert is_complaint(callctl("queue", "pause", account, "anna"), 2, "is no seat of")
    assert is_complaint(callctl("queue", "resume", account, "112"), 2, "is no seat of")
