"""A caller who chooses by keys: hear, then what is ordered. One claim each."""

from callctl.calls.events import DigitPressed, LegAnswered, PromptEnded
from callctl.calls.orders import HangUp, Order, StopPlaying
from dialplan.causes import Cause
from tests.transcripts.words import A, Desk

CAUSES = {"short": Cause.BUSY, "long": Cause.CONGESTION, "other": Cause.NOT_FOUND}
MENU = """
start: menu
nodes:
  menu:
    kind: menu
    prompt: choose
    keys: {"1": short, "101": long, "2": other}
    next_digit_s: 3
    tries: 1
    otherwise: bye
  short: {kind: hang_up, cause: busy}
  long: {kind: hang_up, cause: congestion}
  other: {kind: hang_up, cause: not_found}
  bye: {kind: hang_up}
"""


def asked() -> Desk:
    at = Desk(scheme=MENU)
    at.arrive()
    at.hear(LegAnswered(A), 5)
    at.hear(PromptEnded(A, 1), 2_000)
    return at


def pressed(at: Desk, digits: str, at_ms: int) -> list[Order]:
    return [order for digit in digits for order in at.hear(DigitPressed(A, digit), at_ms)]


def test_a_key_that_no_longer_one_begins_with_counts_at_once() -> None:
    assert pressed(asked(), "2", 3_000) == [HangUp(A, CAUSES["other"])]


def test_a_key_that_a_longer_one_begins_with_waits_for_more() -> None:
    at = asked()
    assert pressed(at, "1", 3_000) == []
    assert at.wake(6_000) == [HangUp(A, CAUSES["short"])]


def test_the_longer_key_counts_with_its_last_digit() -> None:
    assert pressed(asked(), "101", 3_000) == [HangUp(A, CAUSES["long"])]


def test_what_begins_no_key_is_wrong_at_once() -> None:
    assert pressed(asked(), "7", 3_000) == [HangUp(A, Cause.NORMAL)]


def test_the_first_digit_ends_the_saying() -> None:
    at = Desk(scheme=MENU)
    at.arrive()
    at.hear(LegAnswered(A), 5)
    assert pressed(at, "2", 1_000) == [StopPlaying(A, 1), HangUp(A, CAUSES["other"])]
