"""What the service and `callctl up` may be told, and how they answer to what they may not."""

import json
from pathlib import Path

import pytest

from callctl.complaint import Complaint
from callctl.settings import Address, ServiceSettings, check_settings, read_settings
from callctl.stack.plan import Plan
from callctl.storage.database import without_password
from callctl.tariffs.folders import load_profiles
from dialplan.causes import Cause
from rating.refusal import Refusal
from rating.tariff import Rate, Side

SERVICE = {
    "api": "127.0.0.1:8080",
    "agi": "127.0.0.1:4573",
    "ari": {"url": "http://127.0.0.1:8088", "user": "u", "password": "p"},
    "ami": {"address": "10.0.0.1:5038", "user": "u", "password": "p"},
    "database": "postgresql://x",
    "sounds": "/var/lib/callctl/sounds",
    "trunks": ["a", "b"],
}


def test_what_is_not_said_has_a_value() -> None:
    settings = check_settings(ServiceSettings, SERVICE, "here")
    assert settings.api == Address("127.0.0.1", 8080)
    terms = settings.terms
    assert (terms.trunks, terms.emergency_trunk) == (("a", "b"), "a")
    assert (terms.second_cut_ms, terms.warning_ms) == (20_000, 10_000)
    assert terms.refusal_causes[Refusal.NOT_ENOUGH] == Cause.REJECTED
    assert terms.refusal_prompts == {}


def test_a_refusal_becomes_a_cause_and_a_prompt_by_setting() -> None:
    calls = {"warning_s": 0.5, "refusals": {"not_enough": {"cause": 34, "prompt": "sound:x"}}}
    terms = check_settings(ServiceSettings, {**SERVICE, "calls": calls}, "here").terms
    assert terms.warning_ms == 500
    assert terms.refusal_causes[Refusal.NOT_ENOUGH] == 34
    assert terms.refusal_causes[Refusal.NO_PRICE] == Cause.REJECTED
    assert terms.refusal_prompts == {Refusal.NOT_ENOUGH: "sound:x"}


def test_what_up_writes_the_service_reads(tmp_path: Path) -> None:
    settings = check_settings(ServiceSettings, SERVICE, "here")
    (tmp_path / "service.json").write_text(settings.model_dump_json())
    assert read_settings(ServiceSettings, tmp_path / "service.json") == settings


def test_all_faults_of_a_file_are_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps(
            {
                **SERVICE,
                "api": "8080",
                "trunks": [],
                "colour": 1,
                "calls": {"warning_s": -1, "warning_media": "tone:!1400/300"},
            }
        )
    )
    with pytest.raises(Complaint) as told:
        read_settings(ServiceSettings, path)
    words = str(told.value)
    assert words.startswith(f"{path}: ") and "\n" not in words
    for fault in (
        "api: give it as HOST:PORT",
        "trunks: List should",
        "colour: Extra",
        "calls.warning_s: Inp",
        "calls.warning_media: a tone of Asterisk never ends",
    ):
        assert fault in words


FILES = {
    "binary.toml": (b"\xff\xfe", "not UTF-8 text (byte 0)"),
    "broken.toml": (b"api =", "Invalid value (at "),
    "broken.json": (b'{"api": ', "Expecting value"),
    "deep.json": (b"[" * 100_000, "recursion"),
    "list.json": (b"[]", "valid dictionary"),
}


@pytest.mark.parametrize(("name", "content", "words"), [(name, *told) for name, told in FILES.items()])
def test_a_file_that_cannot_be_read_is_a_complaint(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Complaint) as told:
        read_settings(ServiceSettings, tmp_path / name)
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_a_directory_is_a_complaint(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "Is a directory"), (tmp_path / "x", "No such file or directory")):
        with pytest.raises(Complaint, match=f"{words}: name a settings file"):
            read_settings(ServiceSettings, path)


