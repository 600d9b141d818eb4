"""`callctl tariff …` against folders and a running office: what it prints, what it refuses, how it ends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from callctl.__main__ import main
from callctl.places import PROFILES
from tests.shell.command_line import Said
from tests.shell.office import Office
from tests.tariffs.folders import profile_files, short_notice, write_folder

SERIAL = count(1)
HEADER = "answered_at,from,to,seconds,profile,plan,account\n"


Tariff = Callable[..., Said]


@pytest.fixture
def tariff(capsys: pytest.CaptureFixture[str]) -> Tariff:
    def ask(*words: object) -> Said:
        capsys.readouterr()
        try:
            code = main(["tariff", *map(str, words)])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ask


def new_folder(tmp_path: Path, *files: dict[str, bytes]) -> list[Path]:
    """One for each, all of one new name."""
    name = f"cmd{next(SERIAL)}"
    return [write_folder(tmp_path / str(place) / name, one) for place, one in enumerate(files)]


def is_complaint(said: Said, code: int, words: str) -> bool:
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1), said
    assert words in said.err, said
    return True


# --- check, list -----------------------------------------------------------------------------------------


def test_a_sound_folder_says_so_and_counts_its_warnings(tariff: Tariff, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, profile_files() | {"stray.csv": b"a\n"})
    said = tariff("check", place)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("warning: stray.csv: ") and said.out.endswith("0 errors, 1 warnings\n")
    told = tariff("check", place, "--json").json
    assert (told["ok"], told["errors"], [fault["is_error"] for fault in told["faults"]]) == (True, 0, [False])


def test_every_fault_has_its_place_and_errors_end_with_2(tariff: Tariff, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, profile_files("1,00", rows="7x,Nowhere,1.00\n"))
    said = tariff("check", place)
    assert (said.code, said.err) == (2, f"callctl: {place}: 2 errors, 0 warnings\n")
    assert [line.split(": ")[0] for line in said.out.splitlines()] == ["rates.csv:2", "rates.csv:4:1"]
    told = tariff("check", place, "--json")
    assert (told.code, told.json["ok"], told.json["faults"][1]["column"]) == (2, False, 1)


@pytest.mark.parametrize("word", ["check", "load"])
def test_a_folder_that_is_none_is_told(tariff: Tariff, tmp_path: Path, word: str) -> None:
    assert is_complaint(tariff(word, tmp_path / "nothing"), 2, "no such folder")
    (tmp_path / "empty").mkdir()
    assert is_complaint(tariff(word, tmp_path / "empty"), 2, "there is no profile.toml in it")
    assert is_complaint(tariff(word, tmp_path / "A B"), 2, "is no name of a profile: give one with --name")


def test_shipped_plans_are_listed_with_their_versions(tariff: Tariff) -> None:
    listed = {profile["profile"]: profile for profile in tariff("list", "--json").json}
    assert {name: listed[name]["invented"] for name in ("clovertel", "mango")} == {
        "clovertel": False,
        "mango": True,
    }
    corporate = next(plan for plan in listed["gazprom"]["plans"] if plan["plan"] == "corporate")
    assert [(version["version"], version["published"]) for version in corporate["versions"]] == [
        ("2025-01-01", None),
        ("2025-09-01", "2025-08-20"),
    ]
    assert corporate["versions"][1]["from"] == "2025-08-31T21:00:00.000+00:00"
    assert corporate["versions"][1]["outgoing"]["deck"] == "home-2025-09"
    told = tariff("list").out
    assert "published" in told and "callers-2025-10 (112 prefixes)" in told


def test_a_folder_is_listed_by_its_place(tariff: Tariff, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, profile_files())
    assert [one["profile"] for one in tariff("list", "--dir", place, "--json").json] == [place.name]


# --- diff ------------------------------------------------------------------------------------------------


def test_diff_says_what_changes_for_whom(tariff: Tariff, tmp_path: Path) -> None:
    old, new = new_folder(
        tmp_path, profile_files("1.00"), profile_files("1.20", unit_s=30, rows="375,Belarus,9.00\n")
    )
    told = tariff("diff", old, new, "--json").json
    assert {(term["what"], term["old"], term["new"]) for term in told["terms"]} == {
        ("first_s", 60, 30),
        ("next_s", 60, 30),
    }
    [deck] = told["decks"]
    assert (deck["used_by"], deck["destinations_added"]) == (["wide outgoing"], ["Belarus"])
    assert [(change["kind"], change["prefixes"]) for change in deck["changes"]] == [
        ("added", ["375"]),
        ("dearer", ["7"]),
    ]
    assert told["calls"] is None
    said = tariff("diff", old, new).out
    assert "Russia 1.00" in said and "Russia 1.20" in said and "no price" in said


def test_nothing_changes_between_the_same(tariff: Tariff) -> None:
    assert tariff("diff", "mango", PROFILES / "mango").out == "nothing changes\n"
    assert is_complaint(tariff("diff", "mango", "mangoo"), 2, "nor a shipped profile")


def test_a_file_of_calls_is_priced_by_both_lists(tariff: Tariff, tmp_path: Path) -> None:
    later = """[[plans.wide.versions]]
