"""Every Prometheus name of the service, in one place; docs/metrics.md is written from it.

Rule 1: no label grows with accounts or numbers. Trunks are those of the settings.
Rule 2: children of labels are made once; looking one up costs five times the counting.
Rule 3: the unit is the name's last word; a name without one counts things.
"""

from enum import Enum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from callctl.calls.lines.lines import WaitEnd
from callctl.calls.records import EndedBy, PromiseEnd
from callctl.calls.states import State
from rating.refusal import Refusal

REGISTRY = CollectorRegistry()

# Memory, CPU, open files and the start of the process.
ProcessCollector(registry=REGISTRY)

DELAY_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
WRITING_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 120.0)
RINGING_BUCKETS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
WAIT_BUCKETS_S = (1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)

CALLS = Gauge("callctl_calls", "Calls that run now, by state.", ["state"], registry=REGISTRY)
CALLS_BY_STATE: dict[State, Gauge] = {
    state: CALLS.labels(state.value) for state in State if state is not State.OVER
}

ARRIVED = Counter("callctl_calls_arrived", "Calls that came in.", registry=REGISTRY)
UNKNOWN_NUMBER = Counter(
    "callctl_calls_unknown_number", "Calls to numbers that are nobody's here.", registry=REGISTRY
)

_CALLS_ENDED = Counter(
    "callctl_calls_ended",
    "Calls that are over, by the state in which their end came.",
    ["state"],
    registry=REGISTRY,
)
# "lost": while no service was there.
ENDINGS = (*(state.value for state in CALLS_BY_STATE), EndedBy.LOST.value)
CALLS_ENDED = {ending: _CALLS_ENDED.labels(ending) for ending in ENDINGS}

_ENDED = Counter(
    "callctl_connections_ended", "Connections that ended, by who ended them.", ["by"], registry=REGISTRY
)
ENDED = {by: _ENDED.labels(by.value) for by in EndedBy}

_REFUSED = Counter(
    "callctl_connections_refused", "Connections not admitted, by reason.", ["reason"], registry=REGISTRY
)
REFUSED = {refusal: _REFUSED.labels(refusal.value) for refusal in Refusal}

SECOND_CUTS = Counter(
    "callctl_second_cuts", "Legs that Asterisk ended because we did not.", registry=REGISTRY
)
CHARGED = Counter("callctl_charged_kopecks", "Money taken for connections.", registry=REGISTRY)
HELD = Gauge("callctl_held_kopecks", "Money promised to connections that run now.", registry=REGISTRY)
HOLDS = Gauge("callctl_holds", "Connections that money is held for.", registry=REGISTRY)

ADDED_DELAY = Histogram(
    "callctl_added_delay_seconds",
    "From the caller's arrival in Asterisk to the order that rings the target.",
    buckets=DELAY_BUCKETS_S,
    registry=REGISTRY,
)
ANSWER_WAIT = Histogram(
    "callctl_answer_wait_seconds",
    "How long the answer of a caller whose way in is paid waited until its hold was durable.",
    buckets=DELAY_BUCKETS_S,
    registry=REGISTRY,
)
AUTHORISATION = Histogram(
    "callctl_authorisation_seconds",
    "From the moment that asks for a paid connection to its hold being durable.",
    buckets=WRITING_BUCKETS_S,
    registry=REGISTRY,
)
CUT_LATENESS = Histogram(
    "callctl_cut_lateness_seconds",
    "From the end of the last paid unit to Asterisk's word that the leg is released.",
    buckets=DELAY_BUCKETS_S,
    registry=REGISTRY,
)
RECORDS = Counter("callctl_ledger_records", "Records made durable.", registry=REGISTRY)
TRANSACTIONS = Counter("callctl_ledger_transactions", "Transactions that made them so.", registry=REGISTRY)
LEDGER_DELAY = Histogram(
    "callctl_ledger_delay_seconds",
    "From a record's birth to its being durable.",
    buckets=WRITING_BUCKETS_S,
    registry=REGISTRY,
)
RECORDS_WAITING = Gauge("callctl_ledger_records_waiting", "Records not yet durable.", registry=REGISTRY)
RECORDS_LEFT_OUT = Counter(
    "callctl_ledger_records_left_out",
    "Records of what cost nothing, not kept because too many waited for the database.",
    registry=REGISTRY,
)
DAMAGED_ROWS = Gauge(
    "callctl_damaged_rows", "Rows that could not be read at the start; the log names them.", registry=REGISTRY
)

_UP = Gauge("callctl_connection_up", "Whether it is connected: 1, else 0.", ["to"], registry=REGISTRY)
UP = {to: _UP.labels(to) for to in ("ari", "ami", "database")}
_LOST = Counter("callctl_connection_lost", "How often a connection was lost.", ["to"], registry=REGISTRY)
LOST = {to: _LOST.labels(to) for to in UP}

