"""A schedule chooses by day and hour: exact at its boundaries, over midnight, on moved days, everywhere."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.days.russia import MOVED, is_off
from dialplan.days.writing import WEEKDAYS
from dialplan.days.zones import HOURS_BY_ZONE, local_time
from dialplan.scheme import Scheme
from dialplan.walk import Walk
from tests.dialplan.words import FACTS, at, complaints, way

OFFICE = "{kind: schedule, rules: [{days: mon-fri, hours: 09:00-18:00, go: day}], otherwise: night}"
NIGHT = "{kind: schedule, rules: [{days: fri, hours: 22:00-06:00, go: friday}], otherwise: other}"
LUNCH = "{kind: schedule, rules: [{hours: [09:00-13:00, 14:00-18:00], go: open}], otherwise: closed}"
CALENDAR = """{kind: schedule, rules: [{calendar: holiday, go: holiday}, {calendar: working, go: working}],
    otherwise: weekend}"""


@pytest.mark.parametrize(
    ("moment", "node"),
    [
        ("2026-11-18 08:59:59", "night"),
        ("2026-11-18 09:00:00", "day"),
        ("2026-11-18 17:59:59", "day"),
        ("2026-11-18 18:00:00", "night"),
        ("2026-11-16 09:00:00", "day"),  # Monday
        ("2026-11-20 17:59:59", "day"),  # Friday
        ("2026-11-21 12:00:00", "night"),  # Saturday
        ("2026-11-22 12:00:00", "night"),  # Sunday
    ],
)
def test_hours_begin_with_their_first_second_and_end_before_their_last(moment: str, node: str) -> None:
    assert way(OFFICE, at(moment)) == node


@pytest.mark.parametrize(
    ("moment", "node"),
    [
        ("2026-11-20 21:59:59", "other"),
        ("2026-11-20 22:00:00", "friday"),
        ("2026-11-21 00:00:00", "friday"),  # Saturday's clock, Friday's night
        ("2026-11-21 05:59:59", "friday"),
        ("2026-11-21 06:00:00", "other"),
        ("2026-11-20 03:00:00", "other"),  # Thursday's night
        ("2026-11-21 23:00:00", "other"),
    ],
)
def test_hours_over_midnight_are_of_the_day_on_which_they_begin(moment: str, node: str) -> None:
    assert way(NIGHT, at(moment)) == node


@pytest.mark.parametrize(
    ("moment", "node"), [("2026-11-18 13:30:00", "closed"), ("2026-11-18 14:00:00", "open")]
)
def test_a_rule_may_have_several_hours(moment: str, node: str) -> None:
    assert way(LUNCH, at(moment)) == node


@pytest.mark.parametrize(
    ("moment", "node"),
    [
        ("2026-11-18 08:44:59", "closed"),
        ("2026-11-18 08:45:00", "open"),
        ("2026-11-18 17:29:59", "open"),
        ("2026-11-18 17:30:00", "closed"),
    ],
)
def test_hours_are_exact_to_the_minute(moment: str, node: str) -> None:
    hours = "{kind: schedule, rules: [{hours: 8:45-17:30, go: open}], otherwise: closed}"
    assert way(hours, at(moment)) == node


@pytest.mark.parametrize(
    ("moment", "node"), [("2026-11-18 23:59:59", "late"), ("2026-11-19 00:00:00", "not")]
)
def test_hours_may_last_until_the_end_of_the_day(moment: str, node: str) -> None:
    late = "{kind: schedule, rules: [{hours: 18:00-24:00, go: late}], otherwise: not}"
    assert way(late, at(moment)) == node


@pytest.mark.parametrize(
    ("moment", "node"),
    [
        ("2026-11-18 12:00:00", "working"),
        ("2026-11-21 12:00:00", "weekend"),
        ("2026-11-04 12:00:00", "holiday"),
        ("2026-01-09 12:00:00", "holiday"),  # for Saturday, 3 January
        ("2025-11-01 12:00:00", "working"),  # a Saturday
        ("2027-02-20 12:00:00", "working"),  # a Saturday
        ("2027-02-22 12:00:00", "holiday"),
        ("2026-03-09 12:00:00", "holiday"),  # 8 March was a Sunday
        ("2025-01-04 12:00:00", "holiday"),  # moved, and a holiday all the same
        ("2031-05-01 12:00:00", "holiday"),  # of the law: of every year
    ],
)
def test_days_are_worked_as_russia_works(moment: str, node: str) -> None:
    assert way(CALENDAR, at(moment)) == node


def test_days_off_are_weekends_and_holidays() -> None:
    off = "{kind: schedule, rules: [{calendar: off, go: off}], otherwise: work}"
    found = [way(off, at(f"2027-02-{day} 12:00:00")) for day in range(19, 25)]
    assert found == ["work", "work", "off", "off", "off", "work"]


WEEKDAYS_OFF = {
    2025: "01-01 01-02 01-03 01-06 01-07 01-08 05-01 05-02 05-08 05-09 06-12 06-13 11-03 11-04 12-31",
    2026: "01-01 01-02 01-05 01-06 01-07 01-08 01-09 02-23 03-09 05-01 05-11 06-12 11-04 12-31",
    2027: "01-01 01-04 01-05 01-06 01-07 01-08 02-22 02-23 03-08 05-03 05-10 06-14 11-04 11-05 12-31",
}
WEEKENDS_WORKED = {2025: "11-01", 2026: "", 2027: "02-20"}


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize("year", WEEKDAYS_OFF)
def test_a_year_has_its_official_days_off_and_worked_weekends(year: int) -> None:
    odd = [day for day in days_of(year) if is_off(day) is not (day.weekday() >= 5)]
    found = [" ".join(day.strftime("%m-%d") for day in odd if is_off(day) is off) for off in (True, False)]
    assert found == [WEEKDAYS_OFF[year], WEEKENDS_WORKED[year]]


@pytest.mark.parametrize(("year", "days"), [(2025, 247), (2026, 247), (2027, 247)])
def test_a_year_has_its_official_number_of_working_days(year: int, days: int) -> None:
    assert sum(not is_off(day) for day in days_of(year)) == days


def test_only_days_off_are_moved_and_only_to_weekdays() -> None:
    assert all(day.weekday() >= 5 for day in MOVED)
    assert all(day.weekday() < 5 for day in MOVED.values())


@pytest.mark.parametrize(
    ("dates", "inside", "outside"),
    [
        ("2026-11-18", ["2026-11-18"], ["2026-11-17", "2026-11-19", "2027-11-18"]),
        ("2026-12-30..2027-01-02", ["2026-12-30", "2027-01-02"], ["2026-12-29", "2027-01-03", "2025-12-30"]),
        ("12-31", ["2026-12-31", "2031-12-31"], ["2026-12-30", "2027-01-01"]),
        ("12-30..01-02", ["2026-12-30", "2027-01-01", "2030-01-02"], ["2026-12-29", "2027-01-03"]),
        ("[2026-11-18, 02-29]", ["2026-11-18", "2028-02-29"], ["2028-02-28", "2028-11-18"]),
    ],
)
def test_dates_are_single_or_spans_with_or_without_a_year(
    dates: str, inside: list[str], outside: list[str]
) -> None:
    node = f"{{kind: schedule, rules: [{{dates: {dates}, go: in}}], otherwise: out}}"
    assert {way(node, at(f"{day} 00:00:00")) for day in inside} == {"in"}
    assert {way(node, at(f"{day} 23:59:59")) for day in outside} == {"out"}


def test_a_span_of_weekdays_may_go_over_the_week_s_end() -> None:
    node = "{kind: schedule, rules: [{days: [sat-mon, wed], go: in}], otherwise: out}"
    found = [way(node, at(f"2026-11-{day} 12:00:00")) for day in range(16, 23)]
    assert found == ["in", "out", "in", "out", "out", "in", "in"]


def test_all_that_a_rule_names_must_fit() -> None:
    rule = "{days: mon-fri, dates: 2026-11-01..2026-11-30, calendar: working, hours: 09:00-18:00, go: in}"
    node = f"{{kind: schedule, rules: [{rule}], otherwise: out}}"
    assert way(node, at("2026-11-18 12:00:00")) == "in"
    others = ["2026-12-18 12:00:00", "2026-11-04 12:00:00", "2026-11-21 12:00:00", "2026-11-18 08:00:00"]
    assert {way(node, at(moment)) for moment in others} == {"out"}


def test_the_first_rule_that_fits_has_the_way() -> None:
    node = "{kind: schedule, rules: [{dates: 11-18, go: first}, {days: wed, go: second}], otherwise: none}"
    assert way(node, at("2026-11-18 12:00:00")) == "first"
    assert way(node, at("2026-11-25 12:00:00")) == "second"


@pytest.mark.parametrize(
    ("zone", "node"), [("Europe/Kaliningrad", "night"), ("Europe/Moscow", "day"), ("Asia/Kamchatka", "night")]
)
def test_the_hour_is_the_subscriber_s(zone: str, node: str) -> None:
    there = OFFICE.replace("rules", f"zone: {zone}, rules")
    assert way(there, at("2026-11-18 09:30:00")) == node


def test_all_of_russia_s_eleven_clocks_are_known() -> None:
    assert set(HOURS_BY_ZONE.values()) == set(range(2, 13))
    assert HOURS_BY_ZONE["Europe/Samara"] == 4


@pytest.mark.parametrize("zone", HOURS_BY_ZONE)
def test_a_zone_s_clock_is_the_one_of_the_time_zone_database(zone: str) -> None:
    for month in range(1, 13):
        moment = datetime(2026, month, 15, 21, 30, tzinfo=UTC)
        there = moment.astimezone(ZoneInfo(zone))
        day, minute = local_time(round(moment.timestamp() * 1000), zone)
        assert (day, minute) == (there.date(), there.hour * 60 + there.minute)


MINUTES = st.integers(0, 1439)
CLOCK = MINUTES.map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
HOURS = st.tuples(CLOCK, CLOCK).filter(lambda ends: ends[0] != ends[1]).map("-".join)
DAYS = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=2).map("-".join)
RULE = st.fixed_dictionaries(
    {"hours": HOURS}, optional={"days": DAYS, "calendar": st.sampled_from(["working", "off", "holiday"])}
)
MINUTE_MS = 60_000
BEGIN_MS = round(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
MOMENTS_MS = st.integers(0, 3 * 365 * 1440).map(lambda minute: BEGIN_MS + minute * MINUTE_MS)


@given(st.lists(RULE, min_size=1, max_size=5), MOMENTS_MS, st.sampled_from(sorted(HOURS_BY_ZONE)))
def test_every_instant_has_exactly_one_way_and_keeps_it_for_its_minute(
    rules: list[dict[str, object]], begin_ms: int, zone: str
) -> None:
    ways = [{**rule, "go": f"n{index}"} for index, rule in enumerate(rules)]
    schedule = {"kind": "schedule", "zone": zone, "rules": ways, "otherwise": "rest"}
    ends = {name: {"kind": "hang_up"} for name in ["rest", *(f"n{index}" for index in range(len(rules)))]}
    scheme = Scheme.model_validate({"start": "x", "nodes": {"x": schedule, **ends}})
    found = set()
    for at_ms in (begin_ms, begin_ms + 1, begin_ms + MINUTE_MS - 1):
        walk = Walk(scheme)
        walk.begin(replace(FACTS, at_ms=at_ms))
        found.add(walk.node_name)
    assert len(found) == 1


@given(HOURS, MINUTES)
def test_hours_and_the_hours_between_them_share_the_day_out(hours: str, minute: int) -> None:
    begin, until = hours.split("-")
    rules = f"[{{hours: {hours}, go: first}}, {{hours: {until}-{begin}, go: second}}]"
    moment = f"2026-11-18 {minute // 60:02}:{minute % 60:02}:30"
    node = f"{{kind: schedule, rules: {rules}, otherwise: neither}}"
    assert way(node, at(moment)) in ("first", "second")
    turned = node.replace("first", "FIRST").replace("second", "first").replace("FIRST", "second")
    assert way(turned, at(moment)) != way(node, at(moment))


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("go: bye", "rules[0]: give `days`, `dates`, `calendar`, `hours` or several"),
        ("hours: 9-18, go: bye", "rules[0].hours: not hours like 09:00-18:00"),
        ("hours: 09:00-25:00, go: bye", "rules[0].hours: there is no 25:00"),
        ("hours: 09:60-18:00, go: bye", "rules[0].hours: there is no 09:60"),
        ("hours: 09:00-09:00, go: bye", "rules[0].hours: begin and end are the same"),
        ("hours: 24:00-09:00, go: bye", "rules[0].hours: hours begin at 24:00: write 00:00"),
        ("days: monday, go: bye", "rules[0].days: not a day or a span of days"),
        ("days: mon-friday, go: bye", "rules[0].days: not a day or a span of days"),
        ("dates: 2026-01-01..2026-01-02..2026-01-03, go: bye", "rules[0].dates: not dates like"),
        ("days: mon-wed-fri, go: bye", "rules[0].days: not a day or a span of days"),
        ("dates: 2026-02-29, go: bye", "rules[0].dates: there is no 2026-02-29"),
        ("dates: 31.12.2026, go: bye", "rules[0].dates: not a date like"),
        ("dates: 2027-01-08..2026-12-31, go: bye", "rules[0].dates: 2026-12-31 is before 2027-01-08"),
        ("dates: 12-31..2027-01-08, go: bye", "rules[0].dates: not dates like"),
        ("calendar: sometimes, go: bye", "rules[0].calendar: "),
        ("days: mon", "rules[0].go: Field required"),
        ("days: mon, go: gone", "rules[0].go: there is no node 'gone'"),
    ],
)
def test_a_rule_is_refused_with_the_place(rule: str, complaint: str) -> None:
    found = complaints(f"{{kind: schedule, rules: [{{{rule}}}], otherwise: bye}}")
    assert any(line.startswith(f"nodes.x.{complaint}") for line in found), found


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("rules: [{days: mon, go: bye}]", "otherwise: Field required"),
        ("rules: [], otherwise: bye", "rules: "),
        (
            "zone: Europe/Berlin, rules: [{days: mon, go: bye}], otherwise: bye",
            "zone: not one of Russia's time zones",
        ),
        ("rules: [{days: mon, go: x}], otherwise: bye", "goes round for ever"),
    ],
)
def test_a_schedule_is_refused_with_the_place(fields: str, complaint: str) -> None:
    found = complaints(f"{{kind: schedule, {fields}}}")
    assert any(complaint in line for line in found), found
