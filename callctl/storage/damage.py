"""Rows that cannot be read: named with what to do, left as they are, and in nobody's way."""

import logging

from pydantic import ValidationError

from callctl import metrics
from callctl.complaint import one_line

log = logging.getLogger(__name__)


def damaged(what: str, error: Exception, remedy: str) -> None:
    metrics.DAMAGED_ROWS.inc()
    log.critical("%s cannot be read and is left as it is: %s: %s", what, one_line(_words(error)), remedy)


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    return f"{type(error).__name__} {error}"
