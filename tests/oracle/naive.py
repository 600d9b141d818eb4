"""Prepaid rating as the operators' rules say it, a second at a time: what the product is checked against.

No code is shared with the product.  Time is whole seconds after `World.start`, money whole kopecks.  At one
instant come payments, guaranteed payments, ends, answers, boundaries of units (the older call first, its
incoming leg before its forwarded one) and admissions, in this order.  `run` writes the results into the calls
and accounts given.

Decisions of the product that no rule asks for, followed here: a hold is made by the dearest terms that the
answer may meet, and made anew at the answer only when the terms, the month or the sources are others; what
was admitted keeps its terms when it is sold no more; a call that cannot be held anew ends at its answer, and
costs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from tests.oracle.book import NO_PRICE, Deck, Terms, Version, in_force

PATIENCE_S = 30
MOSCOW = timezone(timedelta(hours=3))  # S-2
INCOMING, FORWARDED = "incoming", "forwarded"
BARRED, STOPPED, NUMBER, MONEY, LONGEST = "barred", "stopped", "number", "money", "longest"
HANG_UP, NO_ANSWER = "hang-up", "no answer"

Month = tuple[int, int]


@dataclass
class Line:
    """A subscriber's number."""

    incoming: bool = False  # 8-800: the called customer pays for the incoming leg too
    limit: int | None = None
    used: dict[Month, int] = field(default_factory=dict)
    action: str = "limit"  # once used up: "limit" refuses what is paid, "stop" refuses everything

    def left(self, month: Month) -> int:
        assert self.limit is not None
        return self.limit - self.used.get(month, 0)

    def is_stopped(self, month: Month) -> bool:
        return self.action == "stop" and self.limit is not None and self.left(month) <= 0


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
    barred: tuple[str, ...] = ()  # destinations, or prefixes of targets

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
    terms: Terms  # until the answer the dearest that it may meet
    month: Month
    admitted: Terms = field(default_factory=Terms)  # in force at the admission
    by_gift: bool = False  # gift seconds may pay for it
    by_pool: bool = False  # when it was held the first time its line had a pool
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

    @property
    def is_endless(self) -> bool:
        """Nothing more is to be bought."""
        return self.terms.next_price == 0 and self.secured != []

    def boundary(self, answered_at: int) -> int:
        """When the unit after those secured would start."""
        terms = self.terms
        if not self.secured:
            return answered_at
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
    hang_up_s: int | None = None  # after the answer, or when nobody answers after the arrival; None: never
    state: str = "to come"  # "ringing", "talking"; "refused", "unanswered", "settled"
    why: str = ""  # refused or unanswered
    legs: list[Leg] = field(default_factory=list)  # incoming before forwarded
    name: str = ""
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
    grants: list[tuple[int, str, str, int]] = field(default_factory=list)  # the same with a line: ISS-5.8

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
    yield from (second for second, _, _ in world.payments)
    yield from (second for second, _, _, _ in world.grants)
    for call in world.calls:
        if call.state == "to come":
            yield call.at
        elif call.state == "ringing":
            yield _gives_up_at(call)
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
    for second, name, kopecks in world.payments:
        if second == now:
            world.accounts[name].balance += kopecks
    for second, name, line, kopecks in world.grants:
        if second == now:
            account, key = world.accounts[name], (line, world.month(now))
            account.balance -= kopecks
            account.pools[key] = account.pools.get(key, 0) + kopecks
    _ends(world, now)
    _answers(world, now)
    for call in world.calls:
        if call.state == "talking":
            _boundaries(world, call, now)
    for call in world.calls:
        if call.state == "to come" and call.at == now:
            _admit(world, call, every_second)
    _answers(world, now)  # of those just admitted


def _gives_up_at(call: Call) -> int:
    """The caller may lose patience before the service does."""
    patience = PATIENCE_S
    if call.ring_s is None and call.hang_up_s is not None:
        patience = min(patience, call.hang_up_s)
    return call.at + patience


def _ends(world: World, now: int) -> None:
    for call in world.calls:
        if call.state == "ringing" and now == _gives_up_at(call):
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
        leg = Leg(kind, Terms(), world.month(call.at))
        call.legs.append(leg)
        refusal = _refusal(world, call, leg, every_second)
        if refusal:
            _give_up(call, call.at, refusal)
            leg.state, leg.why = "refused", refusal
            if leg is call.legs[0]:
                call.state = "refused"
            return


