"""Prepaid rating as the operators' rules say it, a second at a time: what the product is checked against.

No code is shared with the product.  Time is whole seconds after `World.start`, money whole kopecks.  At one
instant come payments, ends, answers, boundaries of units (the older call first, its incoming leg before its
forwarded one) and admissions, in this order.  `run` writes the results into the calls and accounts given.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from tests.oracle.book import NO_PRICE, Deck, Terms, Version, in_force

PATIENCE_S = 30
MOSCOW = timezone(timedelta(hours=3))  # S-2
INCOMING, FORWARDED = "incoming", "forwarded"
STOPPED, NUMBER, MONEY, LONGEST = "stopped", "number", "money", "longest"
HANG_UP, NO_ANSWER = "hang-up", "no answer"

Month = tuple[int, int]


@dataclass
class Line:
    """A subscriber's number."""

    incoming: bool = False  # 8-800: the called customer pays for the incoming leg too
    limit: int | None = None
    used: int = 0
    action: str = "limit"  # once used up: "limit" refuses what is paid, "stop" refuses everything


@dataclass
class Account:
    balance: int
    versions: list[Version]
    lines: dict[str, Line]
    credit: int = 0
    threshold: int = 0
    gifts: dict[Month, int] = field(default_factory=dict)  # seconds left
    pools: dict[tuple[str, Month], int] = field(default_factory=dict)  # guaranteed money left, by line
    order: tuple[str, ...] = ("bundle", "pool", "money")
    stops_at: str = "at"  # "at": level <= 0 stops, "below": level < 0 stops
    stops: str = "everything"  # or "paid": free calls go on, gift minutes do not

    @property
    def floor(self) -> int:
        return self.threshold - self.credit

    def pools_of(self, month: Month) -> int:
        return sum(left for (_, of), left in self.pools.items() if of == month)

    def is_stopped(self, month: Month) -> bool:
        level = self.balance + self.pools_of(month) - self.floor
        return level < 0 or (level == 0 and self.stops_at == "at")


class Unit(NamedTuple):
    """What one unit (the first with its setup fee) is paid with."""

    gift_s: int = 0
    pool: int = 0
    money: int = 0


def total_of(units: list[Unit]) -> Unit:
    return Unit(
        sum(unit.gift_s for unit in units),
        sum(unit.pool for unit in units),
        sum(unit.money for unit in units),
    )


@dataclass
class Leg:
    """One connection of a call (S-7), and after `run` its bill."""

    kind: str
    terms: Terms
    month: Month
    secured: list[Unit] = field(default_factory=list)
    held: Unit = field(default_factory=Unit)  # the total of what is secured
    state: str = "ringing"  # then "talking"; "refused", "unanswered", "settled" are for ever
    why: str = ""  # refused
    seconds: int = 0
    units: int = 0
    gift_s: int = 0
    pool: int = 0
    money: int = 0
    charge: int = 0

    def boundary(self, answered_at: int) -> int:
        """When the unit after those secured would start."""
        terms = self.terms
        later = len(self.secured) - 1
        return answered_at + terms.not_rated_s + terms.first_s + later * terms.next_s


@dataclass
class Call:
    account: str
    at: int
    line: str  # the number dialled
    caller: str
    target: str
    ring_s: int | None  # until the answer; None: nobody answers
    hang_up_s: int | None = None  # after the answer; None: never
    state: str = "to come"  # "ringing", "talking"; "refused", "unanswered", "settled"
    why: str = ""  # refused or unanswered
    legs: list[Leg] = field(default_factory=list)  # incoming before forwarded
    answered_at: int = -1  # not yet
    ended_at: int = -1
    ended_by: str = ""
    cut_by: str = ""  # the kind of the leg that ended it before the parties did

    @property
    def cut(self) -> bool:
        return self.cut_by != ""

    @property
    def charge(self) -> int:
        return sum(leg.charge for leg in self.legs)


@dataclass
class World:
    start: datetime
    accounts: dict[str, Account]
    calls: list[Call]
    payments: list[tuple[int, str, int]] = field(default_factory=list)  # second, account, kopecks

    def moscow(self, second: int) -> datetime:
        return self.start.astimezone(MOSCOW) + timedelta(seconds=second)

    def month(self, second: int) -> Month:
        moment = self.moscow(second)
        return moment.year, moment.month

    def terms(self, account: str, kind: str, caller: str, target: str, second: int) -> Terms | str:
        """The terms in force, or why there are none."""
        version = in_force(self.accounts[account].versions, second)
        if version is None:
            return NO_PRICE
        deck: Deck | None = version.incoming if kind == INCOMING else version.forwarded
        number = caller if kind == INCOMING else target
        return deck.terms(number, self.moscow(second)) if deck else NO_PRICE