version = "2"
from = 2030-01-01
published = 2029-12-01
outgoing = "all"
counting = { setup_kopecks = 50 }
"""
    old, new = new_folder(tmp_path, profile_files("1.00"), profile_files("1.20", versions=later))
    calls = tmp_path / "calls.csv"
    rows = [
        "2026-11-02T10:00:00,79031112233,74951234567,61,{},wide,ann",
        "2026-11-01T10:00:00+03:00,,79161110002,5,{},wide,ann",
        "2026-11-01T10:00:00Z,79031112233,78091234567,5,{},wide,bob",
        "2026-11-01T10:00:00Z,79031112233,79161110002,5,{},gone,bob",
        "2026-11-01T10:00:00Z,79031112233,79161110002,5,other,wide,eve",
    ]
    calls.write_text(HEADER + "\n".join(row.format(old.name) for row in rows) + "\n")
    told = tariff("diff", old, new, "--calls", calls, "--json").json["calls"]
    assert told["total"] == {
        "calls": 4,
        "old_kopecks": 200 + 200,
        "new_kopecks": 240 + 50 + 200 + 50,
        "change_kopecks": 140,
        "old_unsold": 2,
        "new_unsold": 2,
    }
    assert (told["not_sold"], told["biggest_changes"]) == ({"premium_rate": 1, "no_plan": 1}, ["ann", "bob"])
    assert told["new_prices"] == "newest, as if always in force"
    dated = tariff("diff", old, new, "--calls", calls, "--as-dated", "--json").json["calls"]
    assert (dated["total"]["new_kopecks"], dated["new_prices"]) == (440, "as dated")
    said = tariff("diff", old, new, "--calls", calls).out
    assert "5.40" in said and "1.40" in said and "premium_rate: 1" in said


def test_a_file_of_calls_with_faults_names_each(tariff: Tariff, tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(HEADER + "noon,a,12x,0,mango,plain,a\n2026-11-01,a,79161110002,x,mango,plain,a\n")
    said = tariff("diff", "mango", "mango", "--calls", calls)
    assert (said.code, said.out) == (2, "")
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [
        f"{calls}:{place}" for place in ("2:1", "2:8", "2:12", "3:26")
    ]
    calls.write_text(HEADER)
    assert is_complaint(tariff("diff", "mango", "mango", "--calls", calls), 2, "no call of profile 'mango'")
    assert is_complaint(tariff("diff", "mango", "mango", "--calls", tmp_path / "no"), 2, "No such file")
    calls.write_text("from,to\n")
    assert tariff("diff", "mango", "mango", "--calls", calls).code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2026-01-01"), "give both --from and --to"),
        (("--from", "2026-01-01", "--to", "2026-02-01", "--calls", "x"), "not both"),
        (("--from", "2026-02-01", "--to", "2026-01-01", "--api", "127.0.0.1:1"), "--from is not before --to"),
        (("--from", "2026-02-01", "--to", "9999-12-31T23:59:59"), "give a time of the years 2000 to 2199"),
    ],
)
def test_a_period_is_whole_or_a_file(tariff: Tariff, words: tuple[str, ...], told: str) -> None:
    assert is_complaint(tariff("diff", "mango", "mango", *words), 2, told)


ADD_LEG = """
INSERT INTO leg (account_id, leg_id, call_id, caller, number, line, held_at, held_kopecks, rate, answered_at,
                 ended_at, seconds, charge_kopecks)
