"""Two tables that need no operator: what is billed of what was secured, and how people write numbers.

Rule 1: a row is a test, so a row that is wrong is named by its own text.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialplan.numbers import normal_number
from rating.charge import Secured, charge_connection, duration_s
from tests.plans import rate

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
    unit_s, threshold_s, setup, price, talked_ms, secured, gift = map(int, told.split())
    terms = rate(price, unit_s, setup, threshold_s)
    units = [Secured(gift, is_gift=True), Secured(secured - gift, is_gift=False)]
    for answered_ms in (0, 1, 999, 1_790_000_000_123):  # the wall's second has no say in it
        seconds = duration_s(answered_ms, answered_ms + talked_ms)
        charge = charge_connection(terms, seconds, units)
        assert [charge.seconds, charge.units, charge.amount] == [*map(int, billed.split())]
        assert sum(line.amount for line in charge.lines) == charge.amount


@pytest.mark.parametrize("row", rows("numbers.txt"))
def test_a_number_is_what_the_table_says(row: str) -> None:
    _, written, meant = row.split("|")
    assert normal_number(written) == (None if meant.strip() == "none" else meant.strip())
