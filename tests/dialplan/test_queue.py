"""A queue is one step with everything in it; each way to leave the line is a test."""

import pytest

from dialplan.causes import Cause
from dialplan.nodes.queue import WaitInQueue
from dialplan.steps import (
    Accept,
    Announce,
    CallBack,
    Digits,
    Done,
    Failed,
    Hears,
    LeftQueue,
    Member,
    Play,
    Queue,
    Strategy,
)
from dialplan.targets import Outside, Seat
from tests.dialplan.words import DONE, FAILED, Trip, come_to, complaints

PLAIN = '{kind: queue, members: ["79161110002", {seat: anna}]}'
ALL_EXITS = """{kind: queue, members: [{seat: anna}], wait_s_max: 60, length_max: 5, call_back_digit: 1,
    leave: {0: operator, "*": mail},
    timeout: late, full: crowded, empty: nobody, call_back: promised, failed: broken}"""


def queue(trip: Trip) -> Queue:
    assert isinstance(trip.step, Queue), trip.step
    return trip.step


def test_a_queue_has_a_line_of_the_node_s_name_and_takes_its_members_in_turn() -> None:
    members = (Member(Outside("79161110002")), Member(Seat("anna")))
    assert come_to(PLAIN).step == Queue("x", members, Strategy.IN_TURN, member_patience_ms=20_000)


def test_all_that_is_written_reaches_the_step() -> None:
    trip = come_to(
        """{kind: queue, name: sales, strategy: weighted, member_patience_s: 15, wrap_up_s: 10, penalty_s: 30,
        members: [{seat: anna, weight: 3, skills: [english, billing]}], needs: [english], priority: 7,
        length_max: 9, wait_s_max: 120, leave: {0: mail}, music: jazz, call_back_digit: 1,
        called_back: {tries: 3, pause_s: 20, patience_s: 15, within_s: 3600},
        announce: {first_after_s: 5, every_s: 40, position: true, wait: true,
            prompt: [stay, service/queue/thanks], call_back: true},
        accept: {digit: 5, patience_s: 7}}""",
        language="en",
    )
    assert trip.step == Queue(
        name="sales",
        members=(Member(Seat("anna"), 3, frozenset({"english", "billing"})),),
        strategy=Strategy.WEIGHTED,
        member_patience_ms=15_000,
        wrap_up_ms=10_000,
        penalty_ms=30_000,
        needs=frozenset({"english"}),
        priority=7,
        length_max=9,
        wait_ms_max=120_000,
        leave_digits="0",
        call_back=CallBack("1", tries=3, pause_ms=20_000, patience_ms=15_000, within_ms=3_600_000),
        music="jazz",
        language="en",
        announce=Announce(
            5000,
            40_000,
            True,
            True,
            ("own/stay", "en/queue/thanks"),
            ("en/call-back/offer", "en/digits/1"),
        ),
        accept=Accept(("en/accept", "en/digits/5"), "5", 7000),
    )


@pytest.mark.parametrize("strategy", Strategy)
def test_every_strategy_can_be_written(strategy: Strategy) -> None:
    node = PLAIN.replace("members", f"strategy: {strategy.value}, members")
    assert queue(come_to(node)).strategy is strategy


def test_one_member_with_all_the_skills_is_enough() -> None:
    members = "[{seat: anna, skills: [english, billing, french]}, {seat: boris, skills: [english]}]"
    assert queue(come_to(f"{{kind: queue, needs: [english, billing], members: {members}}}")).needs == {
        "english",
        "billing",
    }


@pytest.mark.parametrize(
    ("fields", "first_ms", "every_ms"),
    [("wait: true", 15_000, 60_000), ("prompt: stay, every_s: 10", 15_000, 10_000)],
)
def test_announcements_need_one_thing_to_say(fields: str, first_ms: int, every_ms: int) -> None:
    announce = queue(come_to(PLAIN.replace("members", f"announce: {{{fields}}}, members"))).announce
    assert announce and (announce.first_after_ms, announce.every_ms) == (first_ms, every_ms)


@pytest.mark.parametrize(
    ("outcome", "node"),
    [
        (LeftQueue.TIMEOUT, "late"),
        (LeftQueue.FULL, "crowded"),
        (LeftQueue.EMPTY, "nobody"),
        (FAILED, "broken"),
        (Digits("0"), "operator"),
        (Digits("*"), "mail"),
    ],
)
def test_each_way_to_leave_has_its_exit(outcome: LeftQueue, node: str) -> None:
    assert come_to(ALL_EXITS).after(outcome).at == node


def test_a_queue_may_ring_instead_of_playing_music() -> None:
    assert queue(come_to(PLAIN)).hears is Hears.MUSIC
    assert queue(come_to(PLAIN.replace("members", "hears: ringing, members"))).hears is Hears.RINGING


@pytest.mark.parametrize("said", [DONE, FAILED])
def test_who_will_be_called_back_is_told_so_and_has_an_exit(said: Done | Failed) -> None:
    told = come_to(ALL_EXITS).after(LeftQueue.CALL_BACK)
    assert told.step == Play(("ru/call-back/booked",))
    assert told.after(said).at == "promised"


