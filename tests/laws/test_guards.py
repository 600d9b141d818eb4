"""Guards against a plain list of all that ever was; what is known after a start against what was before."""

from dataclasses import dataclass, field

from hypothesis import example, given
from hypothesis import strategies as st

from rating.calendar import DAY_MS, MINUTE_MS, begin_of, day_of
from rating.guards import NO_GUARDS, Guards
from rating.money import Money
from rating.refusal import GUARDED, Refusal
from rating.watch import Asked, History, Usage, Watch

BEGIN_MS = begin_of(day_of(1_763_700_000_000)) + 20 * 3_600_000
PRICES = {"near": 100, "far": 2_000, "farther": 6_000}

few = st.none() | st.integers(0, 4)
sums = st.none() | st.integers(0, 20_000).map(Money)
guards = st.builds(
    Guards,
    calls_at_once=few,
    calls_a_minute=few,
    money_an_hour=sums,
    night_price=st.none() | st.sampled_from((0, 100, 2_000)).map(Money),
    night_begin=st.integers(0, 1440),
    night_until=st.integers(0, 1440),
    zone=st.sampled_from((-300, 0, 180, 720)),
    new_after_days=st.integers(1, 3),
    new_price=st.sampled_from((0, 1_000)).map(Money),
    new_calls_a_day=few,
    new_money_a_day=sums,
)
# What happens, and how much later than what was before.
pauses = st.sampled_from((0, 1_000, 20_000, 59_999, MINUTE_MS, 20 * MINUTE_MS, 60 * MINUTE_MS, DAY_MS))
begins = st.tuples(st.just("begin"), pauses, st.sampled_from("abcdef"), st.sampled_from(sorted(PRICES)))
ends = st.tuples(st.just("end"), pauses, st.integers(0, 5), st.sampled_from((0, 30)))
happenings = st.lists(begins | ends, max_size=40)


@dataclass(eq=False)
class Promise:
    hold_id: str
    asked: Asked
    held_ms: int
    amount: Money
    ended_ms: int | None = None
    seconds: int = 0
    charge: int = 0


