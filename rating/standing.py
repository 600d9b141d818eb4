"""The state of an account, and what is served in it (S-14).

Rule 1: emergency calls are served in every state (S-13); they never come this far.
"""

from enum import Enum


class Standing(Enum):
    ACTIVE = "active"
    SUSPENDED_PARTIAL = "suspended_partial"  # what costs money is off, free incoming calls are on
    SUSPENDED_FULL = "suspended_full"
    BLOCKED_VOLUNTARY = "blocked_voluntary"
    TERMINATED = "terminated"

    @property
    def serves_paid(self) -> bool:
        return self is Standing.ACTIVE

    @property
    def serves_free(self) -> bool:
        return self in (Standing.ACTIVE, Standing.SUSPENDED_PARTIAL)