def test_without_an_exit_he_hangs_up_whatever_otherwise_says() -> None:
    node = PLAIN.replace("members", "otherwise: bye, call_back_digit: 1, members")
    assert come_to(node).after(LeftQueue.CALL_BACK).after(DONE).end == Cause.NORMAL.name


@pytest.mark.parametrize("outcome", [LeftQueue.TIMEOUT, LeftQueue.FULL, LeftQueue.EMPTY, FAILED])
def test_otherwise_is_for_the_ways_without_an_exit(outcome: LeftQueue) -> None:
    assert come_to(PLAIN.replace("members", "otherwise: bye, members")).after(outcome).at == "bye"


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        (LeftQueue.TIMEOUT, Cause.NO_ANSWER),
        (LeftQueue.FULL, Cause.BUSY),
        (LeftQueue.EMPTY, Cause.NO_ANSWER),
        (FAILED, Cause.UNAVAILABLE),
    ],
)
def test_without_an_exit_the_caller_is_told_why(outcome: LeftQueue, cause: Cause) -> None:
    assert come_to(PLAIN).after(outcome).end == cause.name


def test_a_line_that_was_waited_in_may_be_waited_in_again() -> None:
    node = "{kind: queue, members: [{seat: anna}], wait_s_max: 60, timeout: x, leave: {1: x}}"
    assert come_to(node).after(LeftQueue.TIMEOUT).at == "x"


@pytest.mark.parametrize("exit", ["full: x, length_max: 3", "empty: x", "failed: x", "otherwise: x"])
def test_a_line_that_nobody_waited_in_does_not_lead_to_itself(exit: str) -> None:
    found = complaints(f"{{kind: queue, members: [{{seat: anna}}], {exit}, leave: {{1: bye}}}}")
    assert found == ["nodes.x: goes round for ever: its exits lead back to it"]


def test_otherwise_may_come_back_when_the_hasty_ways_go_elsewhere() -> None:
    hasty = "length_max: 3, full: bye, empty: bye, failed: bye"
    assert come_to(f"{{kind: queue, members: [{{seat: anna}}], {hasty}, otherwise: x}}").at == "x"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ("members: []", "nodes.x.members: List should have at least 1 item"),
        ("leave: {1: bye}", "nodes.x.members: Field required"),
        (
            "members: [{seat: anna}, {seat: anna, weight: 2}]",
            "nodes.x: somebody stands twice among the `members`",
        ),
        ("members: [79161110002, +7 916 111-00-02]", "nodes.x: somebody stands twice among the `members`"),
        ("members: [{weight: 2}]", "nodes.x.members[0]: give either a `number` or a `seat`"),
        ("members: [{seat: anna, weight: 0}]", "nodes.x.members[0].weight: "),
        (
            "members: [{seat: anna}], leave: {1: bye}, call_back_digit: 1",
            "nodes.x: 1 asks for a call back and leaves the line",
        ),
        ("members: [{seat: anna}], timeout: bye", "nodes.x: `timeout` needs `wait_s_max`"),
        ("members: [{seat: anna}], full: bye", "nodes.x: `full` needs `length_max`"),
        ("members: [{seat: anna}], call_back: bye", "nodes.x: `call_back` needs `call_back_digit`"),
        ("members: [{seat: anna}], called_back: {tries: 3}", "nodes.x: a call back needs `call_back_digit`"),
        (
            "members: [{seat: anna}], announce: {call_back: true}",
            "nodes.x: a call back needs `call_back_digit`",
        ),
        (
            "members: [{seat: anna}], call_back_digit: 1, called_back: {tries: 0}",
            "nodes.x.called_back.tries: ",
        ),
        ("members: [{seat: anna}], wait_s_max: 14401", "nodes.x.wait_s_max: "),
        ("members: [{seat: anna}], leave: {12: bye}", "nodes.x.leave.12"),
        ("members: [{seat: anna}], announce: {every_s: 30}", "nodes.x.announce: give `position`, `wait`"),
        (
            "members: [{seat: anna, skills: [english]}], needs: [english, french]",
            "nodes.x: no member has all the skills that it `needs`",
        ),
        ("members: [{seat: anna}], strategy: best", "nodes.x.strategy: "),
        ("members: [{seat: anna}], hears: target", "nodes.x.hears: "),
        *(
            (
                f"members: [{{seat: anna}}], hears: ringing, {field}",
                f"nodes.x: `{field.split(':')[0]}` is not",
            )
            for field in (
                "announce: {position: true}",
                "leave: {1: bye}",
                "call_back_digit: 1",
                "failed: bye",
                "music: jazz",
            )
        ),
    ],
)
def test_a_queue_is_refused_with_the_place(fields: str, complaint: str) -> None:
    found = complaints(f"{{kind: queue, {fields}}}")
    assert any(line.startswith(complaint) for line in found), found


def test_the_own_sounds_of_a_queue_are_named_with_their_places() -> None:
    node = WaitInQueue.model_validate(
        {
            "kind": "queue",
            "members": ["79161110002"],
            "announce": {"prompt": ["service/queue/thanks", "stay"]},
            "accept": {"prompt": "take"},
        }
    )
    assert list(node.sounds()) == [(("announce", "prompt", 1), "stay"), (("accept", "prompt", 0), "take")]


def test_something_said_is_no_way_out_of_a_line() -> None:
    with pytest.raises(AssertionError):
        come_to(PLAIN).after(DONE)
