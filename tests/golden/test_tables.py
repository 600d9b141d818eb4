"""Tables that a finance person can read and amend; the text on the right of a `#` is why a row is odd.

Rule 1: a row is a test, so a row that is wrong is named by its own text.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialplan.numbers import normal_number
from rating.charge import charge_connection, duration_s
from rating.money import Money
from rating.tariff import Rate

HERE = Path(__file__).parent

# A `#` that stands alone; one within a number belongs to it.
REASON = re.compile(r"(^|\s)#(\s.*)?$")


def rows(name: str) -> list[str]:
    return list(_rows((HERE / name).read_text("utf-8")))


def _rows(text: str) -> Iterator[str]:
    for line in text.splitlines():
        row = REASON.sub("", line)
        if row.strip():
            yield row.rstrip()


@pytest.mark.parametrize("row", rows("connections.txt"))
def test_a_connection_costs_what_the_table_says(row: str) -> None:
    told, _, billed = row.partition("|")
    unit_s, threshold_s, setup, price, talked_ms, secured = map(int, told.split())
    rate = Rate("t@1", "everywhere", "", unit_s, Money(price), Money(setup), threshold_s)
    for answered_ms in (0, 1, 999, 1_790_000_000_123):  # the wall's second has no say in it
        seconds = duration_s(answered_ms, answered_ms + talked_ms)
        charge = charge_connection(rate, seconds, secured)
        assert [charge.seconds, charge.units, charge.amount] == [*map(int, billed.split())]
        assert sum(line.amount for line in charge.lines) == charge.amount


@pytest.mark.parametrize("row", rows("numbers.txt"))
def test_a_number_is_what_the_table_says(row: str) -> None:
    _, written, meant = row.split("|")
    assert normal_number(written) == (None if meant.strip() == "none" else meant.strip())


def test_every_example_of_the_rules_is_in_the_table() -> None:
    """S-3 and S-5 print numbers; a table that loses them proves less than it says."""
    table = {tuple(row.replace("|", " ").split()) for row in rows("connections.txt")}
    for example in (
        ("60", "0", "0", "169", "60900", "99", "60", "1", "169"),
        ("60", "0", "0", "169", "61000", "99", "61", "2", "338"),
        ("60", "0", "0", "169", "400", "99", "1", "1", "169"),
        ("60", "0", "0", "169", "60040", "99", "60", "1", "169"),
    ):
        assert example in table
