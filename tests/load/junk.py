"""Junk for a media port, in a process of its own: `python -m tests.load.junk HOST PORT RATE SECONDS`.

A tenth each of eight kinds that begin like RTP, RTCP, STUN with a user name, STUN without, DTLS, TURN channels, nothing
that is known, and nearly nothing; from `SOURCES` addresses that no transport knows. Prints how many it sent.
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


def flood(host: str, port: int, rate: float, seconds: float) -> int:
    """Send so many a second; return how many the sockets took. Raises ValueError for anything but loopback."""
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError("only loopback addresses: this tool is not for other people's machines")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(SOURCES)]
    chance = random.Random(1)
    junk = kinds(chance)
    begin = time.monotonic()
    sent = count = 0
    while (now := time.monotonic()) < begin + seconds:
        for _ in range(int((now - begin) * rate) - count):
            count += 1
            try:
                sockets[count % SOURCES].sendto(junk[count % len(junk)], (host, port))
                sent += 1
            except OSError:  # no room in a socket's buffer
                continue
        time.sleep(BEAT)
    for each in sockets:
        each.close()
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
