"""May this connection begin? The first unit is held, or there is a named refusal.

Rule 1: an emergency number is outside everything: nothing is looked up, nothing held (S-13).
"""

from callctl.calls.meter import Meter
from dialplan.numbers import EMERGENCY
from rating.ledger import Ledger
from rating.refusal import Refusal
from rating.tariff import Tariff


def admit(
    ledger: Ledger, tariff: Tariff | None, account_id: str, leg_id: str, target: str
) -> Meter | Refusal | None:
    """None: there is nothing to pay."""
    if target in EMERGENCY:
        return None
    if tariff is None:
        return Refusal.NO_PLAN
    rate = tariff.rate_for(target)
    if rate is None:
        return Refusal.NO_PRICE
    return Meter.open(ledger, leg_id, account_id, rate)