def run(world: World, seconds: int, *, step_every_second: bool = False) -> None:
    """Play the seconds 0 to `seconds` - 1; the other mode visits only those in which something may happen."""
    world.calls.sort(key=lambda call: call.at)  # stable: of two at one second the first given is older
    now: int | None = 0
    while now is not None and now < seconds:
        _instant(world, now, step_every_second)
        if step_every_second:
            now += 1
        else:
            now = min((second for second in _interesting(world) if second > now), default=None)


def _interesting(world: World) -> Iterator[int]:
    for second, _, _ in world.payments:
        yield second
    for call in world.calls:
        if call.state == "to come":
            yield call.at
        elif call.state == "ringing":
            yield call.at + PATIENCE_S
            if call.ring_s is not None:
                yield call.at + call.ring_s
        elif call.state == "talking":
            if call.hang_up_s is not None:
                yield call.answered_at + call.hang_up_s
            for leg in call.legs:
                yield leg.boundary(call.answered_at)
                if leg.terms.longest_s is not None:
                    yield call.answered_at + leg.terms.longest_s


def _instant(world: World, now: int, every_second: bool) -> None:
    for second, account, kopecks in world.payments:
        if second == now:
            world.accounts[account].balance += kopecks
    _ends(world, now)
    _answers(world, now)
    for call in world.calls:
        if call.state == "talking":
            _boundaries(world, call, now)
    for call in world.calls:
        if call.state == "to come" and call.at == now:
            _admit(world, call, every_second)
    _answers(world, now)  # of those just admitted


def _ends(world: World, now: int) -> None:
    for call in world.calls:
        if call.state == "ringing" and now == call.at + PATIENCE_S:
            _give_up(call, now, NO_ANSWER)
        elif (
            call.state == "talking"
            and call.hang_up_s is not None
            and now == call.answered_at + call.hang_up_s
        ):
            _settle(world, call, now, HANG_UP)


def _answers(world: World, now: int) -> None:
    for call in world.calls:
        if call.state == "ringing" and call.ring_s is not None and now == call.at + call.ring_s:
            _answer(world, call, now)
    _ends(world, now)  # answered and ended in the same second


def _admit(world: World, call: Call, every_second: bool) -> None:
    call.state = "ringing"
    kinds = [INCOMING, FORWARDED] if world.accounts[call.account].lines[call.line].incoming else [FORWARDED]
    for kind in kinds:
        terms = _dearest(world, call, kind, every_second)
        leg = Leg(kind, terms if isinstance(terms, Terms) else Terms(), world.month(call.at))
        call.legs.append(leg)
        refusal = terms if isinstance(terms, str) else _secure(world, call, leg)
        if refusal:
            _give_up(call, call.at, refusal)
            leg.state, leg.why = "refused", refusal
            if leg is call.legs[0]:
                call.state = "refused"
            return


def _dearest(world: World, call: Call, kind: str, every_second: bool) -> Terms | str:
    """The terms by which the first hold is made: those in force at the admission must exist."""
    found = world.terms(call.account, kind, call.caller, call.target, call.at)
    if isinstance(found, str):
        return found
    for second in range(call.at + 1, call.at + PATIENCE_S + 1):
        if every_second or _may_change_price(world, call.account, second):
            terms = world.terms(call.account, kind, call.caller, call.target, second)
            if isinstance(terms, Terms) and terms.first_price + terms.setup > found.first_price + found.setup:
                found = terms
    return found


def _may_change_price(world: World, account: str, second: int) -> bool:
    """Bands begin and end with minutes, versions at their own second."""
    starts = any(version.from_second == second for version in world.accounts[account].versions)
    return starts or (world.start.second + second) % 60 == 0


def _answer(world: World, call: Call, now: int) -> None:
    """S-6: the terms and the pools are now those of the answer, and the first unit is held anew by them."""
    call.state, call.answered_at = "talking", now
    for leg in call.legs:
        leg.state = "talking"
    for leg in call.legs:
        _give_back(leg)
        leg.month = world.month(now)
        terms = world.terms(call.account, leg.kind, call.caller, call.target, now)
        if isinstance(terms, Terms):
            leg.terms = terms
        refusal = terms if isinstance(terms, str) else _secure(world, call, leg)
        if refusal:
            for other in call.legs:
                _give_back(other)
            call.cut_by = leg.kind
            _settle(world, call, now, refusal)
            return


def _boundaries(world: World, call: Call, now: int) -> None:
    for leg in call.legs:
        if leg.terms.longest_s is not None and now == call.answered_at + leg.terms.longest_s:
            call.cut_by = leg.kind
            _settle(world, call, now, LONGEST)
            return
    for leg in call.legs:
        if now == leg.boundary(call.answered_at):
            refusal = _secure(world, call, leg)
            if refusal:
                call.cut_by = leg.kind
                _settle(world, call, now, refusal)
                return


