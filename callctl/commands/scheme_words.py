"""What happens in a scheme that is tried out, in words."""

from collections.abc import Callable, Mapping

from dialplan.causes import Cause
from dialplan.node import Node
from dialplan.steps import (
    Ask,
    Digits,
    EndCall,
    Hears,
    LeftQueue,
    NameCaller,
    NotReached,
    Outcome,
    Play,
    Queue,
    RecordTalk,
    Ring,
    Sounds,
    Step,
    TakeMessage,
)
from dialplan.trial import ANSWER, Stepped, Talked

OWN = "own/"

Says = Callable[[Sounds], str]

_NOT_REACHED = {
    NotReached.BUSY: "busy",
    NotReached.NO_ANSWER: "no answer",
    NotReached.UNREACHABLE: "cannot be reached",
    NotReached.REFUSED: "refused",
}
_LEFT = {
    LeftQueue.TIMEOUT: "has waited as long as the queue lets him",
    LeftQueue.FULL: "the line is full",
    LeftQueue.EMPTY: "nobody is there who could answer",
    LeftQueue.CALL_BACK: "will be called back",
}


def saying(texts: Mapping[str, str]) -> Says:
    """The service's own words as they are said, a subscriber's prompt by its name."""

    def says(sounds: Sounds) -> str:
        return " ".join(
            f"[{sound.removeprefix(OWN)}]" if sound.startswith(OWN) else texts.get(sound, sound)
            for sound in sounds
        )

    return says


def way_words(node: Node, to: str) -> str:
    """For what the way to the next node is taken; nothing when there is only that way."""
    labels = [node.label(exit) for exit in node.exits() if exit.to == to]
    return " or ".join(label for label in dict.fromkeys(labels) if label)


def step_words(stepped: Stepped, says: Says) -> str:
    not_rung = [f"{target} is not rung ({spoken(why)})" for target, why in stepped.forbidden.items()]
    if isinstance(stepped.step, Ring) and len(not_rung) == len(stepped.step.targets):
        return "; ".join(not_rung)
    came = "; ".join([*not_rung, *([word] if (word := _came_of(stepped)) else [])])
    return ": ".join(part for part in (_said(stepped.step, says), came) if part)


def spoken(word: str) -> str:
    return word.replace("_", " ")


def _said(step: Step, says: Says) -> str:
    match step:
        case Ring():
            accept = f", who takes the call with {step.accept.digit}" if step.accept else ""
            names = " and ".join(map(str, step.targets))
            return f"rings {names}{accept} for up to {step.patience_ms // 1000} s"
        case Ask():
            return f"says “{says(step.sounds)}” and takes digits"
        case Play():
            return f"says “{says(step.sounds)}”{' before the answer' if step.early else ''}"
        case TakeMessage():
            return f"takes a message of up to {step.length_ms_max // 1000} s for {step.name}"
        case RecordTalk():
            return "records the talk that comes"
        case NameCaller():
            return f"shows the caller as {step.name}"
        case Queue():
            return _queue(step)
        case EndCall():
            return f"the call ends: {spoken(Cause(step.cause).name.lower())} ({int(step.cause)})"


def _queue(step: Queue) -> str:
    most = "" if step.wait_ms_max is None else f", for up to {step.wait_ms_max // 1000} s"
    line = f"{step.name}, hearing ringing" if step.hears is Hears.RINGING else step.name
    return f"waits in line {line} ({spoken(step.strategy.value)}, {len(step.members)} members{most})"


def _came_of(stepped: Stepped) -> str:
    match stepped.outcome:
        case Talked(target, seconds):
            return f"{target} answers, they talk {seconds} s"
        case NotReached() as outcome:
            return _NOT_REACHED[outcome]
        case LeftQueue() as outcome:
            return _LEFT[outcome]
        case Digits(text):
            return f"presses {text}" if text else "presses nothing"
    return ""


def came_word(outcome: Outcome | Talked | None) -> str | None:
    """For programs."""
    match outcome:
        case None:
            return None
        case Talked():
            return ANSWER
        case NotReached() | LeftQueue():
            return str(outcome.value)
        case Digits(text):
            return f"digits {text}".rstrip()
        case _:
            return "done"
