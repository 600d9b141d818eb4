"""What people type, taken for what it is or refused with a word on how to write it.

Rule 1: nothing that is refused here has been asked of the service, so it changed nothing.
"""

import re
from argparse import ArgumentTypeError
from pathlib import Path

from callctl.calls.money.late import SECONDS_MAX
from callctl.complaint import Complaint
from callctl.settings import Address, read_address
from callctl.times import read_moment, read_month
from dialplan.numbers import EMERGENCY, normal_number
from rating.money import MONEY_MAX, Money, parse_roubles, show_roubles

_SECONDS = re.compile(r"[0-9]{1,7}")


def roubles_argument(text: str) -> Money:
    amount = parse_roubles(text)
    if amount is None:
        most = show_roubles(MONEY_MAX)
        raise ArgumentTypeError(f"{text!r} is not an amount in roubles: write 12 or 12.34, at most {most}")
    return amount


def payment_argument(text: str) -> Money:
    amount = roubles_argument(text)
    if not amount:
        raise ArgumentTypeError("a payment is more than 0")
    return amount


def change_argument(text: str) -> Money:
    amount = roubles_argument(text[1:] if text[:1] in ("+", "-") else text)
    if not amount:
        raise ArgumentTypeError("a correction is more or less than 0")
    return Money(-amount) if text.startswith("-") else amount


def own_argument(text: str) -> Money | str:
    """`plan`: as the plan has it."""
    return text if text == "plan" else roubles_argument(text)


def limit_argument(text: str) -> Money | str:
    return text if text == "none" else roubles_argument(text)


def id_argument(text: str) -> str:
    """Of an account, a leg, a payment: what it may look like is the service's to say."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentTypeError(f"{text!r} is not text: write it in UTF-8") from None
    # HTTP takes the dots for steps between folders.
    if text.strip() in ("", ".", ".."):
        raise ArgumentTypeError(f"{text!r} is no id: give one such as anna")
    return text


def phone_argument(text: str) -> str:
    number = normal_number(text)
    if number is None or number in EMERGENCY:
        raise ArgumentTypeError(f"{text!r} is not a telephone number: give it as 74951234567")
    return number


def seconds_argument(text: str) -> int:
    if not _SECONDS.fullmatch(text) or not 0 < int(text) <= SECONDS_MAX:
        raise ArgumentTypeError(f"{text!r} is no length: give 1 to {SECONDS_MAX} s")
    return int(text)


def moment_argument(text: str) -> str:
    """As it was typed."""
    try:
        read_moment(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no time: {error}") from None
    return text


def month_argument(text: str) -> str:
    try:
        return read_month(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no month: {error}") from None


def address_argument(text: str) -> Address:
    try:
        return read_address(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no address: give HOST:PORT, such as 127.0.0.1:8080") from None


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}: name a file that can be read") from error
    except UnicodeDecodeError as error:
        raise Complaint(f"{path}: not UTF-8 text (byte {error.start}): save it as UTF-8") from error
