"""Who asked Asterisk's SIP side for something and was not let in, counted as it is told over AMI.

Rule 1: a name or an address of theirs goes nowhere from here: whoever knocks chooses it. The ban list reads
    Asterisk's own security log.
"""

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


def count(_manager: object, event: Any) -> None:
    if event["Service"] == "PJSIP":
        metrics.TURNED_AWAY[_WHY[event["Event"]]].inc()
