"""Free ports of this machine, for addresses that nobody chose."""

import random
import socket
from collections.abc import Callable

FreePort = Callable[[str], int]
IsFree = Callable[[str, int], bool]

# Below those that the kernel gives to whoever connects: nobody takes one before it is used.
DRAWN_FROM, DRAWN_TO, DRAWS_MAX = 2_000, 10_000, 200
RTP_PORTS = 1000
RTP_FROM, RTP_TO = 20_000, 60_000


def free_tcp_port(host: str) -> int:
    return _drawn(host, is_free_tcp)


def free_udp_port(host: str) -> int:
    return _drawn(host, is_free_udp)


def is_free_tcp(host: str, port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(trial, host, port)


def is_free_udp(host: str, port: int) -> bool:
    with socket.socket(type=socket.SOCK_DGRAM) as trial:
        return _binds(trial, host, port)


def free_rtp_range(host: str, seed: int) -> tuple[int, int]:
    """A range nobody listens in; `seed` spreads stacks that start together."""
    ranges = (RTP_TO - RTP_FROM) // RTP_PORTS
    for step in range(ranges):
        first = RTP_FROM + (seed + step) % ranges * RTP_PORTS
        if all(is_free_udp(host, port) for port in range(first, first + RTP_PORTS, 50)):
            return first, first + RTP_PORTS - 1
    raise OSError(f"no {RTP_PORTS} free UDP ports between {RTP_FROM} and {RTP_TO} on {host}")


def _drawn(host: str, is_free: IsFree) -> int:
    for _ in range(DRAWS_MAX):
        port = random.randrange(DRAWN_FROM, DRAWN_TO)
        if is_free(host, port):
            return port
    raise OSError(f"no free port between {DRAWN_FROM} and {DRAWN_TO} on {host}")


def _binds(trial: socket.socket, host: str, port: int) -> bool:
    try:
        trial.bind((host, port))
    except OSError:
        return False
    return True
