"""What cannot be read is refused with every fault in its place, and nothing is ever raised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.reading.check import check_profile
from rating.reading.fault import Fault, show
from rating.reading.profile_file import read_profile
from tests.tariffs.small_profiles import (
    PREFIXES,
    PRICES,
    RATES,
    TOML,
    UNSOLD_TOML,
    errors,
    folder,
    split,
    warnings,
)
from tests.tariffs.test_reading import FULL_FOLDER

HEADER = "prefix,destination,price_rub\n"

# The CSV of rates, and what is said of it.
BAD_RATES: dict[str, tuple[str | bytes, str]] = {
    "cp1251": (
        "prefix,destination,price_rub\n7,Россия,1\n".encode("cp1251"),
        "rates.csv:2:3: not UTF-8 (byte 32 of the file is 0xd0), it looks like Windows-1251: save",
    ),
    "no utf-8": (b"\xef\xbb\xbfpre\xff", "rates.csv:1:7: not UTF-8 (byte 7 of the file is 0xff): save"),
    "utf-16": ("prefix".encode("utf-16"), "rates.csv:1:1: the file is UTF-16: save it as UTF-8"),
    "empty": ("", "rates.csv: the file is empty: begin it with the line `prefix,destination,price_rub`"),
    "comments only": ("# a\n\n", "rates.csv: the file is empty"),
    "no rows": (HEADER, "rates.csv:1: there is no row in the file"),
    "semicolons": (HEADER.replace(",", ";"), "rates.csv:1:1: cells are separated by ';': save the file with"),
    "tabs": (HEADER.replace(",", "\t"), "rates.csv:1:1: cells are separated by '\\t': save"),
    "semicolons below": (HEADER + "7;R;1.00\n", "rates.csv:2: 1 cells, the header has 3: separate them with"),
    "missing column": ("prefix,price_rub\n", "rates.csv:1: column `destination` is missing in the header"),
    "broken header": ('"prefix"x,destination\n', "rates.csv:1: something stands after a closing quote"),
    "unknown column": (
        "prefix,destination,prize,price_rub\n7,R,1,1",
        "rates.csv:1:20: unknown column ",
    ),
    "double column": (HEADER.replace("\n", ",prefix\n"), "rates.csv:1:30: column 'prefix' stands twice"),
    "too few cells": (HEADER + "7,R\n", "rates.csv:2: 2 cells, the header has 3"),
    "too many cells": (
        HEADER + "7,R,S,1\n",
        "rates.csv:2: 4 cells, the header has 3: a cell with a",
    ),
    "comma in bare price": (
        HEADER + "7,R,1,50\n",
        "rates.csv:2: 4 cells, the header has 3: write a price",
    ),
    "late comment": (HEADER + "# seven\n7,R,1\n", "rates.csv:2: a comment may stand only before the header"),
    "open quote": (HEADER + '7,R,1\n8,"S,1\n9,T,1\n', "rates.csv:3: a quote is opened here and not closed"),
    "endless quote": (
        HEADER + '8,"' + "S,1\n" * 50_000,
        "rates.csv:2: a cell is far too long: is a quote opened here and not closed?",
    ),
    "sign after quote": (HEADER + '8,"S"s,1\n', "rates.csv:2: something stands after a closing quote"),
    "long row": (
        HEADER + "7," + "R" * 1_000_001,
        "rates.csv:2: a row of 1000003 signs: the longest",
    ),
    "comma in price": (HEADER + '7,R,"1,50"\n', "rates.csv:2:5: the price '1,50' has a comma: write 12.34"),
    "negative price": (HEADER + "7,R,-1.50\n", "rates.csv:2:5: the price '-1.50' is negative"),
    "three decimals": (
        HEADER + "7,R,1.505\n",
        "rates.csv:2:5: kopecks are two digits, not '1.505'",
    ),
    "one decimal": (HEADER + "7,R,1.5\n", "rates.csv:2:5: kopecks are two digits, not '1.5'"),
    "absurd price": (HEADER + "7,R,1000000000.01\n", "rates.csv:2:5: the price '1000000000.01' is absurd"),
    "very absurd price": (HEADER + f"7,R,{'9' * 5000}\n", "rates.csv:2:5: the price '9999"),
    "price of letters": (
        HEADER + "7,R,free\n",
        "rates.csv:2:5: 'free' is no price: write roubles",
    ),
    "foreign price": (HEADER + "7,R,٣\n", "rates.csv:2:5: '٣' is no price"),
    "empty price": (HEADER + "7,R,\n", "rates.csv:2:5: the price is empty: write 0 if it costs nothing"),
    "space in price": (HEADER + "7,R,1 000\n", "rates.csv:2:5: a space in the price '1 000': write 1234.50"),
    "letters": (HEADER + "7a,R,1\n", "rates.csv:2:1: a prefix has digits only, not '7a'"),
    "plus": (HEADER + "+7,R,1\n", "rates.csv:2:1: write the prefix without its plus: '7'"),
    "space in prefix": (
        HEADER + "7 495,R,1\n",
        "rates.csv:2:1: a space in the prefix '7 495'",
    ),
    "long prefix": (
        HEADER + f"{'7' * 16},R,1\n",
        "rates.csv:2:1: a prefix of 16 digits: a number",
    ),
    "foreign digits": (HEADER + "٧,R,1\n", "rates.csv:2:1: the prefix '٧' has digits other than 0 to 9"),
    "nul": (HEADER + "7\0,R,1\n", "rates.csv:2:1: a prefix has digits only, not '7\\x00'"),
    "empty destination": (HEADER + "7, ,1\n", "rates.csv:2:3: the destination is empty: name it"),
    "spaces around": (HEADER + "7,R ,1\n", "rates.csv:2:3: spaces around 'R ': take them away"),
    "control sign": (HEADER + "7,R\x1b[2J,1\n", "rates.csv:2:3: a control character in 'R\\x1b[2J'"),
    "long name": (HEADER + f"7,{'R' * 121},1\n", "rates.csv:2:3: a name of 121 signs"),
    "double prefix": (HEADER + "7,R,1\n8,S,1\n7,R,1\n", "rates.csv:4:1: prefix '7' stands already in line 2"),
    "after a quoted comma": (HEADER + '7,"Korea, South",x\n', "rates.csv:2:18: 'x' is no price"),
    "after a row of two lines": (
        "note,prefix,destination,price_rub\n" + '"two\nlines",7,R,1\n,x,S,1\n',
        "rates.csv:4:2: a prefix has digits only, not 'x'",
    ),
}


@pytest.mark.parametrize(("rates", "words"), BAD_RATES.values(), ids=BAD_RATES)
def test_rates_are_refused(rates: str | bytes, words: str) -> None:
    found = errors(folder(TOML, rates))
    assert len(found) == 1 and found[0].startswith(words), found
    assert found[0].isprintable()


BAD_TOML: dict[str, tuple[str | bytes, list[str]]] = {
    "syntax": (TOML + "[plans", ["profile.toml:15: cannot be read as TOML: "]),
    "syntax at the end": ('title = "', ["profile.toml:1: cannot be read as TOML: "]),
    "no utf-8": (b'title = "\xcf\xf0"', ["profile.toml:1:10: not UTF-8 (byte 10 of the file is 0xcf), it"]),
    "nul": ("title = \0", ["profile.toml:1:9: cannot be read"]),
    "empty": ("", [f"profile.toml: `{name}` is missing: add it" for name in ("title", "invented", "plans")]),
    "deep": ("x = " + "[" * 100_000, ["profile.toml: nested too deep for a profile"]),
    "a key of many parts": (".".join("a" * 20_000) + " = 1", ["profile.toml: nested too deep for a profile"]),
    "huge number": (TOML + "x = " + "9" * 5000, ["profile.toml: cannot be read as TOML: "]),
    "long": ("#" * 1_000_001, ["profile.toml: over 1000000 bytes: prices belong into CSV files"]),
    "impossible day": (TOML.replace("2026-01-01", "2026-02-30"), ["profile.toml:13:8: cannot be read as"]),
    "unknown field": (
        TOML.replace("outgoing =", "outgoin ="),
        ["profile.toml:14:1: unknown field `outgoin`: there are version, from, published, "],
    ),
    "unknown field in one line": (
        TOML + "counting = { first_s = 1, next = 2 }",
        ["profile.toml:15:27: unknown field `next`: there are first_s, next_s, threshold_s, offset,"],
    ),
    "unknown table": (TOML + "[colour]", ["profile.toml:15:1: unknown field `colour`: there are title,"]),
    "unknown rule": (TOML + 'counting.rules = { vat = "X" }', ["profile.toml:15:20: vat: one of 'unit',"]),
    "missing field": (
        TOML.replace('version = "1"\n', ""),
        ["profile.toml:11:1: `plans.go.versions.0.version`"],
    ),
    "text for a number": (
        TOML + 'counting.first_s = "6"',
        ["profile.toml:15:1: first_s: a whole number is wanted, not '6'"],
    ),
    "number for text": (
        TOML.replace('"Test"', "5"),
        ["profile.toml:1:1: title: text in quotes is wanted, not '5'"],
    ),
    "half a second": (
        TOML + "counting.first_s = 0.5",
        ["profile.toml:15:1: first_s: a whole number is wanted"],
    ),
    "yes for a number": (
        TOML + "counting.first_s = true",
        ["profile.toml:15:1: first_s: a whole number is wanted, not true"],
    ),
    "no unit": (TOML + "counting.next_s = 0", ["profile.toml:15:1: next_s: at least 1 is wanted, not '0'"]),
    "a long unit": (TOML + "counting.next_s = 86401", ["profile.toml:15:1: next_s: at most 86400 is wanted"]),
    "a big number": (
        TOML + f"counting.next_s = {9**99}",
        ["profile.toml:15:1: next_s: at most 86400 is wanted"],
    ),
    "a short cap": (
        TOML + "counting.longest_s = 1800",
        ["profile.toml:15:1: a connection may not be cut before 3600 s (GAZ-5.3.2)"],
    ),
    "a table for a list": (
        TOML + "bands = 5",
        ["profile.toml:15:1: bands: a list in [ ] is wanted, not '5'"],
    ),
    "a list for a table": (TOML + "counting = []", ["profile.toml:15:1: counting: a table is wanted"]),
    "a text for a date": (
        TOML.replace("2026-01-01", '"2026"'),
        ["profile.toml:13:1: a date is wanted, without quotes"],
    ),
    "an absurd year": (TOML.replace("2026-01-01", "0001-01-01"), ["profile.toml:13:1: the year 1 is absurd"]),
    "an absurd notice": (TOML + "published = 9999-12-31", ["profile.toml:15:1: the year 9999 is absurd"]),
    "a plan's name": (
        TOML.replace("plans.go", "plans.Go"),
        ["profile.toml:8:1: a plan's name has small letters"],
    ),
    "a version's name": (
        TOML.replace('"1"', '"a b"'),
        ["profile.toml:12:1: a version's name has letters, digits"],
    ),
    "no version": (
        'title = "T"\ninvented = true\n[plans.go]\ntitle = "G"\nversions = []',
        ["profile.toml:5:1: versions: at least one is needed"],
    ),
    "no plan": (
        'title = "T"\ninvented = true\nplans = {}',
        ["profile.toml:3:1: plans: at least one is needed"],
    ),
    "a file elsewhere": (
        TOML.replace("rates.csv", "../rates.csv"),
        ["profile.toml:6:1: the name of a .csv file beside"],
    ),
    "no such file": (
        TOML.replace("rates.csv", "rate.csv"),
        ["profile.toml:6:1: there is no file 'rate.csv' beside profile.toml (there are: rates.csv)"],
    ),
    "no such days": (
        TOML + 'days_off = "days.csv"',
        ["profile.toml:15:1: there is no file 'days.csv' beside profile.toml (there are: rates.csv)"],
    ),
    "a list for a text": (
        TOML.replace('"Go"', "[1]"),
        ["profile.toml:9:1: title: text in quotes is wanted"],
    ),
    "rates and prices": (
        TOML.replace("rates =", 'prices = "p.csv"\nrates ='),
        ["profile.toml:4:1: a deck has either `rates`"],
    ),
    "a key": (
        TOML.replace('"called"', '"b"'),
        ["profile.toml:5:1: key: one of 'called' or 'caller' is wanted, not 'b'"],
    ),
    "unknown deck": (
        TOML.replace('outgoing = "out"', 'outgoing = "in"'),
        ["profile.toml:14:1: there is no deck 'in' (decks: out)"],
    ),
    "draws twice": (
        TOML + '[funds]\ndraws = ["money", "money"]',
        ["profile.toml:16:1: 'money' stands twice: leave one"],
    ),
    "incoming number": (
        TOML + 'incoming_numbers = ["7800", "+7"]',
        ["profile.toml:15:29: the first digits of a number are wanted, without a plus"],
    ),
    "empty text": (TOML.replace('"Go"', '""'), ["profile.toml:9:1: title: this may not be empty"]),
    "control signs": (
        TOML.replace('"Go"', '"\\u001b"'),
        ["profile.toml:9:1: control characters or outer spaces in '\\x1b'"],
    ),
    "all at once": (
        TOML.replace('"Test"', "1").replace('"Go"', "2").replace("true", "3"),
        [
            "profile.toml:1:1: title",
            "profile.toml:2:1: invented: true or false is wanted",
            "profile.toml:9:1: title",
        ],
    ),
}


@pytest.mark.parametrize(("toml", "words"), BAD_TOML.values(), ids=BAD_TOML)
def test_a_profile_is_refused(toml: str | bytes, words: list[str]) -> None:
    found = errors(folder(toml))
    assert len(found) == len(words), found
    for told, begin in zip(found, words, strict=True):
        assert told.startswith(begin), found
        assert told.isprintable()


BAND = """bands = [
  { name = "n", begin = "08:00", until = "20:00", days = ["all"], percent = 50, rule = "X" },
]"""
BAD_BANDS = {
    "25 o'clock": ("20:00", "25:00", "profile.toml:16:34: '25:00' is no time of a day: write 23:00"),
    "minute 60": ("20:00", "20:60", "profile.toml:16:34: '20:60' is no time"),
    "bare hour": ("20:00", "8", "profile.toml:16:34: '8' is no time"),
    "no time": ("20:00", "08:00", "profile.toml:16:3: the band begins and ends at 08:00"),
    "begin at 24": ("08:00", "24:00", "profile.toml:16:3: a band cannot begin at 24:00"),
    "a strange day": ("all", "holiday", "profile.toml:16:59: days: one of 'all', 'working'"),
}


@pytest.mark.parametrize(("old", "new", "words"), BAD_BANDS.values(), ids=BAD_BANDS)
def test_a_band_is_refused(old: str, new: str, words: str) -> None:
    [found] = errors(folder(TOML + BAND.replace(old, new)))
    assert found.startswith(words), found


def test_prefixes_and_prices_are_refused() -> None:
    assert errors(split(PREFIXES + "79,Russia\n", PRICES.replace("Russia", "Rusia"))) == [
        "prefixes.csv:2:3: destination 'Russia' has no price in prices.csv: add it there"
    ]
    assert errors(split(prices=PRICES + "Russia,2\n")) == [
        "prices.csv:4:1: destination 'Russia' has its price in line 2: leave one"
    ]
    assert errors(split(prefixes="", prices="destination,price_rub\n")) == [
        "prefixes.csv: the file is empty: begin it with the line `prefix,destination`",
        "prices.csv:1: there is no price in the file: add rows below the header",
    ]
    assert errors(split(prices=PRICES.replace(",", ";"))) == [
        "prices.csv:1:1: cells are separated by ';': save the file with commas between them"
    ]


def test_what_is_not_sold_is_refused() -> None:
    for row, words in {
        "x,premium_rate": "unsold.csv:2:1: a prefix has digits only, not 'x'",
        "79,Premium rate": "unsold.csv:2:4: a kind is a small word such as premium_rate or ",
        "44,premium_rate": "unsold.csv:2:1: prefix '44' has a destination in rates.csv:3: leave one",
    }.items():
        [found] = errors(folder(UNSOLD_TOML, RATES, unsold=f"prefix,kind\n{row}\n"))
        assert found.startswith(words)


def test_days_off_are_refused() -> None:
    days = "day,off\n2026-01-01,yes\n20260102,yes\n2026-02-30,no\n2026-01-01,no\n2026-01-05,maybe\n"
    assert errors(folder(TOML + 'days_off = "days.csv"', days=days)) == [
        "days.csv:3:1: '20260102' is no day: write 2026-01-31",
        "days.csv:4:1: '2026-02-30' is no day: write 2026-01-31",
        "days.csv:5:1: the day 2026-01-01 stands already in line 2: leave one",
        "days.csv:6:12: write yes (not worked) or no (worked), not 'maybe'",
    ]


def test_all_files_are_read_though_one_is_wrong() -> None:
    rates = HEADER + "x,R,1\n7, ,-1\n"
    assert [told.split(": ")[0] for told in errors(folder(TOML.replace('"Go"', "1"), rates))] == [
        "profile.toml:9:1",
        "rates.csv:2:1",
        "rates.csv:3:3",
        "rates.csv:3:5",
    ]


def test_rows_that_are_wrong_alike_are_all_told() -> None:
    found = errors(folder(TOML, HEADER + "7,R,x\n8,R,x\n"))
    assert [told.split(": ")[0] for told in found] == ["rates.csv:2:5", "rates.csv:3:5"]


def test_a_file_of_wrong_rows_does_not_fill_the_screen() -> None:
    found = errors(folder(TOML, HEADER + "x,R,1\n" * 3000))
    assert len(found) == 1001 and found[-1] == "rates.csv:1002: and 2000 more errors"


def test_a_folder_without_a_profile() -> None:
    assert errors({}) == ["profile.toml: is missing: a profile is a folder with this file in it"]


@pytest.mark.parametrize("name", ["", "Op", "1op", "o p", "o" * 41, "../op", "оп"])
def test_a_profiles_name(name: str) -> None:
    for told in (read_profile(name, folder()), check_profile(name, folder())):
        assert isinstance(told, list) and "is no name" in str(told[0])


def test_files_that_nobody_names_are_warned_of() -> None:
    assert warnings(folder(TOML, RATES, old=PREFIXES, older="")) == [
        f"{file}.csv: nobody names this file: name it in profile.toml, or take it away"
        for file in ("old", "older")
    ]
    assert warnings(folder(TOML + 'days_off = "days.csv"', days="day,off\n2026-01-01,yes\n")) == []


def test_a_fault_is_one_line_whatever_stood_in_the_file() -> None:
    assert (
        str(Fault("f.csv", 1, 2, "x")) == "f.csv:1:2: x"
        and str(Fault("f.csv", None, None, "x")) == "f.csv: x"
    )
    assert show("a\n\x1b\u202eb") == "'a\\n\\x1b\\u202eb'" and len(show("x" * 1000)) < 70


def answers(files: dict[str, bytes]) -> None:
    """Whatever was given: a profile, or faults of one line each."""
    told = read_profile("op", files)
    found = check_profile("op", files)
    assert not isinstance(told, list) or any(fault.is_error for fault in told)
    assert all(str(fault).isprintable() for fault in found)
    assert isinstance(told, list) == any(fault.is_error for fault in found)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FULL_FOLDER)), st.binary(max_size=200)))
def test_any_bytes_get_an_answer(files: dict[str, bytes]) -> None:
    answers(FULL_FOLDER | files)
    answers(files)


PIECES = st.sampled_from(
    [b"", b"\n", b"\r", b"[[plans]]", b"true", b"\\",
     b'"', b",", b";", b"[", b"]", b"{", b"}", b"=", b".", b"\0", b"\xff", b"#", b"-1", b"1e999",
     b"nan", b"9" * 30, b"0001-01-01", b"9999-12-31T23:59:59+23:59", b'"""', b"'"]
)  # fmt: skip


@settings(deadline=None)
@given(st.data())
def test_any_change_of_a_good_profile_gets_an_answer(data: st.DataObject) -> None:
    files = dict(FULL_FOLDER)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(files)))
        content = files[name]
        at = data.draw(st.integers(0, len(content)))
        end = min(len(content), at + data.draw(st.integers(0, 12)))
        piece = data.draw(PIECES | st.binary(max_size=4))
        files[name] = content[:at] + piece + content[end:]
    answers(files)


def test_a_profile_of_wrong_fields_does_not_fill_the_screen() -> None:
    found = errors(folder(TOML + "".join(f"k{number} = 1\n" for number in range(1500))))
    assert len(found) == 1001 and "profile.toml: and 500 more errors" in found
