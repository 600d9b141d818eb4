"""Who asked Asterisk's SIP side for something and was not let in, counted as it is told over AMI.

Rule 1: an address of theirs goes nowhere from here, and a name only to be looked for among the phones that we
    know: whoever knocks chooses it. The ban list reads Asterisk's own security log.
"""

from collections.abc import Callable
from typing import Any, Final

from callctl import metrics
from callctl.metrics import Turned

_WHY: Final = {
    "ChallengeResponseFailed": Turned.SECRET,
    "InvalidPassword": Turned.SECRET,
    "InvalidAccountID": Turned.UNKNOWN,
    "FailedACL": Turned.ADDRESS,
}
EVENTS: Final = tuple(_WHY)


def count(wrong_secret: Callable[[str], None], _manager: object, event: Any) -> None:
    if event["Service"] != "PJSIP":
        return
    why = _WHY[event["Event"]]
    metrics.TURNED_AWAY[why].inc()
    if why is Turned.SECRET:
        wrong_secret(event["AccountID"])
