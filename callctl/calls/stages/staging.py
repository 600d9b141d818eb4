"""Which stage plays a step, and in which words its outcome is remembered."""

from typing import assert_never

from callctl.calls.scene import Scene, Stage
from callctl.calls.stages.message import Message
from callctl.calls.stages.prompting import Asking, Saying
from callctl.calls.stages.ringing import Ringing
from callctl.calls.stages.waiting import Waiting
from dialplan.steps import (
    Ask,
    Digits,
    Done,
    EndCall,
    Failed,
    LeftQueue,
    NameCaller,
    NotReached,
    Outcome,
    Play,
    Queue,
    RecordTalk,
    Ring,
    Step,
    TakeMessage,
)


def stage_of(step: Step, scene: Scene) -> Stage:
    match step:
        case Ring():
            return Ringing(scene, step)
        case Play():
            return Saying(scene, step, length_ms_max=scene.terms.greeting_ms_max)
        case Ask():
            return Asking(scene, step)
        case TakeMessage():
            return Message(scene, step)
        case Queue():
            return Waiting(scene, step, scene.lines)
        case NameCaller() | RecordTalk() | EndCall():
            raise AssertionError(f"{step} takes no time")
        case _:
            assert_never(step)


def patience_ms(step: Step) -> int:
    """How long the caller's answer may be away."""
    return step.patience_ms if isinstance(step, Ring) else 0


def words_of(outcome: Outcome) -> str:
    match outcome:
        case NotReached():
            return outcome.value
        case LeftQueue():
            return outcome.value
        case Digits():
            return f"pressed {outcome.text}" if outcome.text else "pressed nothing"
        case Done():
            return "done"
        case Failed():
            return f"failed: {outcome.why}"
        case _:
            assert_never(outcome)