def _refusal(world: World, call: Call, leg: Leg, every_second: bool) -> str:
    """Why the leg may not begin; whether service is stopped is asked before the price."""
    account = world.accounts[call.account]
    if account.lines[call.line].is_stopped(leg.month):
        return NUMBER
    is_stopped = account.is_stopped(leg.month)
    if is_stopped and account.stops == "everything":
        return STOPPED
    terms = world.terms(call.account, leg.kind, call.caller, call.target, call.at)
    if isinstance(terms, str):
        return terms
    if leg.kind == FORWARDED:
        for bar in account.barred:
            if bar == terms.name or call.target.startswith(bar):
                return BARRED
    if is_stopped and not terms.is_free:
        return STOPPED
    leg.admitted = terms
    leg.terms = _dearest(world, call, leg.kind, terms, every_second)
    leg.by_gift, leg.by_pool = terms.is_gift, (call.line, leg.month) in account.pools
    return _secure(world, call, leg)


def _dearest(world: World, call: Call, kind: str, found: Terms, every_second: bool) -> Terms:
    """The terms by which the first hold is made, of all that the answer may meet."""
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
    """S-6: the terms and the pools are now those of the answer."""
    call.state, call.answered_at = "talking", now
    month = world.month(now)
    by_pool = (call.line, month) in world.accounts[call.account].pools
    for leg in call.legs:
        leg.state = "talking"
        terms = world.terms(call.account, leg.kind, call.caller, call.target, now)
        if isinstance(terms, str):
            terms = leg.admitted
        known = (terms, month, terms.is_gift, by_pool)
        if known != (leg.terms, leg.month, leg.by_gift, leg.by_pool):
            _give_back(leg)
            leg.terms, leg.month, leg.by_gift, leg.by_pool = known
            _secure(world, call, leg)  # what is refused is asked for once more at the boundary, which is now


def _boundaries(world: World, call: Call, now: int) -> None:
    for leg in call.legs:
        if leg.terms.longest_s is not None and now == call.answered_at + leg.terms.longest_s:
            call.cut_by = leg.kind
            _settle(world, call, now, LONGEST)
            return
    for leg in call.legs:
        if not leg.is_endless and now == leg.boundary(call.answered_at):
            refusal = _secure(world, call, leg)
            if refusal:
                call.cut_by = leg.kind
                _settle(world, call, now, refusal)
                return


def _secure(world: World, call: Call, leg: Leg) -> str:
    """Hold what the next unit of the leg costs; or hold nothing and say why."""
    account = world.accounts[call.account]
    line, setup = account.lines[call.line], leg.terms.setup
    why = MONEY
    if setup and not leg.secured and line.limit is not None:  # asked for before the unit
        no_room = setup > line.left(leg.month) - _held_on_line(world, call, leg.month)
        if no_room and _pay(
            world, call, leg, setup, [source for source in account.order if source != "bundle"]
        ):
            return NUMBER
    for gift_s, need, sources in _ways_to_pay(world, call, leg):
        paid = _pay(world, call, leg, need, sources)
        if paid is None:
            continue
        if (
            need > 0
            and line.limit is not None
            and need > line.left(leg.month) - _held_on_line(world, call, leg.month)
        ):
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
    is_stopped = account.is_stopped(leg.month) or account.lines[call.line].is_stopped(leg.month)
    is_given = leg.by_gift and price > 0 and not is_stopped
    if is_given and length <= gift_left:  # the whole unit or none of it
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


def _held_on_line(world: World, call: Call, month: Month) -> int:
    live = _live(world, call.account)
    return sum(
        leg.held.pool + leg.held.money for other, leg in live if (other.line, leg.month) == (call.line, month)
    )


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
    is_cut_at_the_answer = call.cut and now == call.answered_at
    for leg in call.legs:
        leg.state = "settled"
        leg.seconds = 0 if is_cut_at_the_answer else max(1, now - call.answered_at)
        leg.units = rated_units(leg.terms, leg.seconds) if leg.seconds else 0
        if not leg.is_endless:
            leg.units = min(leg.units, len(leg.secured))
        leg.gift_s, leg.pool, leg.money = total_of(leg.secured[: leg.units])
        leg.charge = leg.pool + leg.money
        account.balance -= leg.money
        used = account.lines[call.line].used
        used[leg.month] = used.get(leg.month, 0) + leg.charge
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