VALUES ($1, $2, $2, '79031112233', $3, $4, $5, 0, $6, $5, $5, $7, 1)
"""


async def test_the_service_gives_the_calls_of_a_period(office: Office, tmp_path: Path) -> None:
    """In a process of its own: the office's connection to the tables has this loop."""
    [old, new] = new_folder(tmp_path, profile_files("1.00"), profile_files("1.10"))
    rate = json.dumps({"terms": {"tariff": f"{old.name}/wide@1"}})
    at = datetime(2032, 5, 1, tzinfo=UTC)
    for leg_id, seconds in (("leg1-x", 60), ("leg1-y", 61)):
        add = ("ann", f"{leg_id}{old.name}", "74951234567", "78001112233", at, rate, seconds)
        await office.sql.execute(ADD_LEG, *add)
    period = ("--from", "2032-05-01", "--to", "2032-05-02", "--state", str(office.folder))
    told = json.loads(await callctl("tariff", "diff", str(old), str(new), *period, "--json"))["calls"]
    assert told["accounts"] == {
        "ann": {
            "calls": 2,
            "old_kopecks": 300,
            "new_kopecks": 330,
            "change_kopecks": 30,
            "old_unsold": 0,
            "new_unsold": 0,
        }
    }


async def callctl(*words: str) -> str:
    import asyncio
    import sys

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callctl", *words), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


# --- load, history, rollback -----------------------------------------------------------------------------


def test_from_load_to_rollback(tariff: Tariff, office: Office, tmp_path: Path) -> None:
    at = ("--state", office.folder)
    first, second = new_folder(tmp_path, profile_files("1.00"), profile_files("2.00"))
    name = first.name
    loaded = tariff("load", first, *at, "--json").json
    assert loaded["is_new"] is True
    said = tariff("load", first, *at)
    assert said.out.startswith(f"{name}: load {loaded['load']} was in force already, nothing changed")
    said = tariff("load", second, "--name", name, "--short-notice", *at)
    assert (said.code, said.err) == (0, "") and f"{name}: load " in said.out and "is in force" in said.out
    assert [one["load"] for one in tariff("history", name, *at, "--json").json][1] == loaded["load"]
    assert "2 " not in tariff("rollback", name, loaded["load"], *at).err
    assert len(tariff("history", name, *at, "--json").json) == 3
    assert loaded["digest"] in tariff("history", name, *at).out
    in_force = tariff("list", "--in-force", *at, "--json").json
    assert name in [profile["profile"] for profile in in_force]


def test_errors_are_told_here_and_nothing_is_sent(tariff: Tariff, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, profile_files("1,00"))
    said = tariff("load", place, "--api", "127.0.0.1:1")
    assert (said.code, said.err) == (2, f"callctl: {place}: 1 errors: nothing was sent\n")
    assert said.out.startswith("rates.csv:2")


def test_short_notice_is_a_word_of_its_own(tariff: Tariff, office: Office, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, short_notice())
    said = tariff("load", place, "--state", office.folder)
    assert (said.code, "S-12" in said.out) == (2, True)
    assert tariff("load", place, "--short-notice", "--state", office.folder).code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("history", "never"), 2, "nothing was ever loaded as 'never'"),
        (("rollback", "never", "7"), 2, "has no load 7"),
        (("rollback", "never", "0"), 2, "is no id of a load"),
        (("rollback", "never", "x"), 2, "is no id of a load"),
        (("history", "a/b"), 2, "is no name of a profile"),
    ],
)
def test_what_is_not_there_is_told(
    tariff: Tariff, office: Office, words: tuple[str, ...], code: int, told: str
) -> None:
    assert is_complaint(tariff(*words, "--state", office.folder), code, told)


def test_without_a_service_it_says_so(tariff: Tariff, tmp_path: Path) -> None:
    [place] = new_folder(tmp_path, profile_files())
    assert is_complaint(tariff("load", place, "--api", "127.0.0.1:1"), 1, "does not answer")
