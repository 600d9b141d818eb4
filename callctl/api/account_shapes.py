"""How accounts and their money look in answers; see shapes.py."""

from pydantic import Field

from callctl.api.shapes import Shape, Stamp


class OwnTerms(Shape):
    """What is null is as the plan has it."""

    threshold_kopecks: int | None
    credit_kopecks: int | None
    stops: str | None
    low_kopecks: int | None


class GiftShown(Shape):
    name: str
    given_s: int
    left_s: int


class PaidShown(Shape):
    """Money that was paid beforehand for one number and month."""

    number: str
    month: str
    left_kopecks: int


class LimitShown(Shape):
    number: str
    kind: str
    most_kopecks: int
    spent_kopecks: int
    held_kopecks: int


class AccountShown(Shape):
    account_id: str
    profile: str
    plan: str
    standing: str
    balance_kopecks: int
    held_kopecks: int
    available_kopecks: int
    threshold_kopecks: int
    credit_kopecks: int
    stops: str
    own: OwnTerms
    barred: list[str]
    gift: GiftShown | None
    paid: list[PaidShown]
    limits: list[LimitShown]


class AccountPage(Shape):
    items: list[AccountShown]
    next: str | None


class Posted(AccountShown):
    """`is_new` is false when the same line with this reference stands already."""

    is_new: bool


class LatePosted(Posted):
    leg_id: str


class EntryShown(Shape):
    """A line of the ledger; one of gift minutes has `…_s`, one of money paid beforehand `left_kopecks`."""

    reference: str
    kind: str
    pot: str
    at: Stamp
    refers_to: str
    note: str
    amount_kopecks: int | None = None
    balance_kopecks: int | None = None
    left_kopecks: int | None = None
    amount_s: int | None = None
    left_s: int | None = None


class KindTotal(Shape):
    kind: str
    count: int
    amount_kopecks: int


class StatementShown(Shape):
    account_id: str
    begin: Stamp = Field(alias="from")
    end: Stamp = Field(alias="to")
    opening_kopecks: int
    closing_kopecks: int
    totals: list[KindTotal]
    lines: list[EntryShown]
    is_whole: bool


class DiscountShown(Shape):
    reference: str
    amount_kopecks: int
    note: str
    is_posted: bool