def _secure(world: World, call: Call, leg: Leg) -> str:
    """Hold what the next unit of the leg costs; or hold nothing and say why."""
    account = world.accounts[call.account]
    line = account.lines[call.line]
    used_up = line.limit is not None and line.used >= line.limit
    if account.is_stopped(leg.month) and (account.stops == "everything" or not leg.terms.is_free):
        return STOPPED
    if used_up and line.action == "stop":
        return NUMBER
    if leg.terms.is_free:
        leg.secured.append(Unit())
        return ""
    why = MONEY
    for gift_s, need, sources in _ways_to_pay(world, call, leg):
        paid = _pay(world, call, leg, need, sources)
        if paid is None:
            continue
        if line.limit is not None and need > line.limit - line.used - _held_on_line(world, call):
            why = NUMBER
            continue
        leg.secured.append(Unit(gift_s, *paid))
        leg.held = total_of([leg.held, leg.secured[-1]])
        return ""
    return why


def _ways_to_pay(world: World, call: Call, leg: Leg) -> Iterator[tuple[int, int, list[str]]]:
    """Gift seconds, kopecks, and the sources of the kopecks in the order they are drawn on."""
    terms = leg.terms
    account = world.accounts[call.account]
    if not leg.secured:
        length, price, setup = terms.first_s, terms.first_price, terms.setup
    else:
        length, price, setup = terms.next_s, terms.next_price, 0
    gift_left = account.gifts.get(leg.month, 0) - _held_gift(world, call.account, leg.month)
    money_sources = [source for source in account.order if source != "bundle"]
    if terms.is_gift and price > 0 and length <= gift_left:  # the whole unit or none of it
        before_the_gift = list(account.order[: account.order.index("bundle")])
        if before_the_gift:
            yield 0, price + setup, before_the_gift
        yield length, setup, money_sources
    yield 0, price + setup, money_sources


def _pay(world: World, call: Call, leg: Leg, need: int, sources: list[str]) -> tuple[int, int] | None:
    """The parts of the line's pool and of the money; None: they do not suffice (S-8, ISS-5.8)."""
    if need == 0:
        return 0, 0
    account = world.accounts[call.account]
    held_money = sum(other.held.money for _, other in _live(world, call.account))
    free_money = account.balance - held_money - account.floor
    held_pools = dict.fromkeys(account.lines, 0)
    for other_call, other in _live(world, call.account):
        if other.month == leg.month:
            held_pools[other_call.line] += other.held.pool
    free_pool = account.pools.get((call.line, leg.month), 0) - held_pools[call.line]
    total = free_money + account.pools_of(leg.month) - sum(held_pools.values())
    own = 0
    if "pool" in sources:
        own += free_pool
    if "money" in sources:
        own += max(0, free_money)
    if need > min(total, own):
        return None
    by_money_first = min(max(0, free_money), need)
    pool = min(free_pool, need) if sources[0] == "pool" else need - by_money_first
    return pool, need - pool


def _live(world: World, account: str) -> Iterator[tuple[Call, Leg]]:
    for call in world.calls:
        if call.account == account and call.state in ("ringing", "talking"):
            for leg in call.legs:
                yield call, leg


def _held_gift(world: World, account: str, month: Month) -> int:
    return sum(leg.held.gift_s for _, leg in _live(world, account) if leg.month == month)


def _held_on_line(world: World, call: Call) -> int:
    live = _live(world, call.account)
    return sum(leg.held.pool + leg.held.money for other, leg in live if other.line == call.line)


def _give_back(leg: Leg) -> None:
    leg.secured, leg.held = [], Unit()


def _give_up(call: Call, now: int, why: str) -> None:
    call.state, call.why, call.ended_at, call.ended_by = "unanswered", why, now, why
    for leg in call.legs:
        _give_back(leg)
        leg.state = "unanswered"


def _settle(world: World, call: Call, now: int, ended_by: str) -> None:
    account = world.accounts[call.account]
    call.state, call.ended_at, call.ended_by = "settled", now, ended_by
    for leg in call.legs:
        leg.state = "settled"
        leg.seconds = max(1, now - call.answered_at)
        leg.units = min(rated_units(leg.terms, leg.seconds), len(leg.secured))
        leg.gift_s, leg.pool, leg.money = total_of(leg.secured[: leg.units])
        leg.charge = leg.pool + leg.money
        account.balance -= leg.money
        account.lines[call.line].used += leg.charge
        if leg.pool:
            account.pools[call.line, leg.month] -= leg.pool
        if leg.gift_s:
            account.gifts[leg.month] -= leg.gift_s
        _give_back(leg)


def rated_units(terms: Terms, seconds: int) -> int:
    """S-4 and S-5."""
    if not terms.offset and seconds < terms.threshold_s:
        return 0
    left = seconds - terms.not_rated_s
    units = 0
    while left > 0:
        left -= terms.first_s if units == 0 else terms.next_s
        units += 1
    return units
