"""Profiles on the disk: what is read of a folder, and all that are shipped."""

from pathlib import Path

import pytest

import callctl.tariffs.folders
from callctl.complaint import Complaint
from callctl.places import PROFILES
from callctl.tariffs.folders import load_profiles, read_folder
from rating.funds import Stop
from rating.reading.check import check_profile
from rating.tariff import Rate, Side
from tests.tariffs.small_profiles import RATES, TOML


def write(path: Path, toml: str = TOML, rates: str = RATES) -> Path:
    path.mkdir()
    (path / "profile.toml").write_text(toml)
    (path / "rates.csv").write_text(rates)
    return path


def test_only_the_tables_of_the_folder_itself_are_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "op")
    (folder / "README.md").write_text("x")
    write(folder / "old")
    (folder / "heap.csv").mkdir()
    assert sorted(read_folder(folder)) == ["profile.toml", "rates.csv"]


def test_what_is_no_profile_is_complained_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "op")
    for path, words in ((tmp_path / "x", "no such folder"), (tmp_path, "there is no profile.toml in it")):
        with pytest.raises(Complaint, match=words):
            read_folder(path)
    (folder / "gone.csv").symlink_to(folder / "nothing")
    with pytest.raises(Complaint, match=r"gone\.csv: this is no file"):
        read_folder(folder)
    (folder / "gone.csv").unlink()
    monkeypatch.setattr(callctl.tariffs.folders, "FILE_BYTES_MAX", 100)
    with pytest.raises(Complaint, match=r"profile\.toml: [0-9]+ bytes: the largest file may have 100"):
        read_folder(folder)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "op")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(Complaint, match=r"op/profile\.toml: cannot be read: Permission denied"):
        read_folder(folder)


def test_every_error_of_every_folder_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a", rates=RATES.replace("1.50", "x"))
    write(tmp_path / "b", TOML + "colour = 1\n")
    write(tmp_path / "c")
    (tmp_path / "c" / "unused.csv").write_text("")
    monkeypatch.setattr(callctl.tariffs.folders, "PROFILES", tmp_path)
    with pytest.raises(Complaint) as complaint:
        load_profiles()
    assert [line.split(": ")[0] for line in complaint.value.args] == [
        "a/rates.csv:2:10",
        "b/profile.toml:15:1",
    ]


def test_all_shipped_profiles_are_without_errors() -> None:
    folders = {path.name for path in PROFILES.iterdir() if path.is_dir()}
    assert set(load_profiles().profiles) == folders and len(folders) >= 6
    for name in folders:
        assert not [str(one) for one in check_profile(name, read_folder(PROFILES / name)) if one.is_error]


def test_the_demo_profile_is_what_it_was() -> None:
    plan = load_profiles().plan("demo", "six")
    assert plan and plan.funds.stops is Stop.PAID and plan.funds.threshold == 0
    for number in ("79161110002", "4930123456", ""):
        rate = plan.versions[0].rate(Side.OUTGOING, "", number, 0)
        assert isinstance(rate, Rate)
        terms = rate.terms
        assert (terms.tariff, terms.first_s, terms.next_s) == ("demo/six@2026-01-01", 6, 6)
        assert (terms.threshold_s, terms.setup_fee, rate.first_price, rate.next_price) == (0, 0, 100, 100)
        assert (rate.destination, rate.prefix) == ("everywhere", "")