ADDRESSES: dict[str, object] = {
    "no port": "127.0.0.1",
    "no host": ":80",
    "a word": "127.0.0.1:http",
    "negative": "127.0.0.1:-1",
    "too large": "127.0.0.1:65536",
    "other digits": "127.0.0.1:٨٠",
    "superscript": "127.0.0.1:²",
    "a URL": "http://127.0.0.1:80",
    "six": "[::1]:80",
    "new line": "127.0.0.1:80\n",
    "everywhere": "0.0.0.0:80",
    "another machine": "192.0.2.1:80",
    "a name": "localhost:80",
    "a name like ours": "127.evil.example:80",
    "a number": 8080,
    "nothing": None,
    "a pair of what": ["127.0.0.1", {}],
    "a pair too large": ["127.0.0.1", 65536],
    "a triple": ["127.0.0.1", 80, 80],
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
@pytest.mark.parametrize("field", ["sip", "api"])
def test_only_an_address_of_this_machine_is_taken(field: str, address: object) -> None:
    with pytest.raises(Complaint, match=f"^here: {field}: (give it as HOST:PORT|only a loopback address)"):
        check_settings(Plan, {field: address}, "here")


PLANS: dict[str, tuple[dict[str, object], str]] = {
    "unknown key": ({"colour": 1}, "colour: Extra inputs"),
    "rtp a word": ({"rtp": "many"}, "rtp: give it as FROM-TO"),
    "rtp backwards": ({"rtp": "30000-20000"}, "rtp: give at least ten ports"),
    "rtp too few": ({"rtp": "20000-20005"}, "rtp: give at least ten ports"),
    "rtp too low": ({"rtp": [1, 2000]}, "rtp: give it as FROM-TO"),
    "rtp a table": ({"rtp": {"from": 1}}, "rtp: give it as FROM-TO"),
    "trunk's name": ({"trunks": {"a b": "127.0.0.1:1"}}, "name it with letters"),
    "trunk elsewhere": ({"trunks": {"a": "10.0.0.1:1"}}, "trunks.a: only a loopback"),
    "emergency": (
        {"trunks": {"a": "127.0.0.1:1"}, "emergency_trunk": "b"},
        "'b' is not among the trunks (a)",
    ),
    "demo a word": ({"demo": "perhaps"}, "demo: Input should be a valid boolean"),
    "second cut": ({"calls": {"second_cut_s": 1}}, "calls.second_cut_s: Input should be greater"),
    "never": ({"calls": {"second_cut_s": float("nan")}}, "calls.second_cut_s: Input should be a finite"),
    "for ever": ({"calls": {"second_cut_s": float("inf")}}, "calls.second_cut_s: Input should be a finite"),
    "no refusal": ({"calls": {"refusals": {"mood": {}}}}, "calls.refusals.mood"),
    "no cause": ({"calls": {"refusals": {"no_price": {"cause": 128}}}}, "no_price.cause: Input should be"),
    "no database": ({"database": ""}, "database: String should have at least 1"),
}


@pytest.mark.parametrize(("told", "words"), PLANS.values(), ids=PLANS)
def test_a_plan_with_a_fault_is_a_complaint(told: dict[str, object], words: str) -> None:
    with pytest.raises(Complaint) as complaint:
        check_settings(Plan, told, "here")
    assert words in str(complaint.value) and "\n" not in str(complaint.value)


def test_nobody_is_shown_a_password() -> None:
    assert without_password("postgresql://u:s3cr@t@h:1/x?y=z") == "postgresql://u:***@h:1/x?y=z"
    for open_url in ("postgresql://u@/x?host=/tmp", "postgresql://h/x", "nonsense", ""):
        assert without_password(open_url) == open_url
    assert "s3cret" not in without_password("postgresql://u:s3cret@[h/x")


def test_the_demo_profile_is_what_the_issue_says() -> None:
    plan = load_profiles().plan("demo", "six")
    version = plan.version_at(1_790_000_000_000) if plan else None
    assert version
    for number in ("79161110002", "4930123456", "74951234567"):
        rate = version.rate(Side.OUTGOING, "74951110000", number, 1_790_000_000_000)
        assert isinstance(rate, Rate)
        terms = rate.terms
        assert (terms.first_s, terms.next_s, rate.first_price, rate.next_price) == (6, 6, 100, 100)
        assert (terms.threshold_s, terms.setup_fee) == (0, 0)
