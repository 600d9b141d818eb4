"""What a far end does with a call, as values, and as the parts of a SIPp scenario.

Rule 1: several behaviours are told apart by how the called number begins; the first takes what no other does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from callctl.demo.sipp import SCENARIOS, fill

FOR_EVER_MS = 86_400_000
# Asterisk's own phrases do not matter to anyone but a person who reads the message log.
PHRASES = {404: "Not Found", 480: "Temporarily Unavailable", 486: "Busy Here", 503: "Service Unavailable"}
PHRASES |= {603: "Decline"}

# What stands between the at signs of press.xml, and differs for the two sides of a dialog.
CALLERS_KEY = {
    "late": 'response="200" rrs="true" next="answered"',
    "from": "From: <sip:[field1]@[local_ip]:[local_port]>;tag=[pid]-[call_number]",
    "to": "To: <sip:[field0]@[remote_ip]:[remote_port]>[peer_tag_param]",
}
CALLEES_KEY = {
    "late": 'request="CANCEL" next="cancelled_too_late"',
    "from": "From: <sip:[$number]@[local_ip]:[local_port]>;tag=[pid]-[call_number]",
    "to": "To:[$caller]",
}


@dataclass(frozen=True, slots=True)
class Login:
    """By which a seat's phone is let in."""

    user: str
    secret: str


@dataclass(frozen=True, slots=True)
class Press:
    """A key, told by SIP INFO, so long after the answer or the key before."""

    after_ms: int
    key: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Rings, answers, then hangs up after a while or waits to be hung up on."""

    ring_ms: int = 0
    hang_up_after_ms: int | None = None
    """Counted from the last key."""
    presses: Sequence[Press] = ()
    media_port: int | None = None
    """Whose ear and mouth it has, such as a Handset's; then it takes one call at a time."""
    early_media: bool = False
    """183 with SDP stands in for 180."""
    rtp: bool = False
    """Streams a tone: from 183 on with `early_media`, else from the answer on."""


@dataclass(frozen=True, slots=True)
class Refuses:
    status: int = 486
    ring_ms: int = 0
    reason_cause: int | None = None


@dataclass(frozen=True, slots=True)
class NeverAnswers:
    """Rings until it is cancelled."""


@dataclass(frozen=True, slots=True)
class AnswersCancelled:
    """Rings until it is cancelled, and answers all the same: the answer crosses the CANCEL."""


Course = Answers | Refuses | NeverAnswers | AnswersCancelled


@dataclass(frozen=True, slots=True)
class ByNumber:
    """The beginning of a number, and what is done with calls to such."""

    courses: Mapping[str, Course]


Behaviour = Course | ByNumber
BUSY, DECLINES, UNAVAILABLE = Refuses(486), Refuses(603), Refuses(503)

CHOICE: Final = """
  <nop><action>
    <ereg regexp="^{beginning}" search_in="var" variable="number" assign_to="is_{n}"/>
  </action></nop>
  <nop next="begins_{n}" test="is_{n}"/>
"""
LABEL: Final = re.compile(r'\b(label id|next|ontimeout)="(\w+)"')


def callee_blanks(behaviour: Behaviour) -> dict[str, str]:
    """What stands between the at signs of callee.xml."""
    by_number = behaviour.courses if isinstance(behaviour, ByNumber) else {"": behaviour}
    numbered = list(enumerate(by_number.items(), start=1))
    choices = "".join(CHOICE.format(n=n, beginning=beginning) for n, (beginning, _) in numbered[1:])
    courses = (_course(n, one) for n, (_, one) in numbered)
    return {"choices": choices, "courses": "\n".join(courses)}


def _course(number: int, behaviour: Course) -> str:
    course = fill((SCENARIOS / "course.xml").read_text("utf-8"), _course_blanks(behaviour))
    return LABEL.sub(rf'\1="\2_{number}"', course)


def _course_blanks(behaviour: Course) -> dict[str, str]:
    blanks = {"progress": "rings", "then": "refuses", "when_cancelled": "gives_up"}
    blanks |= {"ring_ms": str(FOR_EVER_MS), "hang_up_ms": str(FOR_EVER_MS)}
    blanks |= {"refusal": "480 Temporarily Unavailable", "reason": "", "audio": "", "early_audio": ""}
    blanks |= {"presses": "", "rtp_port": rtp_port(None)}
    match behaviour:
        case Answers():
            blanks |= {"then": "answers", "ring_ms": str(max(1, behaviour.ring_ms))}
            blanks |= {"presses": pressing(behaviour.presses, CALLEES_KEY)}
            blanks |= {"rtp_port": rtp_port(behaviour.media_port)}
            if behaviour.hang_up_after_ms is not None:
                blanks["hang_up_ms"] = str(max(1, behaviour.hang_up_after_ms))
            if behaviour.early_media:
                blanks["progress"] = "plays"
            if behaviour.rtp:
                stream = '<nop><action><exec rtp_stream="tone.alaw,-1,8,PCMA/8000"/></action></nop>'
                blanks["early_audio" if behaviour.early_media else "audio"] = stream
        case Refuses():
            status = behaviour.status
            blanks |= {"refusal": f"{status} {PHRASES.get(status, 'Refused')}"}
            blanks |= {"ring_ms": str(behaviour.ring_ms)} if behaviour.ring_ms else {"progress": "refuses"}
            if behaviour.reason_cause is not None:
                blanks["reason"] = f"Reason: Q.850;cause={behaviour.reason_cause}"
        case NeverAnswers():
            pass
        case AnswersCancelled():
            blanks["when_cancelled"] = "answers_all_the_same"
    return blanks


def pressing(presses: Sequence[Press], side: Mapping[str, str]) -> str:
    """The part of a scenario that presses these keys, one after the other."""
    part = (SCENARIOS / "press.xml").read_text("utf-8")
    return "".join(
        fill(part, {**side, "serial": str(serial), "after_ms": str(max(1, press.after_ms)), "key": press.key})
        for serial, press in enumerate(presses, start=1)
    )


def logging_in(login: Login | None) -> dict[str, str]:
    """What stands between the at signs of caller.xml for whom a password is asked of, and for others."""
    if login is None:
        return {"challenge": "", "cseq": "1", "authentication": ""}
    authentication = f"[authentication username={login.user} password={login.secret}]"
    challenge = (SCENARIOS / "challenge.xml").read_text("utf-8")
    return {"challenge": challenge, "cseq": "2", "authentication": authentication}


def rtp_port(media_port: int | None) -> str:
    return "[media_port]" if media_port is None else str(media_port)
