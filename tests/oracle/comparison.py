"""A scenario played by the product and by the oracle, side by side.

Rule 1: both know the words of a scenario, and nothing else of each other; prices each reads by itself.
Rule 2: the oracle knows no guards, so here they are off; a list of its own is held against them in
    `tests/laws/test_guards.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callctl.calls.legs import call_id_of, leg_id_of
from callctl.calls.records import EndedBy, LegHeld, LegRefused, LegSettled
from callctl.simulate.night import Night
from callctl.simulate.scenario import Scenario
from callctl.simulate.told import ANONYMOUS, AccountTold, CallTold
from dialplan.numbers import EMERGENCY
from rating.guards import NO_GUARDS
from rating.ledger import Account as ProductAccount
from rating.pots import BALANCE, is_gift, month_of_pot
from rating.profile import Tariffs
from rating.refusal import Refusal
from tests.oracle.book import NO_PRICE, NOT_SOLD
from tests.oracle.naive import (
    BARRED,
    INCOMING,
    LONGEST,
    MONEY,
    NUMBER,
    STOPPED,
    Account,
    Call,
    Leg,
    Line,
    Month,
    World,
    run,
)
from tests.oracle.reading import Plan

Plans = Mapping[str, Plan]
Story = dict[str, object]  # what became of each connection, and what is left, in words that both sides have
HORIZON_S = 400 * 86_400
WHY = {
    Refusal.NO_PRICE: NO_PRICE,
    Refusal.NO_PLAN: NO_PRICE,
    Refusal.NOT_SOLD: NOT_SOLD,
    Refusal.BARRED: BARRED,
    Refusal.STOPPED: STOPPED,
    Refusal.NUMBER_LIMIT: NUMBER,
    Refusal.NOT_ENOUGH: MONEY,
}
CUTS = {EndedBy.BALANCE: MONEY, EndedBy.LIMIT: NUMBER, EndedBy.LONGEST: LONGEST}


@dataclass(frozen=True)
class Difference:
    what: str
    product: object
    oracle: object


def differences(scenario: Scenario, tariffs: Tariffs, plans: Plans) -> list[Difference]:
    return differing(*stories(scenario, tariffs, plans))


def differing(product: Story, oracle: Story) -> list[Difference]:
    return [
        Difference(what, product.get(what), oracle.get(what))
        for what in sorted({*product, *oracle})
        if product.get(what) != oracle.get(what)
    ]


def stories(scenario: Scenario, tariffs: Tariffs, plans: Plans) -> tuple[Story, Story]:
    """The product's and the oracle's."""
    night = Night(scenario, unguarded(tariffs))
    night.run()
    world = world_of(scenario, plans)
    run(world, HORIZON_S)
    granted = {told.id: plans[told.plan].edition(scenario.start).gift_s for told in scenario.accounts}
    return _night_story(night, scenario.start_ms), _world_story(world, granted)


def unguarded(tariffs: Tariffs) -> Tariffs:
    profiles = tariffs.profiles.items()
    return Tariffs({name: replace(profile, guards=NO_GUARDS) for name, profile in profiles})


def world_of(scenario: Scenario, plans: Plans) -> World:
    """Moments are whole seconds here."""
    world = World(scenario.start, {}, [])
    targets = {number.number: number.forward_to or "" for number in scenario.numbers}
    owners = {number.number: number.account for number in scenario.numbers}
    for told in scenario.accounts:
        lines = [number for number, owner in owners.items() if owner == told.id]
        world.accounts[told.id] = _account(told, plans[told.plan], lines, world)
    world.calls = [
        _call(told, f"sim-{place}", owners[told.to], targets[told.to])
        for place, told in enumerate(scenario.calls, 1)
        if told.to not in EMERGENCY
    ]
    world.payments = [(one.at // 1000, one.account, one.amount) for one in scenario.payments]
    world.payments += [(one.at // 1000, one.account, one.amount) for one in scenario.corrections]
    world.payments += [(one.at // 1000, one.account, -one.amount) for one in scenario.refunds]
    world.grants = [(one.at // 1000, one.account, one.number, one.amount) for one in scenario.guarantees]
    return world


def _call(told: CallTold, name: str, account: str, target: str) -> Call:
    caller = "" if told.caller == ANONYMOUS else told.caller.removeprefix("+")
    ring_s = told.answer // 1000 if isinstance(told.answer, int) else None
    hang_up_s = told.hang_up // 1000 if isinstance(told.hang_up, int) else None
    if told.answer in ("busy", "unreachable"):
        hang_up_s = 0  # over at once, as if the caller had left
    return Call(account, told.at // 1000, told.to, caller, target, ring_s, hang_up_s, name=name)


def _account(told: AccountTold, plan: Plan, lines: Sequence[str], world: World) -> Account:
    funds, edition, month = plan.funds, plan.edition(world.start), world.month(0)
    account = Account(
        balance=told.balance,
        versions=plan.versions(world.start),
        lines={line: Line(line.startswith(edition.incoming_numbers)) for line in lines},
        credit=funds["credit_kopecks"] if told.credit is None else told.credit,
        threshold=funds["threshold_kopecks"] if told.threshold is None else told.threshold,
        order=tuple(funds["draws"]),
        stops_at="at" if funds["stops_at_level"] else "below",
        stops=told.stops.value if told.stops else funds["stops"],
        barred=tuple(told.barred),
    )
    following = (month[0] + month[1] // 12, month[1] % 12 + 1)
    account.gifts = {month: edition.gift_s - told.gift_used * 60, following: edition.gift_s}
    for limit in told.limits:
        line = account.lines[limit.number]
        line.limit, line.used, line.action = limit.most, {month: limit.spent}, limit.kind.value
    for paid in told.paid:
        account.pools[paid.number, _month(paid.month) if paid.month else month] = paid.amount
    return account


def _night_story(night: Night, start_ms: int) -> Story:
    story: Story = {"left over": (len(night.switchboard.live()), night.ledger.holds_open)}
    emergency = {
        record.connection.leg_id
        for record in night.records
        if isinstance(record, LegHeld) and not record.rate
    }
    for record in night.records:
        if isinstance(record, LegRefused):
            story[f"{record.connection.call_id} refused"] = WHY[record.refusal]
        elif isinstance(record, LegSettled) and record.leg_id not in emergency:
            call_id = call_id_of(record.leg_id)
            way = "in" if record.leg_id == leg_id_of(call_id, 0) else "out"
            story[f"{call_id} {way}"] = _bill(record, start_ms)
    for account in night.ledger.accounts():
        story |= _left(account)
    return story


def _bill(record: LegSettled, start_ms: int) -> Story:
    charge = record.charge
    if charge.lines[0].what == "unanswered":
        return {"unanswered at": (record.ended_at_ms - start_ms) / 1000}
    drawn = {draw.pot: draw.amount for draw in charge.draws}
    money = drawn.get(BALANCE, 0)
    return {
        "ended at": (record.ended_at_ms - start_ms) / 1000,
        "cut": CUTS.get(record.ended_by, ""),
        "seconds": charge.seconds,
        "units": charge.units,
        "charge": charge.amount,
        "gift_s": charge.gift_s,
        "pool": charge.amount - money,
        "money": money,
    }


def _left(account: ProductAccount) -> Story:
    name = account.account_id
    story: Story = {f"balance of {name}": account.balance}
    for pot in account.pots.values():
        if not is_gift(pot.name):
            story[f"{pot.name} of {name}"] = pot.left
        elif pot.moved:
            story[f"gift seconds used by {name} in {month_of_pot(pot.name)}"] = -pot.moved
    for limit in account.limits.values():
        story |= {f"{limit.number} spent in {month}": spent for month, spent in limit.spent.items() if spent}
    return story


def _world_story(world: World, granted: Mapping[str, int]) -> Story:
    story: Story = {"left over": (0, 0)}
    for call in world.calls:
        for leg in call.legs:
            if leg.state == "refused":
                story[f"{call.name} refused"] = leg.why
            else:
                story[f"{call.name} {'in' if leg.kind == INCOMING else 'out'}"] = _played(call, leg)
    for name, account in world.accounts.items():
        story[f"balance of {name}"] = account.balance
        for (line, month), left in account.pools.items():
            story[f"paid/{line}/{_written(month)} of {name}"] = left
        for month, left in account.gifts.items():
            if granted[name] != left:
                story[f"gift seconds used by {name} in {_written(month)}"] = granted[name] - left
        story |= _spent(account)
    return story


def _spent(account: Account) -> Story:
    return {
        f"{number} spent in {_written(month)}": used
        for number, line in account.lines.items()
        for month, used in line.used.items()
        if line.limit is not None and used
    }


def _played(call: Call, leg: Leg) -> Story:
    if leg.state == "unanswered":
        return {"unanswered at": call.ended_at}
    return {
        "ended at": call.ended_at,
        "cut": call.ended_by if call.cut else "",
        "seconds": leg.seconds,
        "units": leg.units,
        "charge": leg.charge,
        "gift_s": leg.gift_s,
        "pool": leg.pool,
        "money": leg.money,
    }


def _month(text: str) -> Month:
    return int(text[:4]), int(text[5:])


def _written(month: Month) -> str:
    return f"{month[0]}-{month[1]:02}"
