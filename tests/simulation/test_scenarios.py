"""What a scenario file may say, and what is said of one that is wrong."""

from pathlib import Path
from typing import Any

import pytest

from callctl.complaint import Complaint
from callctl.places import ROOT
from callctl.simulate.night import Night
from callctl.simulate.promises import Promises
from callctl.simulate.scenario import Scenario, read_scenario, read_tariffs
from rating.ledger import Account, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.pots import BALANCE, Ask, Sources, paid_pot
from rating.refusal import Refusal
from tests.plans import simple, tariffs

LINE = "74951234567"
DEMO = {"id": "ann", "profile": "demo", "plan": "six"}
LOAD = {"at": 0, "profile": "own", "dir": "."}
PLANS = tariffs(simple("minute", 60, 169))


def scenario(**more: Any) -> Scenario:
    content = {
        "accounts": [{"id": "ann", "profile": "test", "plan": "minute", "balance": "10.00"}],
        "numbers": [{"number": LINE, "account": "ann", "forward_to": "79161110002"}],
    }
    return Scenario.model_validate(content | more)


def run(**more: Any) -> list[dict[str, Any]]:
    return Night(scenario(**more), PLANS).run()


def test_everything_that_names_nothing_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="names no account") as found:
        scenario(
            payments=[{"at": 0, "account": "eve", "amount": "1.00", "ref": "p"}],
            refunds=[{"at": 0, "account": "bob", "amount": "1.00", "ref": "r"}],
            guarantees=[{"at": 2, "account": "ann", "number": "79990000000", "amount": "1.00"}],
        )
    for words in ("payment 'p'", "'eve'", "refund 'r'", "guarantee at 2 names no number here: '79990000000'"):
        assert words in str(found.value)


@pytest.mark.parametrize("amount", ["-", "--1.00", "1,5", "-12.345", ""])
def test_an_amount_that_is_none_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="give an amount in roubles"):
        scenario(corrections=[{"at": 0, "account": "ann", "amount": amount, "ref": "k"}])


def test_a_folder_that_is_not_there_is_a_complaint(tmp_path: Path) -> None:
    with pytest.raises(Complaint, match="nowhere: no such folder"):
        read_tariffs(scenario(accounts=[DEMO], loads=[LOAD | {"dir": "nowhere"}]), tmp_path)


def test_a_folder_with_errors_is_a_complaint_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text("titel = 1\n")
    with pytest.raises(Complaint) as found:
        read_tariffs(scenario(accounts=[DEMO], loads=[LOAD]), tmp_path)
    assert "profile.toml" in "".join(map(str, found.value.args))


def test_only_a_payment_that_came_can_be_taken_back() -> None:
    lines = run(
        payments=[{"at": 1, "account": "ann", "amount": "3.00", "ref": "card"}],
        chargebacks=[
            {"at": 0, "account": "ann", "payment": "card", "ref": "early"},
            {"at": 2, "account": "ann", "payment": "card", "ref": "back"},
            {"at": 3, "account": "ann", "payment": "card", "ref": "back"},
        ],
    )
    assert [line["not_entered"] for line in lines if "not_entered" in line] == [
        "there is no payment to take back by 'early'"
    ]
    assert lines[-1]["balances_kopecks"] == {"ann": 1000}


def test_a_late_record_counts_once_and_one_that_cannot_be_true_not_at_all() -> None:
    record = {"at": 5, "account": "ann", "from": LINE, "to": "79161110002", "seconds": 61, "ref": "x"}
    lines = run(
        late=[
            record | {"answered": "2025-12-31T12:00:00+03:00"},
            record | {"answered": "2025-12-31T12:00:00+03:00", "at": 6},
            record | {"answered": "2026-01-01T12:00:00+03:00", "ref": "y"},
        ]
    )
    assert lines[-1]["balances_kopecks"] == {"ann": 1000 - 338}
    [refused] = [line["not_entered"] for line in lines if "not_entered" in line]
    assert refused.startswith("late record 'y'")


def test_a_caller_may_hide_his_number() -> None:
    told = read_scenario(ROOT / "docs" / "scenarios" / "toll-free-forwarded.yaml")
    call = told.calls[0].model_copy(update={"caller": "anonymous"})
    told = told.model_copy(update={"calls": [call]})
    lines = Night(told, *read_tariffs(told, ROOT)).run()
    assert "Unknown caller" in [line.get("destination") for line in lines]


def ledger() -> tuple[Ledger, Account, Promises]:
    books, account = Ledger(), Account("ann", "test", "minute", Money(500))
    books.open(account)
    pot = paid_pot(LINE, "2026-01")
    account.pot(pot).moved = 100
    books.set_limit("ann", NumberLimit(LINE, Money(300), LimitKind.LIMIT))
    hold = books.hold("h", "ann", Sources((pot, BALANCE), "2026-01", LINE), Ask(Money(0)), Ask(Money(169)))
    assert not isinstance(hold, Refusal)
    promises = Promises(books)
    promises.check()
    return books, account, promises


@pytest.mark.parametrize("what", ["balance", "pot", "limit", "held", "pot held", "limit held"])
def test_a_broken_promise_is_caught(what: str) -> None:
    _, account, promises = ledger()
    match what:
        case "balance":
            account.balance = Money(50)
        case "pot":
            account.pot(paid_pot(LINE, "2026-01")).moved = 99
        case "limit":
            account.spend(LINE, "2026-01", 132)
        case "held":
            account.held = Money(70)
        case "pot held":
            account.pot(paid_pot(LINE, "2026-01")).held += 1
        case "limit held":
            account.limits[LINE].held["2026-01"] = 1
    with pytest.raises(AssertionError):
        promises.check()


def test_debt_from_outside_is_no_broken_promise_and_only_shrinks() -> None:
    _, account, promises = ledger()
    account.balance = Money(-1_000)
    promises.told("ann")
    promises.check()
    account.balance = Money(-500)
    promises.check()
    account.balance = Money(-501)
    with pytest.raises(AssertionError):
        promises.check()