@dataclass
class Life:
    """`all_`: every connection that was admitted; asked anew each time."""

    guards: Guards
    at_ms: int = BEGIN_MS
    all_: list[Promise] = field(default_factory=list)

    @property
    def open(self) -> list[Promise]:
        return [one for one in self.all_ if one.ended_ms is None]

    @property
    def talks(self) -> list[Promise]:
        return [one for one in self.all_ if one.seconds and one.ended_ms is not None]

    def is_new(self, asked: Asked) -> bool:
        if not self.guards.watches_new or asked.minute_price < self.guards.new_price:
            return False
        today = day_of(self.at_ms).toordinal()
        days = [_day(one) for one in self.talks if one.asked.destination == asked.destination]
        return not any(0 < today - day <= self.guards.new_after_days for day in days)

    def asked_lately(self) -> set[str]:
        return {one.asked.call for one in self.all_ if one.held_ms > self.at_ms - MINUTE_MS}

    def new_calls(self) -> set[str]:
        today = day_of(self.at_ms)
        return {
            one.asked.call for one in self.all_ if day_of(one.held_ms) == today and self.is_new(one.asked)
        }

    def usage(self) -> Usage:
        minute, today = self.at_ms // MINUTE_MS, day_of(self.at_ms).toordinal()
        held = sum(one.amount for one in self.open)
        spent = sum(one.charge for one in self.talks if (one.ended_ms or 0) // MINUTE_MS > minute - 60)
        on_new = sum(one.amount for one in self.open if self.is_new(one.asked))
        of_today = sum(one.charge for one in self.talks if _day(one) == today and self.is_new(one.asked))
        at_once = len({one.asked.call for one in self.open})
        calls = len(self.new_calls())
        return Usage(at_once, len(self.asked_lately()), spent + held, calls, of_today + on_new)

    def refusals(self, asked: Asked, need: int) -> set[Refusal]:
        """All that would be true; which is told is the core's to choose."""
        rules, usage, is_new = self.guards, self.usage(), self.is_new(asked)
        is_running = asked.call in {one.asked.call for one in self.open}
        found = {
            Refusal.NIGHT_PRICE: rules.is_night(self.at_ms) and _over(asked.minute_price, rules.night_price),
            Refusal.CALLS_AT_ONCE: not is_running and _over(usage.calls_at_once + 1, rules.calls_at_once),
            Refusal.CALLS_A_MINUTE: asked.call not in self.asked_lately()
            and _over(usage.calls_a_minute + 1, rules.calls_a_minute),
            Refusal.NEW_CALLS: is_new
            and asked.call not in self.new_calls()
            and _over(usage.new_calls_a_day + 1, rules.new_calls_a_day),
            Refusal.NEW_MONEY: is_new and _over(usage.new_money_a_day + need, rules.new_money_a_day),
            Refusal.MONEY_AN_HOUR: _over(usage.money_an_hour + need, rules.money_an_hour),
        }
        return {refusal for refusal, is_true in found.items() if is_true}

    def history(self) -> History:
        """As the records have it."""
        today = day_of(self.at_ms).toordinal()
        minutes: dict[int, int] = {}
        for one in self.talks:
            assert one.ended_ms is not None
            minutes[one.ended_ms // MINUTE_MS] = minutes.get(one.ended_ms // MINUTE_MS, 0) + one.charge
        return History(
            [(one.asked, one.held_ms) for one in self.all_],
            minutes,
            [(one.asked.destination, _day(one)) for one in self.talks],
            [
                (one.asked.destination, one.asked.minute_price, one.charge)
                for one in self.talks
                if _day(one) == today
            ],
        )


def _day(talk: Promise) -> int:
    assert talk.ended_ms is not None
    return day_of(talk.ended_ms).toordinal()


def _over(amount: int, most: int | None) -> bool:
    return most is not None and amount > most


def live(
    rules: Guards, happened: list[tuple[str, int, object, object]]
) -> tuple[Life, Watch, list[tuple[Refusal | None, set[Refusal], Usage, Usage]]]:
    life, watch, told = Life(rules), Watch(), []
    for number, (what, pause, who, where) in enumerate(happened):
        life.at_ms += pause
        if what == "begin":
            asked = Asked(str(who), str(where), PRICES[str(where)])
            promise = Promise(f"h{number}", asked, life.at_ms, Money(asked.minute_price))
            could = life.refusals(asked, promise.amount)
            refusal = watch.begin(rules, promise, asked, life.at_ms)
            if refusal is None:
                life.all_.append(promise)
            told.append((refusal, could, watch.usage(rules, life.at_ms), life.usage()))
        elif life.open:
            assert isinstance(who, int) and isinstance(where, int)
            talk = life.open[who % len(life.open)]
            talk.seconds, talk.charge = where, talk.amount * where // 30
            watch.end(rules, talk.hold_id, talk.seconds, talk.charge, life.at_ms)
            talk.ended_ms = life.at_ms
    return life, watch, told


# The first of two asks again, and outlives the other.
AGAIN = [("begin", pause, call, "near") for pause, call in ((0, "a"), (0, "b"), (30_000, "a"), (59_999, "c"))]
# A talk of exactly an hour ago, after an older one.
OLD = [
    ("begin", 0, "a", "near"),
    ("end", 0, 0, 30),
    ("begin", 0, "b", "near"),
    ("end", MINUTE_MS, 0, 30),
    ("begin", 60 * MINUTE_MS, "c", "near"),
]


@example(NO_GUARDS, AGAIN)
@example(NO_GUARDS, OLD)
@given(guards, happenings)
def test_a_guard_refuses_exactly_what_a_list_of_everything_would(
    rules: Guards, happened: list[tuple[str, int, object, object]]
) -> None:
    _, _, told = live(rules, happened)
    for refusal, could, usage, counted in told:
        assert (refusal in could) if could else refusal is None
        assert usage == counted


@given(guards, happenings)
def test_a_start_forgets_nothing(rules: Guards, happened: list[tuple[str, int, object, object]]) -> None:
    life, watch, _ = live(rules, happened)
    after = Watch()
    after.learn(rules, life.history(), life.at_ms)
    for one in life.open:
        after.resume(one, one.asked)
    assert after.usage(rules, life.at_ms) == watch.usage(rules, life.at_ms) == life.usage()


@given(guards, happenings)
def test_to_learn_what_is_known_changes_nothing(
    rules: Guards, happened: list[tuple[str, int, object, object]]
) -> None:
    life, watch, _ = live(rules, happened)
    before = watch.usage(rules, life.at_ms)
    watch.learn(rules, life.history(), life.at_ms)
    watch.learn(rules, life.history(), life.at_ms)
    assert watch.usage(rules, life.at_ms) == before


@given(happenings)
def test_without_guards_nothing_is_refused(happened: list[tuple[str, int, object, object]]) -> None:
    _, _, told = live(NO_GUARDS, happened)
    assert {refusal for refusal, *_ in told} <= {None}


def test_every_guard_has_a_refusal_of_its_own() -> None:
    limits = {"calls_at_once", "calls_a_minute", "money_an_hour", "night_price", "new_calls", "new_money"}
    assert {refusal.value for refusal in GUARDED} == limits
