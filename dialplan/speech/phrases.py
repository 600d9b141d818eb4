"""Everything the service itself says that is not counted, by name.

Rule 1: a name says when the phrase is said, never its words: those are data, in `ru.toml` and `en.toml`.
Rule 2: what a subscriber's callers hear never tells how the subscriber's account stands.
"""

from enum import StrEnum


class Phrase(StrEnum):
    GOODBYE = "goodbye"
    TRY_AGAIN = "try-again"
    CALL_LATER = "call-later"

    MENU_WRONG_CHOICE = "menu/wrong-choice"
    MENU_NO_CHOICE = "menu/no-choice"
    MENU_NO_EXTENSION = "menu/no-extension"

    QUEUE_ALL_BUSY = "queue/all-busy"
    QUEUE_NEXT = "queue/next"
    QUEUE_STAY = "queue/stay"
    QUEUE_THANKS = "queue/thanks"
    QUEUE_FULL = "queue/full"
    QUEUE_NOBODY = "queue/nobody"
    QUEUE_STILL_BUSY = "queue/still-busy"

    CALL_BACK_BOOKED = "call-back/booked"
    CALL_BACK_NO_NUMBER = "call-back/no-number"
    CALL_BACK_CONNECTING = "call-back/connecting"

    VOICEMAIL_LEAVE_MESSAGE = "voicemail/leave-message"
    VOICEMAIL_SAVED = "voicemail/saved"
    VOICEMAIL_NOTHING = "voicemail/nothing-recorded"
    VOICEMAIL_TIME_IS_UP = "voicemail/time-is-up"
    VOICEMAIL_FULL = "voicemail/full"

    MONEY_RUNNING_OUT = "money/running-out"
    MONEY_GONE = "money/gone"
    MONEY_NOT_ENOUGH = "money/not-enough"
    MONEY_PAY = "money/pay"

    REFUSED_NOT_IN_SERVICE = "refused/not-in-service"
    REFUSED_WRONG_NUMBER = "refused/wrong-number"
    REFUSED_BARRED = "refused/barred"
    REFUSED_LIMIT = "refused/limit"
    REFUSED_UNAVAILABLE = "refused/unavailable"
    REFUSED_BUSY = "refused/busy"
    REFUSED_NO_ANSWER = "refused/no-answer"
    REFUSED_TROUBLE = "refused/trouble"
    REFUSED_CLOSED = "refused/closed"

    RECORD_NOTICE = "record/notice"

    TRANSFER_ENTER_NUMBER = "transfer/enter-number"
    TRANSFER_CONNECTING = "transfer/connecting"
    TRANSFER_NOBODY = "transfer/nobody"
    PICK_UP_NOTHING = "pick-up/nothing"
    DO_NOT_DISTURB_ON = "do-not-disturb/on"
    DO_NOT_DISTURB_OFF = "do-not-disturb/off"


class Offer(StrEnum):
    """What ends with the key to press."""

    ACCEPT = "accept"
    REPEAT = "menu/repeat"
    CALL_BACK = "call-back/offer"
    LEAVE_QUEUE = "queue/leave"
    END_MESSAGE = "voicemail/end"
