"""For each alert: series with which it fires and what it says then, and series with which it keeps quiet.

Rule 1: series are written as the service exports them; the tests hold their names and labels against it.
Rule 2: a quiet case is near the border: one step more would be the alert.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

HOST = "sip1:8080"
Series = Mapping[str, str]  # values by series, one a minute, in promtool's words


@dataclass(frozen=True, slots=True)
class Case:
    fires: Series
    says: str
    quiet: Series
    labels: Mapping[str, str] | None = None  # besides the instance
    at: str = "20m"


def series(name: str, **labels: str) -> str:
    inner = ", ".join(f'{label}="{value}"' for label, value in labels.items())
    return f'{name}{{instance="{HOST}", job="callctl"{", " + inner if inner else ""}}}'


def counted(name: str, **labels: str) -> tuple[Series, Series]:
    """A counter that moves by one, and one that stands since long."""
    return {series(name, **labels): "0x10 1x10"}, {series(name, **labels): "5x20"}


def gauge(name: str, bad: str, good: str, **labels: str) -> tuple[Series, Series]:
    return {series(name, **labels): f"{bad}x30"}, {series(name, **labels): f"{good}x30"}


def _trunk(**ends: int) -> Series:
    """Legs of each end a minute."""
    return {
        series("callctl_trunk_legs_total", trunk="carrier", end=end): f"0+{count}x60"
        for end, count in ends.items()
    }


def case(
    pair: tuple[Series, Series], says: str, *, labels: Mapping[str, str] | None = None, at: str = "20m"
) -> Case:
    fires, quiet = pair
    return Case(fires, says, quiet, labels, at)


def _late(name: str, borders: tuple[str, str], **labels: str) -> tuple[Series, Series]:
    """Two of a hundred are late by the second border, or by the first."""
    low, high = borders
    name = f"{name}_bucket"
    late = {series(name, **labels, le=low): "0+98x30", series(name, **labels, le=high): "0+100x30"}
    fine = {series(name, **labels, le=low): "0+100x30", series(name, **labels, le=high): "0+100x30"}
    inf = {series(name, **labels, le="+Inf"): "0+100x30"}
    return late | inf, fine | inf


def _away(to: str) -> tuple[Series, Series]:
    return gauge("callctl_connection_up", "0", "1", to=to)


_TO = "callctl_connection_lost_total"
_DIFFERS = "callctl_reconcile_differences"

CASES: Mapping[str, Case] = {
    "CallctlDown": case(gauge("up", "0", "1"), f"callctl on {HOST} does not answer"),
    "CallctlRestarts": Case(
        {series("process_start_time_seconds"): "100x4 400x4 700x4 1000x8"},
        f"callctl on {HOST} was started 3 times within half an hour",
        {series("process_start_time_seconds"): "100x8 400x4 700x8"},
    ),
    "CallctlFault": case(
        counted("callctl_faults_total"), f"a bug of callctl ended a call, an order or a request on {HOST}"
    ),
    "CallctlLoopLate": case(
        _late("callctl_loop_lag_seconds", ("0.1", "0.2")),
        f"the loop of callctl on {HOST} comes round 150ms late",
    ),
    "CallctlAriAway": case(_away("ari"), f"callctl on {HOST} has lost Asterisk (ARI)", labels={"to": "ari"}),
    "CallctlAmiAway": case(
        _away("ami"), f"callctl on {HOST} has lost AMI; time limits go over ARI", labels={"to": "ami"}
    ),
    "CallctlDatabaseAway": case(
        _away("database"),
        f"callctl on {HOST} has lost PostgreSQL: new paid calls are refused",
        labels={"to": "database"},
    ),
    "CallctlConnectionLost": Case(
        {series(_TO, to="ari"): "0x7 1x1 2x1 3x1 4x10"},
        f"callctl on {HOST} keeps losing ari",
        {series(_TO, to="ari"): "0x10 2x10"},
        {"to": "ari"},
    ),
    "CallctlEventsLate": case(
        _late("callctl_event_lag_seconds", ("1.0", "2.0")),
        f"news of Asterisk reach callctl on {HOST} 1.5s late",
    ),
    "CallctlLedgerDiffers": case(
        gauge(_DIFFERS, "2", "0", kind="missing"),
        f"ledger and witness differ on {HOST}: 2 missing",
        labels={"kind": "missing"},
    ),
    "CallctlSecondCut": case(
        counted("callctl_second_cuts_total"),
        f"Asterisk had to end a call that callctl on {HOST} should have ended",
    ),
    "CallctlCutsLate": case(
        _late("callctl_cut_lateness_seconds", ("0.2", "0.5")),
        f"calls end 350ms behind their money on {HOST}",
    ),
    "CallctlRecordsWait": case(
        gauge("callctl_ledger_records_waiting", "1001", "1000"), f"1001 records wait for PostgreSQL on {HOST}"
    ),
    "CallctlRecordsLeftOut": case(
        counted("callctl_ledger_records_left_out_total"),
        f"no room for records on {HOST}: what cost nothing is not written",
    ),
    "CallctlAuthorisationSlow": case(
        _late("callctl_authorisation_seconds", ("0.5", "1.0")),
        f"paid calls wait 750ms for their hold on {HOST}",
    ),
    "CallctlRowsDamaged": case(
        gauge("callctl_damaged_rows", "3", "0"), f"3 rows could not be read at the start of callctl on {HOST}"
    ),
    "CallctlWitnessDamaged": case(
        counted("callctl_witness_damaged_lines_total"),
        f"lines of Asterisk's own record cannot be read on {HOST}",
    ),
    "CallctlUnwitnessed": case(
        counted("callctl_unwitnessed_legs_total"), f"Asterisk's own record does not speak of bills of {HOST}"
    ),
    "CallctlPaidCallsRefused": Case(
        {series("callctl_connections_refused_total", reason="not_recorded"): "0x18 1x10"},
        f"paid calls are refused on {HOST}: their hold cannot be written",
        {series("callctl_connections_refused_total", reason="not_enough"): "0+10x30"},
        {"reason": "not_recorded"},
    ),
    "CallctlTariffHole": Case(
        {series("callctl_connections_refused_total", reason="no_price"): "0x10 6x10"},
        f"calls are refused on {HOST}: no_price",
        {series("callctl_connections_refused_total", reason="not_enough"): "0+10x30"},
        {"reason": "no_price"},
    ),
    "CallctlGuardsRefuse": Case(
        {series("callctl_connections_refused_total", reason="night_price"): "0x10 6x10"},
        f"guards of accounts refuse calls on {HOST}: night_price",
        {series("callctl_connections_refused_total", reason="barred"): "0+10x30"},
        {"reason": "night_price"},
    ),
    "CallctlSipTurnedAway": Case(
        {series("callctl_sip_turned_away_total", why="secret"): "0+10x30"},
        f"many SIP requests are not let in on {HOST}: secret",
        {series("callctl_sip_turned_away_total", why="secret"): "0+6x30"},
        {"why": "secret"},
    ),
    "CallctlNodesFail": case(
        counted("callctl_nodes_failed_total"), f"steps of schemes could not be done on {HOST}"
    ),
    "CallctlOrdersRefused": Case(
        {series("callctl_orders_refused_total", why="rejected"): "0+7x30"},
        f"Asterisk does not carry out orders of callctl on {HOST}",
        {series("callctl_orders_refused_total", why="gone"): "0+70x30"},
    ),
    "CallctlTrunkFails": Case(
        _trunk(failed=2, answered=1),
        "most calls over the trunk carrier fail",
        _trunk(failed=2, answered=2),
        {"trunk": "carrier"},
    ),
    "CallctlTrunkAnswersFew": Case(
        _trunk(no_answer=3, answered=0),
        "only 0% of the calls over the trunk carrier are answered",
        _trunk(no_answer=3, answered=1),
        {"trunk": "carrier"},
        at="40m",
    ),
    "CallctlRingingSlow": Case(
        {
            series("callctl_post_dial_delay_seconds_bucket", trunk="carrier", le=le): f"0+{count}x30"
            for le, count in (("5.0", 80), ("8.0", 100), ("+Inf", 100))
        },
        "phones behind the trunk carrier ring only after 6.5s",
        {
            series("callctl_post_dial_delay_seconds_bucket", trunk="carrier", le=le): f"0+{count}x30"
            for le, count in (("5.0", 90), ("8.0", 100), ("+Inf", 100))
        },
        {"trunk": "carrier"},
    ),
    "CallctlQueuesLong": Case(
        {
            series("callctl_queue_wait_seconds_bucket", end="taken", le=le): f"0+{count}x30"
            for le, count in (("300.0", 80), ("600.0", 100), ("+Inf", 100))
        },
        f"one caller of ten waits 7m 30s and more in queues on {HOST}",
        {
            series("callctl_queue_wait_seconds_bucket", end="taken", le=le): f"0+{count}x30"
            for le, count in (("300.0", 90), ("600.0", 100), ("+Inf", 100))
        },
    ),
    "CallctlNumbersUnknown": Case(
        {series("callctl_calls_unknown_number_total"): "0+6x30"},
        f"calls to numbers that are nobody's on {HOST}: a scanner, or a number not entered",
        {series("callctl_calls_unknown_number_total"): "0+5x30"},
    ),
    "CallctlLogLost": case(
        counted("callctl_log_lines_lost_total"),
        f"lines of the log of callctl on {HOST} found no room, or no disk",
    ),
    "CallctlPhonesRefused": case(
        counted("callctl_phones_refused_total"), f"Asterisk does not take phones of seats on {HOST}"
    ),
}


def all_series() -> Iterator[str]:
    for one in CASES.values():
        yield from one.fires
        yield from one.quiet
