"""Schemes that nobody wrote: straight to one target."""

from json import dumps

from dialplan.nodes.forward import Forward, Wave
from dialplan.scheme import Scheme
from dialplan.steps import Hears
from dialplan.targets import Outside, Seat, Target

EMERGENCY_PATIENCE_S = 120
PATIENCE_S = 60
HANDED_OVER_S = 30


def to_emergency(number: str) -> Scheme:
    return _only(
        "emergency", Forward(kind="forward", to=[_wave(Outside(number))], patience_s=EMERGENCY_PATIENCE_S)
    )


def forwarding_to(number: str) -> str:
    """A file to begin with, as a subscriber would write it."""
    return (
        "start: ring\n"
        "nodes:\n"
        f"  ring: {{kind: forward, to: [{dumps(number)}], patience_s: 30, otherwise: bye}}\n"
        "  bye: {kind: hang_up, cause: no_answer}\n"
    )


def dialled(target: Target) -> Scheme:
    """By a seat of the subscriber's own."""
    return _only("dialled", Forward(kind="forward", to=[_wave(target)], patience_s=PATIENCE_S))


def handed_over(target: Target, back_to: Seat) -> Scheme:
    """From a seat to somebody else; who cannot be reached there comes back."""
    to = [_wave(target), _wave(back_to)]
    return _only("handed over", Forward(kind="forward", to=to, patience_s=HANDED_OVER_S, hears=Hears.MUSIC))


def _only(name: str, node: Forward) -> Scheme:
    return Scheme(start=name, nodes={name: node})


def _wave(target: Target) -> Wave:
    match target:
        case Outside(number):
            return Wave(number=number)
        case Seat(name):
            return Wave(seat=name)
