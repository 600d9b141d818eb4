"""Long lists, page by page, newest first: `limit` says how many, `after` goes on behind the page before.

Rule 1: a page is found by the key of its last row, so that what is added meanwhile shifts nothing.
Rule 2: what `after` holds is ours; whoever makes one up is told so.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from pydantic import Field, StringConstraints

from callctl.api.words import Asked, Json
from callctl.complaint import Wrong

PAGE = 100
PAGE_MAX = 500
CURSOR_MAX = 400

Key = list[int | str]
Row = TypeVar("Row")


class PageAsked(Asked):
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = PAGE
    after: Annotated[str, StringConstraints(max_length=CURSOR_MAX)] = ""

    def key(self, *kinds: type) -> Key | None:
        """Of the last row that was seen; None: from the newest on."""
        if not self.after:
            return None
        try:
            key = json.loads(urlsafe_b64decode(self.after.encode("ascii")))
        except (ValueError, RecursionError):
            key = None
        if not isinstance(key, list) or [type(part) for part in key] != [*kinds]:
            raise Wrong("after", "go on with the `next` of a page, as it is")
        if not all(part.isprintable() if isinstance(part, str) else 0 <= part < 2**63 for part in key):
            raise Wrong("after", "go on with the `next` of a page, as it is")
        return key


def show_page(
    rows: Sequence[Row], limit: int, show: Callable[[Row], Json], key_of: Callable[[Row], Key]
) -> Json:
    """`rows`: one more than the limit, if there are so many."""
    shown = rows[:limit]
    following = _cursor(key_of(shown[-1])) if len(rows) > limit else None
    return {"items": [show(row) for row in shown], "next": following}


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()
