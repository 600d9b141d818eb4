"""What calls of one subscriber come to. A table is one question; its rows are tests."""

import pytest

from tests.golden.rows import Row, check, rows_of
from tests.golden.subscriber import Subscriber, whole

QUESTIONS = (
    "admission",
    "barred",
    "bundled_destinations",
    "bundles",
    "called_pays",
    "detail",
    "duration",
    "emergency",
    "free_seconds",
    "funds_of_its_own",
    "hours",
    "limits",
    "longest",
    "moment_of_answer",
    "money_ends",
    "pools",
    "setup",
    "standings",
    "units",
    "vat",
)


@pytest.mark.parametrize("row", [row for question in QUESTIONS for row in rows_of(question)])
def test_a_call_comes_to_what_the_row_says(row: Row) -> None:
    check(row, Subscriber(row.given).call())


@pytest.mark.parametrize("row", rows_of("at_once"))
def test_calls_at_once_draw_on_one_sum(row: Row) -> None:
    check(row, Subscriber(row.given).call_at_once(whole(row.given, "calls")))
