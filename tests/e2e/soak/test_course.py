"""What the service complained of is told, whole."""

from tests.e2e.soak.course import complaints

LOG = """\
2026-11-21 21:40:00,001 INFO callctl an ERROR in the words of somebody else
2026-11-21 21:40:01,002 ERROR callctl could not be carried out
Traceback (most recent call last):
ValueError: 2026-11-21 is no Sunday
2026-11-21 21:40:02,003 CRITICAL callctl.storage no room
"""


def test_complaints_of_the_log_are_told_with_their_tracebacks() -> None:
    first, second = complaints(LOG)
    assert first.endswith("is no Sunday\n")
    assert second.endswith("no room\n")
