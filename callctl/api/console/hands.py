"""The words that act: end a call, take a payment, stop and serve an account."""

from collections.abc import Callable

from pydantic import TypeAdapter, ValidationError

from callctl.api.console.screen import Screen, form
from callctl.api.console.words import Word
from callctl.api.words import Reference
from callctl.complaint import Complaint
from callctl.settings import faults_of
from callctl.storage.books import Books
from callctl.storage.postings import Postings
from callctl.storage.tokens import Right
from rating.ledger import Account
from rating.money import parse_roubles, show_roubles
from rating.standing import Standing

REFERENCE: TypeAdapter[str] = TypeAdapter(Reference)


class Hands:
    def __init__(self, books: Books, postings: Postings, release: Callable[[str], None]) -> None:
        self._books = books
        self._postings = postings
        self._release = release

    def words(self) -> list[Word]:
        return [
            Word("hangup CALL", "end a call; it is billed to this moment", self.hangup, Right.OPERATE),
            Word("topup ACCOUNT RUB REFERENCE", "take a payment, once by reference", self.topup, Right.MONEY),
            Word("block ACCOUNT", "all but emergency calls is off", self.block, Right.MONEY),
            Word("unblock ACCOUNT", "it is served again", self.unblock, Right.MONEY),
        ]

    async def hangup(self, call_id: str) -> Screen:
        self._release(call_id)
        return form({"call": call_id, "done": "it is being released"})

    async def topup(self, account_id: str, roubles: str, reference: str) -> Screen:
        amount = parse_roubles(roubles)
        if not amount:
            raise Complaint(f"{roubles!r} is no payment in roubles: give it as 12 or 12.34")
        try:
            REFERENCE.validate_python(reference)
        except ValidationError as error:
            raise Complaint(f"reference {reference!r}: {'; '.join(faults_of(error))}") from error
        is_new = await self._postings.pay(account_id, amount, reference)
        done = f"{show_roubles(amount)} RUB taken" if is_new else "was there already, nothing changed"
        return _shown(self._books.account(account_id), f"payment {reference}: {done}")

    async def block(self, account_id: str) -> Screen:
        return await self._set(account_id, Standing.SUSPENDED_FULL, "new calls are refused")

    async def unblock(self, account_id: str) -> Screen:
        return await self._set(account_id, Standing.ACTIVE, "new calls are served")

    async def _set(self, account_id: str, standing: Standing, done: str) -> Screen:
        if self._books.account(account_id).standing is Standing.TERMINATED:
            raise Complaint(f"account {account_id!r} has ended: say so in a shell: `callctl account set`")
        return _shown(await self._books.set_terms(account_id, {}, standing=standing), done)


def _shown(account: Account, done: str) -> Screen:
    return form(
        {
            "account": account.account_id,
            "done": done,
            "standing": account.standing.value,
            "balance": show_roubles(account.balance),
            "currency": "RUB",
        }
    )
