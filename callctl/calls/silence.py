"""How far it is proven that nothing happened: news that have not come may be lost, or on their way.

Rule 1: what a person did counts from the news of it; that nobody did anything counts only as far as all news
    have come.
"""

# A stream that lives has been proven since.
PROOF_AGE_MS_MAX = 2_000


class Silence:
    def __init__(self) -> None:
        """Until somebody keeps watch over the news, all have come."""
        self._proven_ms: int | None = None
        self._is_wanted = False

    def proven(self, until_ms: int) -> None:
        self._proven_ms = until_ms if self._proven_ms is None else max(self._proven_ms, until_ms)

    def is_proven(self, until_ms: int) -> bool:
        """If not, a proof is wanted."""
        is_proven = self._proven_ms is None or until_ms <= self._proven_ms
        self._is_wanted = self._is_wanted or not is_proven
        return is_proven

    def is_watched(self, at_ms: int) -> bool:
        """Else a list says, soon, what has got lost."""
        return self.is_proven(at_ms - PROOF_AGE_MS_MAX)

    def take_wanted(self) -> bool:
        """Whether somebody has waited for a proof since this was last asked."""
        is_wanted, self._is_wanted = self._is_wanted, False
        return is_wanted
