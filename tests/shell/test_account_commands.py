"""`callctl account …` for all that moves money and all that limits it, and the same over HTTP: what it
prints, what it refuses, and that a refusal changes nothing.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.shell.command_line import Callctl, Said, is_complaint, run_main
from tests.shell.office import SCHEME, Office

SERIAL = count(1)
MOBILE = "79161110002"


async def new_account(
    office: Office, *, balance: int = 1_000_00, profile: str = "clovertel", plan: str = "go"
) -> tuple[str, str]:
    """With a number of its own."""
    serial = next(SERIAL)
    account_id, number = f"m{serial}", f"7499{serial:07}"
    account = {"account_id": account_id, "profile": profile, "plan": plan, "balance_kopecks": balance}
    assert (await office.ask("POST", "/accounts", account))[0] == 201
    row = {"e164": number, "account_id": account_id, "scheme": SCHEME}
    assert (await office.ask("POST", "/numbers", row))[0] == 201
    return account_id, number


async def test_an_account_can_have_terms_of_its_own_and_give_them_back(
    office: Office, callctl: Callctl
) -> None:
    account_id = f"m{next(SERIAL)}"
    opened = callctl(
        *f"account add {account_id} --profile clovertel --plan go --credit 50 --stops everything".split(),
        *("--bar", "Russia mobile", "--bar", "810", "--json"),
    ).json
    assert (opened["credit_kopecks"], opened["stops"], opened["available_kopecks"]) == (
        50_00,
        "everything",
        50_00,
    )
    assert opened["barred"] == ["Russia mobile", "810"]
    changed = callctl(*f"account set {account_id} --credit plan --threshold 10 --json".split()).json
    assert changed["own"] == {
        "threshold_kopecks": 10_00,
        "credit_kopecks": None,
        "stops": "everything",
        "low_kopecks": None,
    }
    assert (changed["credit_kopecks"], changed["available_kopecks"]) == (0, -10_00)
    assert changed["barred"] == ["Russia mobile", "810"]
    said = callctl("account", "set", account_id, "--bar", "7916", "--stops", "plan").out
    assert "Credit 0.00 (the plan's).\nLowest balance 10.00 (its own).\n" in said
    assert "Without money paid calls stop (the plan's).\nBarred: 7916.\n" in said
    assert callctl("account", "set", account_id, "--bar-nothing", "--json").json["barred"] == []


async def test_an_account_shows_its_gift_minutes_pots_and_limits(office: Office, callctl: Callctl) -> None:
    account_id, number = await new_account(office)
    callctl("account", "guarantee", account_id, "--number", number, "--month", "2099-01", "7")
    said = callctl("account", "limit", account_id, "--number", f"+{number}", "20", "--kind", "stop").out
    assert f"Limit of {number}: 0.00 of 20.00 a month spent; there all but emergency calls end." in said
    said = callctl("account", "show", account_id).out
    assert "Gift minutes (gift): 50 min of 50 min left." in said
    assert f"Paid beforehand for {number} in 2099-01: 7.00 left." in said
    said = callctl("account", "limit", account_id, "--number", number, "none").out
    assert f"Limit of {number}" not in said


async def test_every_posting_counts_once_and_says_so(office: Office, callctl: Callctl) -> None:
    account_id, number = await new_account(office, balance=0)
    for line, done, balance in (
        ("pay {id} 500 --ref bank-1", "payment bank-1: 500.00 RUB taken", 500_00),
        ("correct {id} -20.50 --ref c1 --why twice --about bank-1", "c1: -20.50 RUB posted", 479_50),
        ("correct {id} +0.50 --ref c2 --why rounding", "correction c2: 0.50 RUB posted", 480_00),
        ("refund {id} 30 --ref r1", "refund r1: 30.00 RUB given back", 450_00),
        ("guarantee {id} --number {n} --month 2099-02 50", "2099-02: 50.00 RUB paid beforehand", 400_00),
        ("chargeback {id} --payment bank-1", "payment bank-1: taken back by the bank", -100_00),
    ):
        asked = ["account", *line.format(id=account_id, n=number).split()]
        assert done in callctl(*asked).out
        again = callctl(*asked)
        assert "was there already, nothing changed" in again.out, again
        assert callctl("account", "show", account_id, "--json").json["balance_kopecks"] == balance
    lines = callctl("account", "entries", account_id, "--json").json
    assert [(line["kind"], line["refers_to"], line["note"]) for line in lines] == [
        ("payment", "", ""),
        ("correction", "bank-1", "twice"),
        ("correction", "", "rounding"),
        ("refund", "", ""),
        ("guaranteed", "", ""),
        ("guaranteed", "", ""),
        ("chargeback", "bank-1", ""),
    ]
    assert lines[5]["pot"] == f"paid/{number}/2099-02"
    assert (lines[5]["amount_kopecks"], lines[5]["left_kopecks"]) == (50_00, 50_00)
    assert await office.is_sound(account_id)


async def test_the_rest_under_a_threshold_is_given_back_once_the_account_has_none(
    office: Office, callctl: Callctl
) -> None:
    plan = await first_plan(office, "mango")
    account_id, _ = await new_account(office, balance=250_00, profile="mango", plan=plan)
    keeps = callctl("account", "set", account_id, "--threshold", "100", "--json").json
    assert keeps["available_kopecks"] == 150_00
    refund = ("account", "refund", account_id, "250", "--ref", "contract-end")
    assert is_complaint(callctl(*refund), 2, "only 150.00 RUB can be given back")
    callctl("account", "set", account_id, "--threshold", "0")
    assert callctl(*refund, "--json").json["balance_kopecks"] == 0


async def test_a_late_record_is_billed_shown_and_explained(office: Office, callctl: Callctl) -> None:
    account_id, number = await new_account(office, balance=0)
    answered = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    record = ("--to", "8 916 111-00-02", "--answered", answered, "--number", number)
    said = callctl("account", "late", account_id, "--ref", f"p-{account_id}", *record, "--seconds", "3120")
    assert f"late record p-{account_id}: billed (callctl explain late-p-{account_id})" in said.out
    lines = callctl("account", "entries", account_id, "--json").json
    assert [(line["kind"], line.get("amount_s"), line.get("amount_kopecks")) for line in lines] == [
        ("late", -3000, None),  # 52 minutes: 50 of them a gift
        ("late", None, -2 * 169),
    ]
    table = callctl("account", "entries", account_id).out
    assert "-3000 s" in table and "0 s" in table and "-3.38" in table
    (leg,) = callctl("cdr", "--account", account_id, "--json").json
    assert (leg["from"], leg["to"], leg["line"], leg["seconds"]) == (number, MOBILE, number, 3120)
    assert (leg["units"], leg["charge_kopecks"], leg["ended_by"]) == (52, 3_38, "reported")
    explained = callctl("explain", leg["leg_id"], "--lang", "en").out
    assert "Charged: 3.38 RUB" in explained


async def test_discounts_are_shown_before_they_are_posted(office: Office, callctl: Callctl) -> None:
    account_id, _ = await new_account(office, profile="mango", plan=await first_plan(office, "mango"))
    await add_bill(office, account_id, "x", 123456)
    asked = ("account", "discount", account_id, "--month", "2025-03")
    shown = callctl(*asked)
    assert "not posted by this (--post does it)" in shown.out and "86.42" in shown.out
    assert callctl("account", "entries", account_id, "--json").json[1:] == []
    (posted,) = callctl(*asked, "--post", "--json").json  # MANGO-12.4
    assert (posted["reference"], posted["amount_kopecks"], posted["is_posted"]) == (
        "discount/volume/2025-03",
        86_42,
        False,
    )
    assert callctl(*asked, "--post", "--json").json[0]["is_posted"] is True
    assert callctl("account", "show", account_id, "--json").json["balance_kopecks"] == 1_086_42
    assert callctl("account", "discount", account_id, "--month", "2025-04", "--json").json == []


async def test_a_connection_billed_after_the_discount_was_posted_earns_the_difference(
    office: Office, callctl: Callctl
) -> None:
    account_id, _ = await new_account(office, profile="mango", plan=await first_plan(office, "mango"))
    asked = ("account", "discount", account_id, "--month", "2025-03")
    await add_bill(office, account_id, "x", 123456)
    callctl(*asked, "--post")
    for serial, balance in ((2, 1_093_42), (3, 1_100_42)):
        await add_bill(office, account_id, f"late-{serial}", 100_00)
        owed = callctl(*asked, "--json").json[-1]
        assert (owed["reference"], owed["amount_kopecks"], owed["is_posted"]) == (
            f"discount/volume/2025-03/{serial}",
            7_00,
            False,
        )
        assert "less what was posted" in owed["note"]
        assert callctl(*asked, "--post", "--json").json[-1] == owed
        again = callctl(*asked, "--post", "--json").json
        assert [line["is_posted"] for line in again] == [True] * serial
        assert callctl("account", "show", account_id, "--json").json["balance_kopecks"] == balance
    assert await office.is_sound(account_id)


@pytest.mark.parametrize("earned", [100_000, 0], ids=["less", "nothing"])
async def test_a_discount_that_was_too_much_is_shown_and_not_taken_back(
    office: Office, callctl: Callctl, earned: int
) -> None:
    account_id, _ = await new_account(office, profile="mango", plan=await first_plan(office, "mango"))
    asked = ("account", "discount", account_id, "--month", "2025-03")
    await add_bill(office, account_id, "x", 123456)
    callctl(*asked, "--post")
    await office.sql.execute("UPDATE leg SET charge_kopecks = $2 WHERE account_id = $1", account_id, earned)
    for more in ((), ("--post",)):
        posted, over = callctl(*asked, *more, "--json").json
        assert (posted["amount_kopecks"], posted["is_posted"]) == (86_42, True)
        assert (over["reference"], over["amount_kopecks"], over["is_posted"]) == (
            "",
            earned * 7 // 100 - 86_42,
            False,
        )
        assert "discount/volume/2025-03: more was posted than is earned" in over["note"]
    assert callctl("account", "show", account_id, "--json").json["balance_kopecks"] == 1_086_42


async def add_bill(office: Office, account_id: str, name: str, charge_kopecks: int) -> None:
    """Of a call in March 2025."""
    await office.sql.execute(
        "INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate,"
        " answered_at, ended_at, seconds, units, charge_kopecks, ended_by, cause) VALUES"
        " ($1, $2, 'c', '1', '2', '', now(), 0, '{\"destination\": \"Moscow\"}',"
        "  '2025-03-31T23:59:59+03', '2025-04-01T00:30:00+03', 1800, 30, $3, 'caller', 16)",
        account_id,
        f"{name}-{account_id}",
        charge_kopecks,
    )


async def first_plan(office: Office, profile: str) -> str:
    _, problem = await office.ask("POST", "/accounts", {"account_id": "x", "profile": profile, "plan": ""})
    return str(problem["detail"].partition("plans: ")[2].split(",")[0].rstrip(")"))


REFUSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing to set": ("set {id}", ("give --standing, --credit, --threshold, --stops, --low or some --bar",)),
    "terms of nobody": ("set nobody --credit 5", ("no account 'nobody'",)),
    "credit a word": ("set {id} --credit much", ("'much' is not an amount",)),
    "credit negative": ("set {id} --credit -5", ("'-5' is not an amount",)),
    "stops something": ("set {id} --stops all", ("invalid choice: 'all'",)),
    "a direction misspelt": ("set {id} --bar Russia_mobil", ("did you mean", "'Russia mobile'")),
    "a direction like none": ("set {id} --bar zzzzz", ("'zzzzz' is no destination of plan 'go'", "digits")),
    "bar and do not": ("set {id} --bar 7 --bar-nothing", ("not allowed with argument",)),
    "correction of nothing": ("correct {id} 0 --ref x --why y", ("more or less than 0",)),
    "correction a word": ("correct {id} +-5 --ref x --why y", ("is not an amount",)),
    "correction without why": ("correct {id} 5 --ref x", ("required: --why",)),
    "correction of no line": ("correct {id} 5 --ref x --why y --about z", ("has no line 'z'",)),
    "correction with a payment's id": (
        "correct {id} 5 --ref known --why y",
        ("known already: payment of 500",),
    ),
    "refund of too much": ("refund {id} 1005.01 --ref x", ("only 1005.00 RUB can be given back",)),
    "refund of nothing": ("refund {id} 0 --ref x", ("more than 0",)),
    "chargeback of no payment": ("chargeback {id} --payment x", ("has no payment 'x'", "account entries")),
    "chargeback of an opening": ("chargeback {id} --payment opening", ("has no payment 'opening'",)),
    "chargeback with a known id": ("chargeback {id} --payment known --ref known", ("known already",)),
    "guarantee of a stranger's number": (
        "guarantee {id} --number 74990000000 --month 2099-01 5",
        ("has no number '74990000000'",),
    ),
    "guarantee of no month": ("guarantee {id} --number {n} --month 2099-13 5", ("such as 2026-11",)),
    "guarantee of a month past": ("guarantee {id} --number {n} --month 2020-01 5", ("2020-01 is over",)),
    "limit of a stranger's number": ("limit {id} --number 12 5", ("has no number '12'",)),
    "no limit of a stranger's number": ("limit {id} --number 12 none", ("has no number '12'",)),
    "limit of what": ("limit {id} --number {n}", ("required: RUB|none",)),
    "limit a word": ("limit {id} --number {n} much", ("'much' is not an amount",)),
    "limit of another kind": ("limit {id} --number {n} 5 --kind soft", ("invalid choice: 'soft'",)),
    "late of no time": (
        "late {id} --ref x --to 79161110002 --answered yesterday --seconds 5",
        ("--answered", "give a time such as 2026-11-05T14:30:00+03:00"),
    ),
    "late without a zone": (
        "late {id} --ref x --to 79161110002 --answered 2026-11-05T14:30:00 --seconds 5",
        ("--answered", "give a time such as"),
    ),
    "late in a month of 13": (
        "late {id} --ref x --to 79161110002 --answered 2026-13-05T14:30:00Z --seconds 5",
        ("--answered", "give a time such as"),
    ),
    "late in the future": (
        "late {id} --ref x --to 79161110002 --answered 2099-11-05T14:30:00Z --seconds 5",
        ("it ends in the future",),
    ),
    "late of no length": (
        "late {id} --ref x --to 79161110002 --answered 2026-01-05T14:30:00Z --seconds 0",
        ("--seconds", "give 1 to 2592000 s"),
    ),
    "late and old": (
        "late {id} --ref x --to 79161110002 --answered 2026-01-05T14:30:00Z --seconds 5",
        ("more than 30 days old", "--approve"),
    ),
    "late to nobody": (
        "late {id} --ref x --to 12 --answered 2026-01-05T14:30:00Z --seconds 5",
        ("'12' is not a telephone number",),
    ),
    "late to the emergency": (
        "late {id} --ref x --to 112 --answered 2026-01-05T14:30:00Z --seconds 5",
        ("'112' is not a telephone number",),
    ),
    "late to what is not sold": (
        "late {id} --ref x --to 88091234567 --answered 2026-01-05T14:30:00Z --seconds 5 --approve",
        ("did not sell this number", "not_sold"),
    ),
    "late before there were prices": (
        "late {id} --ref x --to 79161110002 --answered 2001-01-05T14:30:00Z --seconds 5 --approve",
        ("no_plan",),
    ),
    "late on a stranger's line": (
        "late {id} --ref x --to 79161110002 --answered 2026-01-05T14:30:00Z --seconds 5 --number 74990000000",
        ("has no number '74990000000'",),
    ),
    "late named as lines are": (
        "late {id} --ref late-x --to 79161110002 --answered 2026-01-05T14:30:00Z --seconds 5",
        ("reference: lines that we make are named so",),
    ),
    "discount of no month": ("discount {id} --month October", ("such as 2026-11",)),
    "discount of a month to come": ("discount {id} --month 2099-01 --post", ("2099-01 is not over",)),
    "discount of nobody": ("discount nobody --month 2025-01", ("no account 'nobody'",)),
}


@pytest.fixture(scope="module")
async def customer(office: Office) -> tuple[str, str]:
    account_id, number = await new_account(office)
    known = {"amount_kopecks": 5_00, "reference": "known"}
    assert (await office.ask("POST", f"/accounts/{account_id}/payments", known))[0] == 201
    return account_id, number


@pytest.mark.parametrize(("line", "words"), REFUSED.values(), ids=REFUSED)
async def test_bad_input_is_one_line_and_code_2_and_changes_nothing(
    office: Office, callctl: Callctl, customer: tuple[str, str], line: str, words: tuple[str, ...]
) -> None:
    account_id, number = customer
    before, shown = await office.tables(), await office.ask("GET", f"/accounts/{account_id}")
    asked = [word.replace("_", " ") for word in line.format(id=account_id, n=number).split()]
    assert is_complaint(callctl("account", *asked), 2, *words)
    assert await office.tables() == before
    assert await office.ask("GET", f"/accounts/{account_id}") == shown


LATE = "late anna --ref x --to 79161110002 --answered 2026-01-05T14:30:00Z --seconds 5"
WITHOUT_SERVICE = {
    "no time": (LATE.replace("2026-01-05T14:30:00Z", "xx"), "--answered: 'xx' is no time: give a time such"),
    "no number": (LATE.replace("79161110002", "12"), "--to: '12' is not a telephone number"),
    "from no number": (f"{LATE} --from 112", "--from: '112' is not a telephone number"),
    "no length": (LATE.replace("seconds 5", "seconds x"), "--seconds: 'x' is no length: give 1 to 2592000 s"),
    "too long": (LATE.replace("seconds 5", "seconds 2592001"), "is no length"),
    "no month of a discount": ("discount anna --month 2025", "is no month: give a month such as 2026-11"),
    "no month of a guarantee": (
        "guarantee anna --number 7 --month May 5",
        "is no month: give a month such as",
    ),
}


@pytest.mark.parametrize(("line", "words"), WITHOUT_SERVICE.values(), ids=WITHOUT_SERVICE)
def test_what_is_typed_wrong_is_told_before_a_service_is_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    code = run_main("account", *line.split(), "--state", str(tmp_path))
    assert is_complaint(Said(code, *capsys.readouterr()), 2, words)


BODIES: dict[str, tuple[str, str, object, int, str]] = {
    "terms unknown": ("PATCH", "", {"colour": "red"}, 400, "colour: Extra inputs"),
    "credit a float": ("PATCH", "", {"credit_kopecks": 1.0}, 400, "credit_kopecks: Input should be"),
    "credit negative": ("PATCH", "", {"credit_kopecks": -1}, 400, "credit_kopecks: Input should be"),
    "stops unknown": ("PATCH", "", {"stops": "all"}, 400, "stops: Input should be 'everything' or 'paid'"),
    "barred a word": ("PATCH", "", {"barred": "7916"}, 400, "barred: Input should be a valid array"),
    "barred much": ("PATCH", "", {"barred": ["7"] * 101}, 400, "barred: List should have at most 100"),
    "barred nothing": ("PATCH", "", {"barred": [""]}, 400, "'' is no destination"),
    "barred half a sign": ("PATCH", "", {"barred": ["\0"]}, 400, "is no destination"),
    "correction huge": (
        "POST",
        "/corrections",
        {"amount_kopecks": -(10**12), "reference": "x", "why": "y"},
        400,
        "amount_kopecks: Input should be greater",
    ),
    "correction of nothing": (
        "POST",
        "/corrections",
        {"amount_kopecks": 0, "reference": "x", "why": "y"},
        400,
        "more or less than 0",
    ),
    "why of two lines": (
        "POST",
        "/corrections",
        {"amount_kopecks": 1, "reference": "x", "why": "a\nb"},
        400,
        "why: give some words in one line",
    ),
    "about half a sign": (
        "POST",
        "/corrections",
        {"amount_kopecks": 1, "reference": "x", "why": "y", "about": "\0"},
        400,
        "about: there is none such",
    ),
    "payment half a sign": ("POST", "/chargebacks", {"payment": "\0"}, 400, "payment: there is none such"),
    "limit negative": ("PUT", "/limits/{n}", {"most_kopecks": -1}, 400, "most_kopecks: Input should be"),
    "limit of what": ("PUT", "/limits/a%00b", {"most_kopecks": 1}, 404, "has no number"),
    "no limit of what": ("DELETE", "/limits/x", None, 404, "has no number 'x'"),
    "late a number": (
        "POST",
        "/late-records",
        {"reference": "x", "to": MOBILE, "answered_at": 1_790_000_000, "seconds": 5},
        400,
        "answered_at: give a time",
    ),
    "late true": (
        "POST",
        "/late-records",
        {"reference": "x", "to": MOBILE, "answered_at": "2026-01-05T14:30:00Z", "seconds": True},
        400,
        "seconds: Input should be a valid integer",
    ),
    "late in the year 0": (
        "POST",
        "/late-records",
        {"reference": "x", "to": MOBILE, "answered_at": "0000-01-05T14:30:00Z", "seconds": 5},
        400,
        "answered_at: ",
    ),
    "late in the year 1, before it in our zone": (
        "POST",
        "/late-records",
        {
            "reference": "x",
            "to": MOBILE,
            "answered_at": "0001-01-01T00:00:00+14:00",
            "seconds": 5,
            "approved": True,
        },
        400,
        "answered_at: give a time such as 2026-11-05T14:30:00+03:00, of the years 2000 to 2199",
    ),
    "late in the year 2200": (
        "POST",
        "/late-records",
        {"reference": "x", "to": MOBILE, "answered_at": "2200-01-01T00:00:00Z", "seconds": 5},
        400,
        "answered_at: give a time such as",
    ),
    "late of no length": (
        "POST",
        "/late-records",
        {"reference": "x", "to": MOBILE, "answered_at": "2026-01-05T14:30:00Z", "seconds": 0},
        400,
        "it lasted 0 s: give 1 to 2592000 s",
    ),
    "discount by a form": ("POST", "/discounts/2025-01", b"", 400, "Invalid JSON"),
    "discount of what": ("GET", "/discounts/2025", None, 400, "such as 2026-11"),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), BODIES.values(), ids=BODIES)
async def test_a_body_with_a_fault_changes_nothing(
    office: Office, customer: tuple[str, str], method: str, path: str, body: object, status: int, words: str
) -> None:
    account_id, number = customer
    before = await office.tables()
    told, problem = await office.ask(method, f"/accounts/{account_id}{path.format(n=number)}", body)
    assert (told, words in problem["detail"]) == (status, True), problem
    assert await office.tables() == before


async def test_what_was_done_is_known_after_a_restart(office: Office, callctl: Callctl) -> None:
    account_id, number = await new_account(office)
    for line in (
        "set {id} --credit 50 --bar 810",
        "guarantee {id} --number {n} --month 2099-01 5",
        "limit {id} --number {n} 20",
        "correct {id} -7 --ref c1 --why mistake",
    ):
        assert callctl("account", *line.format(id=account_id, n=number).split()).code == 0
    before = await office.ask("GET", f"/accounts/{account_id}")
    await office.stop()
    await office.start()
    assert await office.ask("GET", f"/accounts/{account_id}") == before
