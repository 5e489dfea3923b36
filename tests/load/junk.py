"""Junk for a media port, in a process of its own: `python -m tests.load.junk HOST PORT RATE SECONDS KIND`.

Of the kind ``junk`` a tenth each of ten that begin like RTP, RTCP, STUN with a user name, STUN without, DTLS, TURN
channels, nothing that is known, and nearly nothing; from `SOURCES` ports that no transport knows. Of the kind
``strangers`` all are STUN binding requests of which each byte is right, and which a server has to read to know that
they are nobody's; from `HOSTS` addresses, so that a bound for each address alone does not hold them. Prints how many it
sent.
"""

from __future__ import annotations

import ipaddress
import random
import socket
import sys
import time

from sfu.ice import stun

SOURCES = 16
"""Ports that it comes from."""
HOSTS = 64
"""Addresses that strangers come from: the 200 requests a second that one is granted here would be 12,800 of theirs."""
REQUESTS = 256
"""Different binding requests."""
BEAT = 0.002
"""Seconds between two bursts."""


def kinds(chance: random.Random) -> list[bytes]:
    """Return one datagram of each kind."""
    check = stun.build(stun.BINDING_REQUEST, chance.randbytes(12), [(stun.USERNAME, b"nobody:me")], "password")
    return [
        b"\x80\x60" + chance.randbytes(1100),  # RTP
        b"\x90\x6f" + chance.randbytes(100),
        b"\x81\xc9" + chance.randbytes(60),  # RTCP
        check,
        b"\x00\x01\x00\x10\x21\x12\xa4\x42" + chance.randbytes(28),  # STUN whose attributes make no sense
        b"\x16\xfe\xfd" + chance.randbytes(120),  # a DTLS handshake
        b"\x40\x00" + chance.randbytes(200),  # a TURN channel
        b"\xff" + chance.randbytes(1400),
        b"\x80",
        b"",
    ]


def strangers(chance: random.Random) -> list[bytes]:
    """Return binding requests, half of them with the user name of a room that is not there."""
    made = []
    for number in range(REQUESTS):
        name = f"{chance.randbytes(8).hex()}:{chance.randbytes(4).hex()}".encode()
        attributes = [(stun.USERNAME, name), (stun.PRIORITY, bytes(4)), (stun.ICE_CONTROLLING, bytes(8))]
        known = attributes if number % 2 else attributes[1:]
        made.append(stun.build(stun.BINDING_REQUEST, chance.randbytes(12), known, "password"))
    return made


KINDS = {"junk": kinds, "strangers": strangers}


def sources(host: str, kind: str) -> list[socket.socket]:
    """Return the sockets that it comes from; IPv6 has one loopback address only."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(HOSTS if kind == "strangers" else SOURCES)]
    if kind == "strangers" and family == socket.AF_INET:
        for number, each in enumerate(made, 1):
            each.bind((f"127.77.0.{number}", 0))
    return made


def flood(host: str, port: int, rate: float, seconds: float, kind: str = "junk") -> int:
    """Send so many a second; return how many the sockets took. Raises ValueError for anything but loopback."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError("only loopback addresses: this tool is not for other people's machines")
    sockets = sources(host, kind)
    junk = KINDS[kind](random.Random(1))
    begin = time.monotonic()
    sent = count = 0
    while (now := time.monotonic()) < begin + seconds:
        for _ in range(int((now - begin) * rate) - count):
            count += 1
            try:
                sockets[count % len(sockets)].sendto(junk[count % len(junk)], (host, port))
                sent += 1
            except OSError:  # no room in a socket's buffer
                continue
        time.sleep(BEAT)
    for each in sockets:
        each.close()
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]))
