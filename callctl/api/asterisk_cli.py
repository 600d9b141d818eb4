"""Rows for the Asterisk CLI: `callctl balance 74951234567` typed at its prompt.

Rule 1: a missing account is a row that says so; silence would look the same as a service that is down.
"""

from urllib.parse import quote

from callctl.complaint import Complaint
from callctl.storage.books import Books
from rating.money import show_roubles

# Asterisk cuts what it prints at a kilobyte.
HELP = """callctl balance NUMBER    balance, held and available money of whoever has the number
callctl balance ACCOUNT   the same by account
callctl help              this text
More is said by `callctl --help` in a shell.
"""


def balance_row(books: Books, asked: str, month: str) -> str:
    try:
        account = books.account_of(asked)
    except Complaint:
        return _row({"number": asked, "error": "no such number or account"})
    return _row(
        {
            "number": asked,
            "account": account.account_id,
            "plan": f"{account.profile}/{account.plan}",
            "balance": show_roubles(account.balance),
            "held": show_roubles(account.held),
            "available": show_roubles(account.available_in(month)),
            "currency": "RUB",
        }
    )


def _row(columns: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in columns.items())