_ORDERS_REFUSED = Counter(
    "callctl_orders_refused", "Orders that Asterisk did not carry out, by reason.", ["why"], registry=REGISTRY
)
ORDERS_REFUSED = {why: _ORDERS_REFUSED.labels(why) for why in ("gone", "rejected", "unknown", "not_recorded")}
_LOG_LINES = Counter("callctl_log_lines", "Lines of the log, by level.", ["level"], registry=REGISTRY)
LOG_LINES = {level: _LOG_LINES.labels(level) for level in ("debug", "info", "warning", "error", "critical")}
LOG_LINES_LOST = Counter("callctl_log_lines_lost", "Lines that found no room, or no disk.", registry=REGISTRY)
FAULTS = Counter("callctl_faults", "Bugs of ours that ended a call, order or request.", registry=REGISTRY)
LISTENERS_DROPPED = Counter(
    "callctl_listeners_dropped", "Listeners to the stream of events who did not read.", registry=REGISTRY
)
NODES_FAILED = Counter(
    "callctl_nodes_failed", "Steps of schemes that could not be done, and took their exit.", registry=REGISTRY
)
CALLED_BY_SEATS = Counter("callctl_calls_of_seats", "Calls that seats placed.", registry=REGISTRY)
PHONES_THERE = Gauge(
    "callctl_phones_there", "Phones of seats that are logged in and answer.", registry=REGISTRY
)
PHONES_REFUSED = Counter(
    "callctl_phones_refused", "Phones of seats that Asterisk could not be told of.", registry=REGISTRY
)
WAITING = Gauge(
    "callctl_queue_callers", "Callers who wait in queues, on the phone or at home.", registry=REGISTRY
)
_WAITED = Histogram(
    "callctl_queue_wait_seconds",
    "How long callers waited in a queue on the phone, by what ended it; full or empty: they never did.",
    ["end"],
    buckets=WAIT_BUCKETS_S,
    registry=REGISTRY,
)
WAITED = {end: _WAITED.labels(end.value) for end in WaitEnd}
_CALL_BACKS = Counter(
    "callctl_call_backs",
    "Callers who asked to be called back, by what became of it.",
    ["end"],
    registry=REGISTRY,
)
CALL_BACKS = {end: _CALL_BACKS.labels(end.value) for end in PromiseEnd}
MESSAGES = Counter("callctl_messages_taken", "Messages that callers left.", registry=REGISTRY)
RECORDINGS = Counter("callctl_recordings_begun", "Talks whose recording began.", registry=REGISTRY)
RECORDINGS_EXPIRED = Counter(
    "callctl_recordings_expired", "Recordings removed because their time was over.", registry=REGISTRY
)
EVENT_LAG = Histogram(
    "callctl_event_lag_seconds",
    "From Asterisk's stamp on an event to its handling here.",
    buckets=DELAY_BUCKETS_S,
    registry=REGISTRY,
)
LOOP_LAG = Histogram(
    "callctl_loop_lag_seconds",
    "How much later than asked the service's loop came round, tried four times a second.",
    buckets=DELAY_BUCKETS_S,
    registry=REGISTRY,
)
TASKS = Gauge("callctl_tasks", "Tasks of the service's loop that are not done.", registry=REGISTRY)
MEMORY_BLOCKS = Gauge(
    "callctl_memory_blocks", "Blocks of memory that Python objects take now.", registry=REGISTRY
)
DIFFERENCE_KOPECKS = Gauge(
    "callctl_reconcile_difference_kopecks",
    "Money by which ledger and witness differ, whichever way: must be 0.",
    registry=REGISTRY,
)
_DIFFERENCES = Gauge(
    "callctl_reconcile_differences", "Differences of ledger and witness.", ["kind"], registry=REGISTRY
)
DIFFERENCES = {
    kind: _DIFFERENCES.labels(kind)
    for kind in ("missing", "doubled", "longer", "shorter", "never_ended", "balance")
}
RECONCILED = Counter(
    "callctl_reconciled_legs", "Connections compared with what the witness saw.", registry=REGISTRY
)
UNWITNESSED = Counter(
    "callctl_unwitnessed_legs", "Bills of which the witness does not speak.", registry=REGISTRY
)
WITNESS_DAMAGED = Counter(
    "callctl_witness_damaged_lines", "Lines of the witness that cannot be read.", registry=REGISTRY
)
WITNESS_LAG = Gauge(
    "callctl_witness_lag_seconds", "From the witness's newest line to our reading it.", registry=REGISTRY
)


class Turned(Enum):
    """Why a SIP request was not let in."""

    SECRET = "secret"  # of a phone that we know
    UNKNOWN = "unknown"  # no phone and no trunk of ours
    ADDRESS = "address"  # not one that it may come from


_TURNED_AWAY = Counter(
    "callctl_sip_turned_away",
    "SIP requests that Asterisk did not let in, by reason; a stranger counts more than once.",
    ["why"],
    registry=REGISTRY,
)
TURNED_AWAY = {why: _TURNED_AWAY.labels(why.value) for why in Turned}


class TrunkEnd(Enum):
    """What came of a leg on a trunk."""

    ANSWERED = "answered"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    GIVEN_UP = "given_up"  # we let it go before anybody answered
    FAILED = "failed"  # the trunk or the network could not
    LOST = "lost"  # found gone, nobody told us why


_TRUNK_LEGS = Counter(
    "callctl_trunk_legs", "Legs placed on a trunk, by what came of them.", ["trunk", "end"], registry=REGISTRY
)
_POST_DIAL_DELAY = Histogram(
    "callctl_post_dial_delay_seconds",
    "From the order that dials on a trunk to the far phone's ringing, or its answer.",
    ["trunk"],
    buckets=RINGING_BUCKETS_S,
    registry=REGISTRY,
)


class TrunkMetrics:
    """Of one trunk of the settings."""

    def __init__(self, trunk: str) -> None:
        self.legs = {end: _TRUNK_LEGS.labels(trunk, end.value) for end in TrunkEnd}
        self.post_dial_delay = _POST_DIAL_DELAY.labels(trunk)
