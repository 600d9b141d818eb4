"""What the service complained of is told, whole."""

from tests.e2e.soak.course import complaints

LOG = """\
at=2026-11-21T21:40:00.001+00:00 level=info room=callctl msg="a level=error in the words of somebody else"
at=2026-11-21T21:40:01.002+00:00 level=error room=callctl msg="not carried out" fault="Traceback\\nno Sunday"
at=2026-11-21T21:40:02.003+00:00 level=critical room=callctl.storage msg="no room"
"""


def test_complaints_of_the_log_are_told_with_their_tracebacks() -> None:
    first, second = complaints(LOG)
    assert first.endswith('no Sunday"')
    assert second.endswith('msg="no room"')
